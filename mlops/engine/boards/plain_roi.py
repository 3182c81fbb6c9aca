"""What a channel will earn if its next days are like its last: the plain mean, with its spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

DRAWS: Final = 2_000
#: With fewer days of spend, drawing them again says nothing about how far they vary.
LEAST_DAYS: Final = 7
_ENDS: Final = (0.1, 0.9)


@dataclass(frozen=True)
class RoiForecast:
    """ROI with the ends of its 80 % interval; NaN where it is not known."""

    roi: float
    low: float
    high: float


def plain_roi(value: FloatArray, spend: FloatArray, *, seed: int = 42) -> RoiForecast:
    """All value over all spend, less one, and where the same sum of as many days to come may lie.

    Parameters
    ----------
    value, spend : (days,) of one channel, at least 0

    Returns
    -------
    The interval comes from days drawn twice with replacement, once for what is not known of the
    channel and once for chance in the days to come (Efron and Tibshirani 1993, chapter 13)

    Raises
    ------
    ValueError : the two differ in length, or hold what is no amount
    """
    if value.shape != spend.shape or value.ndim != 1:
        raise ValueError(f"value is {value.shape} and spend {spend.shape}")
    if not (np.isfinite(value).all() and np.isfinite(spend).all()):
        raise ValueError("value and spend must be finite")
    if (value < 0).any() or (spend < 0).any():
        raise ValueError("value and spend must be at least 0")
    has_spend = spend > 0
    count = int(has_spend.sum())
    if not count:
        return RoiForecast(np.nan, np.nan, np.nan)
    roi = float(value.sum() / spend.sum()) - 1
    if count < LEAST_DAYS:
        return RoiForecast(roi, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    like_them = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS) / count
    to_come = rng.multinomial(count, like_them)
    # Of draws without a day of spend there are none: only such days are drawn.
    drawn = to_come @ value[has_spend] / (to_come @ spend[has_spend]) - 1
    low, high = np.quantile(drawn, _ENDS)
    return RoiForecast(roi, min(float(low), roi), max(float(high), roi))
