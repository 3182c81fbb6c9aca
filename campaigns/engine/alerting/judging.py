"""Whether a figure has crossed its line, stands in range, or cannot be told."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from campaigns.engine.alerting.book import Book, FloatArray
from campaigns.engine.alerting.measuring import GROWING, measure

MEAN_DAYS: Final = 14
# A mean of fewer days is none.
LEAST_MEAN_DAYS: Final = 7
# Where few come anyway, one more is no surge.
LEAST_COMPARED: Final = {"conversions": 10.0}
# Sums of cents are not exact in binary: what differs by less stands on the line.
_CLOSE: Final = 1e-9
_COMPARE: Final[dict[str, Callable[[FloatArray, FloatArray], npt.NDArray[np.bool_]]]] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge,
}  # fmt: skip

Basis = Literal["absolute", "own_mean", "peer_mean"]


class State(IntEnum):
    """Where a figure stands."""

    UNKNOWN = 0
    IN_RANGE = 1
    CROSSED = 2


@dataclass(frozen=True)
class Condition:
    """A metric held against a fixed threshold."""

    metric: str
    operator: str
    threshold: float


@dataclass(frozen=True)
class Line:
    """A line that a metric may cross.

    ``basis`` says what the threshold is: an amount of its own, or a multiple of the subject's mean
    of the 14 days before, or of the mean of all subjects over the same days. ``also`` has to hold
    too.
    """

    metric: str
    operator: str
    threshold: float
    basis: Basis = "absolute"
    lookback_days: int = 1
    also: Condition | None = None

    def __post_init__(self) -> None:
        if self.operator not in _COMPARE:
            raise ValueError(f"operator {self.operator!r} is none of {', '.join(_COMPARE)}")
        if self.lookback_days < 1:
            raise ValueError(f"lookback_days must be at least 1, not {self.lookback_days}")

    @property
    def days_needed(self) -> int:
        """Days of a book: the running one, the look-back, and those of the mean."""
        return 1 + self.lookback_days + (MEAN_DAYS if self.basis == "own_mean" else 0)


@dataclass(frozen=True)
class Readings:
    """What a line says of each subject: its value, its limit, and its ``State``; each (n,)."""

    values: FloatArray
    limits: FloatArray
    states: npt.NDArray[np.int8]


def judge(line: Line, book: Book) -> Readings:
    """Hold the newest days of every subject against a line.

    A metric that only grows during a day is read on the running day too, where the line lies above
    it; any other on full days. Undefined values, missing days and means of too few days make a
    reading unknown.

    Parameters
    ----------
    line : with a look-back that the book covers
    book : n subjects

    Returns
    -------
    readings of all n

    Raises
    ------
    ValueError : the book has fewer days than the line needs, or the metric does not exist
    """
    if book.has_data.shape[1] < line.days_needed:
        raise ValueError(f"the line needs {line.days_needed} days, not {book.has_data.shape[1]}")
    values = _newest(line.metric, line.operator, line.lookback_days, book)
    limits = _limits(line, values, book)
    states = _states(line.operator, values, limits)
    if line.also is not None:
        other = _newest(line.also.metric, line.also.operator, line.lookback_days, book)
        limit = np.full(len(book), line.also.threshold)
        states = _both(states, _states(line.also.operator, other, limit))
    return Readings(values, limits, states)


def _newest(metric: str, compared: str, days: int, book: Book) -> FloatArray:
    full = measure(metric, book, slice(-1 - days, -1))
    if metric not in GROWING or compared in {"lt", "lte"}:
        return full
    running = measure(metric, book, slice(-days, None))
    return np.where(book.has_data[:, -1], running, full)


def _limits(line: Line, values: FloatArray, book: Book) -> FloatArray:
    if line.basis == "absolute":
        return np.full(len(book), line.threshold)
    if line.basis == "peer_mean":
        known = values[~np.isnan(values)]
        mean = np.mean(known) if known.size > 1 else np.nan
        return np.full(len(book), line.threshold * mean)
    before = slice(-1 - line.lookback_days - MEAN_DAYS, -1 - line.lookback_days)
    usual = measure(line.metric, book, before)
    is_told = book.has_data[:, before].sum(axis=1) >= LEAST_MEAN_DAYS
    if line.metric in LEAST_COMPARED:
        newest = slice(-1 - line.lookback_days, -1)
        is_told &= book.amounts[line.metric][:, newest].sum(axis=1) >= LEAST_COMPARED[line.metric]
    # A mean of nothing has no multiples.
    return np.where(is_told & (usual > 0), line.threshold * usual, np.nan)


def _states(compared: str, values: FloatArray, limits: FloatArray) -> npt.NDArray[np.int8]:
    # On the line means on it, however the last digits were rounded.
    is_on = np.isclose(values, limits, rtol=_CLOSE, atol=0)
    is_over = _COMPARE[compared](np.where(is_on, limits, values), limits)
    states = np.where(is_over, State.CROSSED, State.IN_RANGE).astype(np.int8)
    states[np.isnan(values) | np.isnan(limits)] = State.UNKNOWN
    return states


def _both(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Crossed where both are; in range where either is; else unknown."""
    in_range = (one == State.IN_RANGE) | (other == State.IN_RANGE)
    crossed = (one == State.CROSSED) & (other == State.CROSSED)
    return np.select([in_range, crossed], [State.IN_RANGE, State.CROSSED], State.UNKNOWN).astype(
        np.int8
    )
