"""Predict each day of a ratio from the days before it only: level, weekday, and which fits.

A ratio is kept as two discounted sums, so that a day of much spend counts for more than one of
little. Counts are ratios too: reach for each day with data. All series walk at once.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

WEEK: Final = 7
# How much of the sums each further day keeps, with and without weekdays; the first is taken until
# errors tell which fits.
_KEPT: Final = np.array([0.93, 0.93, 0.7, 0.7, 0.85, 0.85, 0.97, 0.97, 0.99, 0.99])[:, None]
_HAS_WEEKDAYS: Final = np.array([False, True] * 5)[:, None]
# Of a weekday's own sums each further week keeps this much; a usual day is added to both,
# so that one odd Sunday is not a pattern.
_KEPT_WEEKLY: Final = 0.85
# Of an error each further day keeps this much when the smoothings are compared.
_KEPT_ERROR: Final = 0.97


@dataclass(frozen=True)
class Walk:
    """Predictions of (days, series), NaN where nothing was known yet.

    ``ahead`` is that of the day after the last, (series,). ``error`` is the mean absolute error of
    the judged days, (series,), and ``plain_error`` on the same days that of the plainest guess:
    the same weekday of the week before. NaN where no day could be judged.
    """

    predicted: FloatArray
    ahead: FloatArray
    error: FloatArray
    plain_error: FloatArray


def walk_forward(above: FloatArray, below: FloatArray, *, judged: int = 90) -> Walk:
    """Walk through the days; what is predicted of one rests on those before it alone.

    Parameters
    ----------
    above, below : (days, series) amounts at least 0, consecutive days, oldest first; the ratio is
        the one over the other, unknown on days where ``below`` is 0
    judged : how many of the newest days the errors are of

    Returns
    -------
    Ratios. Each day is predicted by the smoothing that had the smallest discounted error so far
    (Gardner 2006, Int. J. of Forecasting 22, 637-666, for the smoothings)

    Raises
    ------
    ValueError : the arrays differ in shape, are not two-dimensional, or hold what is no amount
    """
    above, below = _checked(above, "above"), _checked(below, "below")
    if above.shape != below.shape:
        raise ValueError(f"above is {above.shape} and below {below.shape}")
    days, series = above.shape
    state = _State.empty(series)
    predicted = np.empty((days, series))
    for day in range(days):
        predicted[day] = state.best(day % WEEK)
        state.take(above[day], below[day], day % WEEK)
    ahead = state.best(days % WEEK)
    errors = _errors(predicted, _ratio(above, below), judged)
    return Walk(predicted, ahead, *errors)


@dataclass
class _State:
    """Discounted sums, (smoothings, series) each; those of weekdays (7, smoothings, series)."""

    above: FloatArray
    below: FloatArray
    weekday_above: FloatArray
    weekday_usual: FloatArray  # what the level alone would have given on those days
    cost: FloatArray

    @classmethod
    def empty(cls, series: int) -> _State:
        """Nothing is known of any series."""
        shape = (len(_KEPT), series)
        weekly = (WEEK, *shape)
        return cls(
            np.zeros(shape), np.zeros(shape), np.zeros(weekly), np.zeros(weekly), np.zeros(shape)
        )

    def predictions(self, weekday: int) -> FloatArray:
        """(candidates, series) what each candidate says of a day; NaN where it cannot."""
        level = _ratio(self.above, self.below)
        usual_day = self.above * (1 - _KEPT)
        pattern = _ratio(
            self.weekday_above[weekday] + usual_day, self.weekday_usual[weekday] + usual_day
        )
        has_pattern = _HAS_WEEKDAYS & ~np.isnan(pattern)
        return np.where(has_pattern, level * pattern, level)

    def best(self, weekday: int) -> FloatArray:
        chosen: FloatArray = np.take_along_axis(
            self.predictions(weekday), self.cost.argmin(axis=0)[None], axis=0
        )[0]
        return chosen

    def take(self, above: FloatArray, below: FloatArray, weekday: int) -> None:
        """Learn (series,) numerators and denominators of a day; 0 below: the day is unknown."""
        is_known = below > 0
        above = np.where(is_known, above, 0.0)
        off = np.abs(above - np.nan_to_num(self.predictions(weekday)) * below)
        self.cost = np.where(is_known, _KEPT_ERROR * self.cost + off, self.cost)
        usual = np.nan_to_num(_ratio(self.above, self.below)) * below
        has_level = is_known & (self.below > 0)
        own_above, own_usual = self.weekday_above[weekday], self.weekday_usual[weekday]
        self.weekday_above[weekday] = np.where(
            has_level, _KEPT_WEEKLY * own_above + above, own_above
        )
        self.weekday_usual[weekday] = np.where(
            has_level, _KEPT_WEEKLY * own_usual + usual, own_usual
        )
        self.above = np.where(is_known, _KEPT * self.above + above, self.above)
        self.below = np.where(is_known, _KEPT * self.below + below, self.below)


def _checked(amounts: FloatArray, name: str) -> FloatArray:
    values = np.asarray(amounts, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"{name} must be of days and series, not of shape {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"{name} must be finite and at least 0")
    return values


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    ratio = np.full(above.shape, np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _errors(
    predicted: FloatArray, actual: FloatArray, judged: int
) -> tuple[FloatArray, FloatArray]:
    week_before = np.full(actual.shape, np.nan)
    week_before[WEEK:] = actual[:-WEEK]
    off = np.abs(np.stack([predicted, week_before]) - actual)[:, -judged:]
    off[:, np.isnan(off).any(axis=0)] = np.nan
    with warnings.catch_warnings():
        # A series without a day to judge: its mean is NaN, and that is meant.
        warnings.simplefilter("ignore", RuntimeWarning)
        error, plain_error = np.nanmean(off, axis=1)
    return error, plain_error
