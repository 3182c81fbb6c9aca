"""A plain forecast of daily figures: what the same weekdays of the last four weeks had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from attribution.engine.journeys import FloatArray

METHOD: Final = "mean of the same weekday in the last four weeks"
LEVEL: Final = 0.8
WEEKS: Final = 4
_WEEK: Final = 7
LEAST_DAYS: Final = WEEKS * _WEEK


@dataclass(frozen=True)
class Forecast:
    """Coming days, each with the interval that four of five days fall into."""

    expected: FloatArray
    low: FloatArray
    high: FloatArray


def weekday_forecast(values: FloatArray, horizon: int) -> Forecast | None:
    """Expect of each coming day the mean of its weekday over the last four weeks.

    The interval comes from how far each of those days lay from the mean of the other three of its
    weekday: the 10th and 90th percentile of these distances. It knows no trend and no season.

    Parameters
    ----------
    values : (n_days,) consecutive days, the newest last; not negative
    horizon : days to come

    Returns
    -------
    (horizon,) arrays, not below zero; ``None`` with fewer than 28 days
    """
    if len(values) < LEAST_DAYS:
        return None
    weeks = values[-LEAST_DAYS:].reshape(WEEKS, _WEEK)
    means = weeks.mean(axis=0)
    missed = (weeks - means) * WEEKS / (WEEKS - 1)
    # Of so few days the usual quantiles are too narrow: these count the day to come as one more.
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    below, above = np.quantile(missed, ends, method="weibull")
    expected = np.resize(means, horizon)
    return Forecast(
        expected=expected,
        low=np.maximum(expected + min(below, 0.0), 0.0),
        high=expected + max(above, 0.0),
    )
