"""Where the level of a daily figure changed: exact segmentation with a penalty for each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LEAST_DAYS: Final = 4
PENALTY: Final = 4.0
_WEEK: Final = 7
_MAD_OF_NORMAL: Final = 0.6745
_STILL: Final = 1e-3  # of the range: what no figure is more precise than


@dataclass(frozen=True)
class ChangePoint:
    """A new level. ``at`` is its first place; ``strength`` the step in standard errors."""

    at: int
    before: float
    after: float
    strength: float


def change_points(
    values: FloatArray, *, least: int = LEAST_DAYS, penalty: float = PENALTY
) -> list[ChangePoint]:
    """Places where the mean changes, with the levels on both sides.

    Minimises the sum of squares around the level of each segment plus ``penalty`` × noise² × ln n
    for each change (optimal partitioning, so no change hides another). Noise is the median absolute
    difference of neighbours, which a step does not move. Only levels are told: a slow drift comes
    out as steps.

    Parameters
    ----------
    values : (n,) figures of consecutive days, all finite
    least : shortest segment, in days
    penalty : what one more change costs; larger finds fewer

    Returns
    -------
    changes in order of place; none in a constant series or in one shorter than two segments

    Raises
    ------
    ValueError : a value is not finite, ``least`` is below 2 or ``penalty`` is not above 0

    References
    ----------
    Jackson et al. (2005), IEEE Signal Processing Letters 12(2), 105-108, equation (2);
    Killick, Fearnhead, Eckley (2012), JASA 107(500), 1590-1598, for the penalty in ln n.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("values: finite numbers of one dimension are needed")
    if least < 2:
        raise ValueError(f"least: a segment has 2 days at least, not {least}")
    if not penalty > 0:
        raise ValueError(f"penalty: it is above 0, not {penalty}")
    scale = _scale(values)
    if len(values) < 2 * least or scale == 0:
        return []
    ends = _cut(values / scale, least, penalty * float(np.log(len(values))))
    return _told(values, ends, scale)


def without_weekdays(values: FloatArray) -> FloatArray:
    """Figures without what only the day of the week makes; as they are below four weeks.

    Parameters
    ----------
    values : (n,) figures of consecutive days

    Returns
    -------
    (n,) figures less the median distance of each weekday from its week's mean
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 4 * _WEEK:
        return values
    padded = np.pad(values, _WEEK // 2, mode="edge")
    apart = values - np.convolve(padded, np.full(_WEEK, 1 / _WEEK), mode="valid")
    weekday = np.arange(len(values)) % _WEEK
    usual = np.array([np.median(apart[weekday == day]) for day in range(_WEEK)])
    usual -= usual.mean()
    return np.asarray(values - usual[weekday], dtype=np.float64)


def _scale(values: FloatArray) -> float:
    """Robust standard deviation around the level; 0 for a constant series."""
    if len(values) < 2:
        return 0.0
    noise = float(np.median(np.abs(np.diff(values)))) / (_MAD_OF_NORMAL * 2**0.5)
    return float(max(noise, _STILL * float(np.ptp(values))))


def _cut(values: FloatArray, least: int, cost_of_one: float) -> list[int]:
    """First places of all segments but the first."""
    count = len(values)
    values = values - values.mean()
    sums = np.concatenate(([0.0], np.cumsum(values)))
    squares = np.concatenate(([0.0], np.cumsum(values**2)))
    best = np.full(count + 1, np.inf)
    best[0] = -cost_of_one
    last = np.zeros(count + 1, dtype=np.intp)
    for end in range(least, count + 1):
        starts = np.arange(0, end - least + 1)
        own = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        total = best[starts] + own + cost_of_one
        chosen = int(np.argmin(total))
        best[end], last[end] = total[chosen], starts[chosen]
    places: list[int] = []
    end = count
    while (end := int(last[end])) > 0:
        places.append(end)
    return places[::-1]


def _told(values: FloatArray, places: list[int], scale: float) -> list[ChangePoint]:
    edges = [0, *places, len(values)]
    found = []
    for left, at, right in zip(edges, edges[1:], edges[2:], strict=False):
        before, after = float(values[left:at].mean()), float(values[at:right].mean())
        error = scale * np.sqrt(1 / (at - left) + 1 / (right - at))
        found.append(ChangePoint(at, before, after, abs(after - before) / float(error)))
    return found
