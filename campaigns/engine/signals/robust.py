"""Robust statistics of daily series: a seasonal baseline, scores, change-points and slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

WINDOW_DAYS: Final = 28
LEAST_DAYS: Final = 10
SCORE: Final = 3.5
# A standard normal's MAD is 0.6745; a median's variance is π/2 of a mean's.
TO_SIGMA: Final = 1.4826
MEDIAN_COST: Final = np.pi / 2
# Nothing is known better than this: a series of equal days would make any change infinite.
LEAST_SIGMA: Final = 0.02


@dataclass(frozen=True)
class Baseline:
    """What is usual, in logarithms: a level, what each weekday adds to it, and the scatter.

    ``weekday`` is (7,); ``days`` counts the days that it was taken from.
    """

    level: float
    weekday: FloatArray
    sigma: float
    days: int

    def away(self, values: FloatArray, weekdays: IntArray) -> FloatArray:
        """(n,) distance of days from what is usual on their weekday; NaN stays."""
        away: FloatArray = values - self.level - self.weekday[weekdays]
        return away

    def error(self, count: int) -> float:
        """Give the standard error of the mean distance of ``count`` days."""
        return self.sigma * float(np.sqrt(1 / count + MEDIAN_COST / self.days))


def seasonal_baseline(
    values: FloatArray, weekdays: IntArray, usable: BoolArray, *, level_days: int = WINDOW_DAYS
) -> Baseline | None:
    """Usual level, weekday pattern and scatter of the newest 28 usable days.

    The level is the median, or that of the newest ``level_days`` of them; a weekday's part is the
    median of its own four days, drawn towards that of its half of the week (Saturday and Sunday,
    or the others), and that towards none, as far as chance alone would scatter them. Where nothing
    is seasonal, nothing is added.

    Parameters
    ----------
    values : (d,) logarithms; NaN where unknown
    weekdays : (d,) 0 Monday to 6 Sunday
    usable : (d,) days that may count as usual

    Returns
    -------
    ``None`` with fewer than 10 usable days

    References
    ----------
    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers, section 3.3 (median and MAD,
    3.5); James and Stein (1961), Proc. 4th Berkeley Symp. 1, 361-379 (positive part).
    """
    chosen = np.flatnonzero(usable & np.isfinite(values))[-WINDOW_DAYS:]
    if chosen.size < LEAST_DAYS:
        return None
    own, on = values[chosen], weekdays[chosen]
    level = median(own)
    rest = own - level
    weekday = _weekday_parts(rest, on)
    left = rest - weekday[on]
    level += median(left[-level_days:])
    return Baseline(level, weekday, mad_sigma(left), min(level_days, int(chosen.size)))


def median(values: FloatArray) -> float:
    """Middle of known values, at a fraction of what ``numpy.median`` takes for so few."""
    ordered = np.sort(values)
    half = ordered.size // 2
    return float(ordered[half] if ordered.size % 2 else (ordered[half - 1] + ordered[half]) / 2)


def mad_sigma(values: FloatArray) -> float:
    """Scatter of values about their median, in units of a standard deviation."""
    return max(LEAST_SIGMA, TO_SIGMA * median(np.abs(values - median(values))))


def _weekday_parts(rest: FloatArray, on: IntArray) -> FloatArray:
    parts = np.zeros(7)
    variance = MEDIAN_COST * mad_sigma(rest) ** 2
    is_weekend = on >= 5
    if 2 <= is_weekend.sum() <= rest.size - 2:
        gap = median(rest[is_weekend]) - median(rest[~is_weekend])
        noise = variance * (1 / is_weekend.sum() + 1 / (~is_weekend).sum())
        parts[5:] = gap * _kept(gap**2, noise)
    left = rest - parts[on]
    own = np.array([median(left[on == day]) if (on == day).any() else 0.0 for day in range(7)])
    counts = np.maximum(np.bincount(on, minlength=7), 1)
    kept = _kept(float(np.mean(own**2)), float(np.mean(variance / counts)))
    whole: FloatArray = parts + kept * own
    return whole


def _kept(square: float, noise: float) -> float:
    """Share of an effect that is more than chance."""
    return max(0.0, 1 - noise / square) if square > 0 else 0.0


def change_point(away: FloatArray, *, least: int = 1) -> int:
    """First day of the step that explains the newest days best.

    Parameters
    ----------
    away : (n,) distances from the baseline, the newest last; the step lasts to the end
    least : days that it lasted at least

    Returns
    -------
    index of the first day of the step: the k that maximises the likelihood ratio of a shift by an
    unknown size, (sum of the last n - k days)² / (n - k)

    References
    ----------
    Page (1954), Biometrika 41, 100-115; Hinkley (1970), Biometrika 57, 1-17.
    """
    known = np.where(np.isfinite(away), away, 0.0)
    sums = np.cumsum(known[::-1])[::-1]
    lengths = np.arange(away.size, 0, -1)
    gain = np.where(lengths >= least, sums**2 / lengths, -np.inf)
    return int(np.argmax(gain))


def slope(away: FloatArray) -> float:
    """Rise a day of a run of days: median of the slopes of all pairs; 0 of fewer than 3 days.

    References
    ----------
    Sen (1968), J. American Statistical Association 63, 1379-1389.
    """
    days = np.flatnonzero(np.isfinite(away))
    if days.size < 3:
        return 0.0
    left, right = np.triu_indices(days.size, k=1)
    rises = (away[days[right]] - away[days[left]]) / (days[right] - days[left])
    return median(rises)
