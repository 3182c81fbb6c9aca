"""Multi-touch attribution: which touches of a journey earned its conversion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attribution.engine.bootstrap import LEVEL, REPLICATES, Credit, quantiles
from attribution.engine.journeys import FloatArray, IntArray, Journeys
from attribution.engine.markov import Steps, markov_credits
from attribution.engine.positional import PICKS, linear, touch_shares
from attribution.engine.shapley import ChannelSets, rate_values, shared_equally

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "JOURNEY_MODELS",
    "LEARNED_MODELS",
    "MODELS",
    "Journeys",
    "bootstrap_intervals",
    "channel_credit",
    "journey_credit",
    "journeys_credit",
    "journeys_intervals",
]

MODELS = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "linear_unique",
    "time_decay",
    "position_based",
    "w_shaped",
    "markov",
    "shapley",
    "shapley_rate",
)
LEARNED_MODELS = ("markov", "shapley", "shapley_rate", "linear_unique")
JOURNEY_MODELS = ("first", "last", "linear", "time_decay", "position_based")
HALF_LIFE_DAYS = 7.0


def channel_credit(
    paths: Sequence[Sequence[str]],
    conversions: Sequence[float],
    values: Sequence[float] | None = None,
    nulls: Sequence[float] | None = None,
    *,
    model: str,
    order: int = 1,
    half_life_days: float = HALF_LIFE_DAYS,
    touch_ages: Sequence[Sequence[float]] | None = None,
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Share conversions and money out among the channels of the paths that earned them.

    Parameters
    ----------
    paths : channel names in time order, one sequence per row
    conversions, nulls : how many times each path converted, and ended without a conversion
    values : money of all the conversions of each path together
    model : one of `MODELS`
    order : touches that a state of the Markov chain remembers, 1 to 3
    half_life_days : time decay; above 0
    touch_ages : days from each touch to the conversion, shaped like `paths`; time decay needs it
    weights : first, middle, last for `position_based`; first, middle, last, rest for `w_shaped`
    seed : of the orders that `shapley_rate` draws beyond 15 channels

    Returns
    -------
    one row per channel in alphabetical order with `conversions` and `value`. They are zero or
    more (but for `shapley_rate`) and add up to the totals; without paths there are no rows

    Raises
    ------
    ValueError : an unknown model, an empty path, an option out of range, unequal lengths, or a
        number that is negative or not finite; the message names the argument

    References
    ----------
    docs/attribution.md defines every model; the modules beside this one name the sources.
    """
    _check_model(model)
    journeys = Journeys.from_paths(paths, conversions, values, nulls, touch_ages)
    return journeys_credit(
        journeys,
        model=model,
        order=order,
        half_life_days=half_life_days,
        weights=weights,
        seed=seed,
    )


def journeys_credit(
    journeys: Journeys,
    *,
    model: str,
    order: int = 1,
    half_life_days: float = HALF_LIFE_DAYS,
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """`channel_credit` for journeys that are integers already.

    Parameters
    ----------
    journeys : the rows; time decay needs their ages
    model, order, half_life_days, weights, seed : as in `channel_credit`

    Returns
    -------
    one row per name of `journeys`, in their order, with `conversions` and `value`

    Raises
    ------
    ValueError : an unknown model or an option out of range
    """
    _check_model(model)
    if model in LEARNED_MODELS:
        learned = _learned(journeys, model, order, seed)
        credit = learned(journeys.conversions, journeys.nulls, journeys.values)
    else:
        credit = _positional(journeys, model, half_life_days, weights)
    totals = (journeys.conversions, journeys.values)
    return _table(journeys, _adding_up(journeys, credit, totals), ("conversions", "value"))


def bootstrap_intervals(
    paths: Sequence[Sequence[str]],
    conversions: Sequence[float],
    values: Sequence[float] | None = None,
    nulls: Sequence[float] | None = None,
    *,
    model: str,
    order: int = 1,
    replicates: int = REPLICATES,
    level: float = LEVEL,
    seed: int = 0,
) -> pd.DataFrame:
    """Range of each channel's credit had other journeys like these happened.

    Parameters
    ----------
    paths, conversions, values, nulls, model, order : as in `channel_credit`
    model : one of `LEARNED_MODELS`
    replicates : resampled sets of journeys
    level : share of them between the bounds
    seed : of the resampling, and of the orders `shapley_rate` draws beyond 15 channels

    Returns
    -------
    one row per channel in alphabetical order with `conversions_low`, `conversions_high`,
    `value_low`, `value_high`

    Raises
    ------
    ValueError : what `channel_credit` refuses, a model that has no intervals, fewer than two
        replicates, or a level that is not between 0 and 1

    References
    ----------
    Efron (1979), Annals of Statistics 7(1), 1-26 (percentile bootstrap). Hanley, MacGibbon
    (2006), Computer Methods and Programs in Biomedicine 83(1), 57-62 (Poisson weights).
    """
    _check_model(model)
    journeys = Journeys.from_paths(paths, conversions, values, nulls)
    return journeys_intervals(
        journeys, model=model, order=order, replicates=replicates, level=level, seed=seed
    )


def journeys_intervals(
    journeys: Journeys,
    *,
    model: str,
    order: int = 1,
    replicates: int = REPLICATES,
    level: float = LEVEL,
    seed: int = 0,
) -> pd.DataFrame:
    """`bootstrap_intervals` for journeys that are integers already.

    Parameters
    ----------
    journeys : the rows
    model, order, replicates, level, seed : as in `bootstrap_intervals`

    Returns
    -------
    one row per name of `journeys`, in their order

    Raises
    ------
    ValueError : as in `bootstrap_intervals`
    """
    _check_model(model)
    if model not in LEARNED_MODELS:
        raise ValueError(f"model is {model!r}: intervals exist for {', '.join(LEARNED_MODELS)}")
    learned = _learned(journeys, model, order, seed)

    def credit(conversions: FloatArray, nulls: FloatArray, values: FloatArray) -> FloatArray:
        raw = learned(conversions, nulls, values)
        return _adding_up(journeys, raw, (conversions, values))

    bounds = quantiles(credit, journeys, replicates=replicates, level=level, seed=seed)
    columns = ("conversions_low", "conversions_high", "value_low", "value_high")
    return _table(journeys, bounds, columns)


def journey_credit(
    path: Sequence[str],
    touch_ages: Sequence[float],
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    weights: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Share of each touch of one journey in its conversion, under five models side by side.

    Parameters
    ----------
    path : channel names in time order
    touch_ages : days from each touch to the conversion
    half_life_days, weights : as in `channel_credit`

    Returns
    -------
    one row per touch in time order: `channel` and one column for each of `JOURNEY_MODELS`, each of
    which adds up to 1

    Raises
    ------
    ValueError : an empty path or what `channel_credit` refuses; the message names the argument
    """
    journey = Journeys.from_paths([path], [1.0], touch_ages=[touch_ages])
    columns = {
        model: touch_shares(journey, model=model, half_life_days=half_life_days, weights=weights)
        for model in JOURNEY_MODELS
    }
    return _frame({"channel": list(path), **columns})


def _check_model(model: str) -> None:
    if model not in MODELS:
        raise ValueError(f"model is {model!r}: choose one of {', '.join(MODELS)}")


def _learned(journeys: Journeys, model: str, order: int, seed: int) -> Credit:
    """Work out the journeys' shape once; the answer makes credits of their weights."""
    if model == "markov":
        return partial(markov_credits, Steps.of(journeys, order))
    sets = ChannelSets.of(journeys)
    if model == "shapley_rate":
        return lambda conversions, nulls, values: rate_values(
            sets, conversions + nulls, conversions, values, seed=seed
        )
    return lambda conversions, nulls, values: shared_equally(sets, conversions, values)


def _positional(
    journeys: Journeys, model: str, half_life_days: float, weights: Sequence[float] | None
) -> FloatArray:
    credited = journeys.credited
    worths = (credited.conversions, credited.values)
    if model in PICKS:
        channels = credited.channels[PICKS[model](credited)]
        return _counted(journeys, channels, worths)
    shares = touch_shares(credited, model=model, half_life_days=half_life_days, weights=weights)
    given = [shares * np.repeat(worth, credited.lengths) for worth in worths]
    return _counted(journeys, credited.channels, given)


def _counted(journeys: Journeys, channels: IntArray, worths: Iterable[FloatArray]) -> FloatArray:
    """Worth per channel, (len(worths), n_channels)."""
    return np.stack([np.bincount(channels, worth, len(journeys.names)) for worth in worths])


def _adding_up(journeys: Journeys, credit: FloatArray, worths: Sequence[FloatArray]) -> FloatArray:
    """Scale each row of credits to its total; rounding and removal effects leave them off it."""
    for row, worth in enumerate(worths):
        total = worth.sum()
        if total > 0 and credit[row].sum() == 0:
            # Money on paths that happened zero times: no chain and no rate knows it.
            given = linear(journeys) * np.repeat(worth, journeys.lengths)
            credit[row] = np.bincount(journeys.channels, given, len(journeys.names))
        if total > 0:
            credit[row] *= total / credit[row].sum()
    return credit


def _table(journeys: Journeys, rows: FloatArray, columns: tuple[str, ...]) -> pd.DataFrame:
    named = {"channel": list(journeys.names), **dict(zip(columns, rows, strict=True))}
    return _frame(named).set_index("channel")


def _frame(columns: dict[str, Sequence[str] | FloatArray]) -> pd.DataFrame:
    # A quarter of a process's start would be this import, and most processes never come here.
    import pandas as pd

    return pd.DataFrame(columns)
