"""Two levels and a week: smoothing with one set of parameters for all series.

The fast level returns to the slow one day by day, and each weekday differs from the level by as
much as it did, drawn towards nothing where few weeks tell it. Nothing is fitted per series, so
thousands of them are forecast in a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Final

import numpy as np

from mlops.engine.learning.forecast.windows import AHEAD_DAYS, HISTORY_DAYS
from mlops.engine.learning.shapes import FloatArray

_LEAST_SPREAD: Final = 0.02
#: How far eight of ten lie apart, in standard deviations, were they normal.
_EIGHTY: Final = 1.2816
_MOST_TRIED_ON: Final = 3_000


@dataclass(frozen=True)
class Parameters:
    """Half-lives of the two levels in days, how quickly one returns, how firm the week is held."""

    fast: float
    slow: float
    stays: float
    firm: float

    def as_json(self) -> dict[str, float]:
        """Tell them in values that JSON knows."""
        return asdict(self)


def smoothed(drawn: FloatArray, parameters: Parameters) -> FloatArray:
    """Forecast series.

    Parameters
    ----------
    drawn : (rows, 28) squeezed history; NaN where unknown

    Returns
    -------
    (rows, 7, 3) low, middle and high, squeezed

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: principles and practice, 3rd edition, ch. 8;
    weekday effects by ridge regression.
    """
    known = ~np.isnan(drawn)
    values = np.where(known, drawn, 0.0)
    week = _week(values, known, parameters.firm)
    left = values - np.tile(week, HISTORY_DAYS // AHEAD_DAYS)
    fast = _level(left, known, parameters.fast)
    slow = _level(left, known, parameters.slow)
    returned = parameters.stays ** np.arange(1, AHEAD_DAYS + 1)
    middle = slow[:, None] + (fast - slow)[:, None] * returned + week
    off = np.where(known, left - slow[:, None], 0.0) ** 2
    spread = np.sqrt(off.sum(axis=1) / np.maximum(known.sum(axis=1), 1)) + _LEAST_SPREAD
    reach = _EIGHTY * spread[:, None]
    return np.stack([middle - reach, middle, middle + reach], axis=2)


def choose(drawn: FloatArray, came: FloatArray, seed: int) -> Parameters:
    """Choose the parameters that err least.

    Parameters
    ----------
    drawn : (rows, 28) squeezed history
    came : (rows, 7) squeezed, what came; NaN where unknown
    seed : of the rows tried on, where there are many
    """
    if len(drawn) > _MOST_TRIED_ON:
        chosen = np.random.default_rng(seed).choice(len(drawn), _MOST_TRIED_ON, replace=False)
        drawn, came = drawn[chosen], came[chosen]
    known = ~np.isnan(came)

    def error(parameters: Parameters) -> float:
        off = np.abs(smoothed(drawn, parameters)[:, :, 1] - came)
        return float(np.where(known, off, 0.0).sum())

    return min(_tried(), key=error)


def _tried() -> Iterator[Parameters]:
    levels = ((1, 14), (2, 14), (4, 14), (7, 14), (14, 14), (2, 28), (4, 28), (7, 28), (14, 28))
    for (fast, slow), stays, firm in product(levels, (0.7, 0.95, 1.0), (0.1, 1.0, 4.0, 16.0, 64.0)):
        yield Parameters(fast, slow, stays, firm)


def _week(values: FloatArray, known: FloatArray, firm: float) -> FloatArray:
    """(rows, 7) how the weekday of each day ahead differs from the level."""
    weeks = (-1, HISTORY_DAYS // AHEAD_DAYS, AHEAD_DAYS)
    count = known.reshape(weeks).sum(axis=1)
    total = values.reshape(weeks).sum(axis=1)
    kept = count / (count + firm)
    # Level and effects of a ridge regression at once: the effects solved for, the level remains.
    below = np.maximum((count - count * kept).sum(axis=1), 1e-12)
    level = (total - total * kept).sum(axis=1) / below
    effects: FloatArray = (total - count * level[:, None]) / (count + firm)
    return effects


def _level(left: FloatArray, known: FloatArray, half_life: float) -> FloatArray:
    age = np.arange(HISTORY_DAYS - 1, -1, -1)
    weights = np.where(known, 0.5 ** (age / half_life), 0.0)
    total: FloatArray = (weights * left).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-12)
    return total
