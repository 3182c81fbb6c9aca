"""How far credits would move with other journeys of the same kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attribution.engine.journeys import FloatArray, Journeys

REPLICATES = 200
LEVEL = 0.95

# From conversions, nulls and money per journey to credits, (2, n_channels).
Credit = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


def quantiles(
    credit: Credit, journeys: Journeys, *, replicates: int, level: float, seed: int
) -> FloatArray:
    """Percentile intervals of credits under Poisson resampling of the journeys.

    Every single journey is drawn Poisson(1) times; a row that stands for k of them therefore
    Poisson(k) times. A drawn conversion is worth its row's mean value.

    Parameters
    ----------
    credit : what is repeated
    journeys : (n_journeys,) rows
    replicates : 2 or more
    level : share of the replicates between the bounds, above 0 and below 1
    seed : of the draws

    Returns
    -------
    (4, n_channels) conversions low, conversions high, value low, value high

    Raises
    ------
    ValueError : replicates or level out of range

    References
    ----------
    Efron (1979), Annals of Statistics 7(1), 1-26. Hanley, MacGibbon (2006), Computer Methods
    and Programs in Biomedicine 83(1), 57-62.
    """
    if replicates < 2:
        raise ValueError(f"replicates is {replicates}: draw at least 2")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: it must lie between 0 and 1")
    rng = np.random.default_rng(seed)
    converts = journeys.conversions > 0
    mean_values = np.zeros(len(converts))
    np.divide(journeys.values, journeys.conversions, out=mean_values, where=converts)
    draws = np.empty((replicates, 2, len(journeys.names)))
    for draw in draws:
        conversions = _drawn(rng, journeys.conversions)
        nulls = _drawn(rng, journeys.nulls)
        values = np.where(converts, mean_values * conversions, journeys.values)
        draw[:] = credit(conversions, nulls, values)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    bounds: FloatArray = np.stack([low[0], high[0], low[1], high[1]])
    return bounds


def _drawn(rng: np.random.Generator, counts: FloatArray) -> FloatArray:
    drawn = np.zeros_like(counts)
    happened = counts > 0
    # Stored journeys are either conversions or nulls: half the draws would be of Poisson(0).
    drawn[happened] = rng.poisson(counts[happened])
    return drawn
