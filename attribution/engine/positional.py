"""Models that look at a touch's place or age in its own journey."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from attribution.engine.journeys import DIRECT, FloatArray, IntArray, Journeys

POSITION_WEIGHTS = (0.4, 0.2, 0.4)
W_WEIGHTS = (0.3, 0.3, 0.3, 0.1)
_SUM_SLACK = 1e-9


def first_touch(journeys: Journeys) -> IntArray:
    """Place of each journey's first touch."""
    return journeys.starts


def last_touch(journeys: Journeys) -> IntArray:
    """Place of each journey's last touch."""
    return journeys.ends


def last_non_direct_touch(journeys: Journeys) -> IntArray:
    """Place of each journey's last touch that is not direct; its last one where all are.

    References
    ----------
    Google Analytics Help, "About attribution modelling": last non-direct click.
    """
    if not len(journeys.channels):
        return journeys.ends
    is_direct = np.array([name.casefold() == DIRECT for name in journeys.names], dtype=bool)
    places = np.arange(len(journeys.channels))
    places[is_direct[journeys.channels]] = -1
    newest = np.maximum.reduceat(places, journeys.starts)
    return np.where(newest < 0, journeys.ends, newest)


def linear(journeys: Journeys) -> FloatArray:
    """Equal share of each touch in its journey, (n_touches,)."""
    return np.repeat(1.0 / journeys.lengths, journeys.lengths)


def time_decay(journeys: Journeys, half_life_days: float) -> FloatArray:
    """Share of each touch that halves with every half-life before the conversion.

    Parameters
    ----------
    journeys : with ages in days
    half_life_days : above 0

    Returns
    -------
    (n_touches,) 2^(-age / half-life), scaled to sum to one in each journey

    Raises
    ------
    ValueError : no ages, or a half-life that is not above 0
    """
    if not np.isfinite(half_life_days) or half_life_days <= 0:
        raise ValueError(f"half_life_days is {half_life_days}: it must be above 0")
    if journeys.ages is None:
        raise ValueError(
            "touch_ages is missing: time decay needs the days from touch to conversion"
        )
    if not len(journeys.channels):
        return np.zeros(0)
    # Measured from the journey's newest touch, so that great ages cannot turn all shares into 0/0.
    newest = np.minimum.reduceat(journeys.ages, journeys.starts)
    shares = np.exp2((np.repeat(newest, journeys.lengths) - journeys.ages) / half_life_days)
    return _over_sums(shares, journeys)


def position_based(journeys: Journeys, weights: Sequence[float] | None = None) -> FloatArray:
    """Give fixed shares to the first and the last touch, the rest to those between.

    Parameters
    ----------
    weights : first, middle, last; 40/20/40 if not given. One touch takes all, two take half each.

    Returns
    -------
    (n_touches,) shares, one in sum for each journey

    Raises
    ------
    ValueError : not three weights, a negative one, or a sum other than one
    """
    first, middle, last = _weights(weights, POSITION_WEIGHTS)
    lengths = journeys.lengths
    shares = np.repeat(middle / np.maximum(lengths - 2, 1), lengths)
    shares[journeys.ends] = np.where(lengths > 2, last, 0.5)
    shares[journeys.starts] = np.where(lengths > 2, first, np.where(lengths == 2, 0.5, 1.0))
    return shares


def w_shaped(journeys: Journeys, weights: Sequence[float] | None = None) -> FloatArray:
    """Give fixed shares to the first, the middle and the last touch, the rest to the others.

    Parameters
    ----------
    weights : first, middle, last, rest; 30/30/30/10 if not given. The middle touch of n has
        index n // 2. Three touches share the first three weights in proportion; fewer are
        shared as in `position_based`.

    Returns
    -------
    (n_touches,) shares, one in sum for each journey

    Raises
    ------
    ValueError : not four weights, a negative one, a sum other than one, or all on the rest
    """
    first, middle, last, rest = _weights(weights, W_WEIGHTS)
    named = first + middle + last
    if named <= 0:
        raise ValueError(f"weights are {weights}: the first three must not all be zero")
    lengths = journeys.lengths
    scale = np.where(lengths == 3, 1.0 / named, 1.0)
    shares = np.repeat(rest / np.maximum(lengths - 3, 1), lengths)
    shares[journeys.starts + lengths // 2] = middle * scale
    shares[journeys.ends] = np.where(lengths > 2, last * scale, 0.5)
    shares[journeys.starts] = np.where(lengths > 2, first * scale, np.where(lengths == 2, 0.5, 1.0))
    return shares


PICKS: dict[str, Callable[[Journeys], IntArray]] = {
    "first": first_touch,
    "last": last_touch,
    "last_non_direct": last_non_direct_touch,
}


def touch_shares(
    journeys: Journeys, *, model: str, half_life_days: float, weights: Sequence[float] | None
) -> FloatArray:
    """Share of each touch in its journey under one positional model, (n_touches,)."""
    if model in PICKS:
        shares = np.zeros(len(journeys.channels))
        shares[PICKS[model](journeys)] = 1.0
        return shares
    if model == "time_decay":
        return time_decay(journeys, half_life_days)
    if model == "position_based":
        return position_based(journeys, weights)
    if model == "w_shaped":
        return w_shaped(journeys, weights)
    return linear(journeys)


def _weights(given: Sequence[float] | None, default: tuple[float, ...]) -> tuple[float, ...]:
    weights = tuple(float(weight) for weight in (default if given is None else given))
    if len(weights) != len(default):
        raise ValueError(f"weights has {len(weights)} entries: this model takes {len(default)}")
    if not all(weight >= 0 for weight in weights) or abs(sum(weights) - 1) > _SUM_SLACK:
        raise ValueError(f"weights are {weights}: they must be zero or more and add up to 1")
    return weights


def _over_sums(shares: FloatArray, journeys: Journeys) -> FloatArray:
    sums = np.add.reduceat(shares, journeys.starts)
    scaled: FloatArray = shares / np.repeat(sums, journeys.lengths)
    return scaled
