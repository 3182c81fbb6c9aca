"""Business hours: how long a team was there between two moments, and when its time is up.

Hours become stretches of UTC with the open time before each, so a moment far ahead is one search
away and a hundred thousand of them are one more. A stretch is exact where clocks change: minutes
that are left out are in none, minutes that come twice are in two.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np

from outreach.engine.channels import FloatArray, IntArray, MomentArray
from outreach.engine.zones import (
    DAY_MINUTES,
    DAY_S,
    MINUTE_S,
    Span,
    joined,
    offset_changes,
)

#: Intervals of one day, minutes of the clock, [from, to); none for a day that is closed.
Day = tuple[Span, ...]

#: Hours that do not open for so long never open.
HORIZON_DAYS: Final = 3_660
#: Times are kept in microseconds, as PostgreSQL keeps them.
MINUTE_US: Final = 60_000_000
NEVER: Final = np.datetime64("NaT", "us")

# Longer than the horizon is never; what is longer still would not fit the numbers.
_FAR_MINUTES: Final = 2 * HORIZON_DAYS * DAY_MINUTES
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
# 1 January 1970 was a Thursday.
_EPOCH_WEEKDAY: Final = 3
_US: Final = 1_000_000
# Tables begin at such days and are as long as a power of two of them, so that they are shared.
_BLOCK_DAYS: Final = 64
# A clock can be a day from UTC, and more.
_EDGE_DAYS: Final = 2


@dataclass(frozen=True)
class BusinessHours:
    """When a team answers.

    Attributes
    ----------
    zone : IANA name of the clock that the intervals are read from
    week : intervals of each day from Monday to Sunday; minutes from midnight, [from, to), in order
        and apart. What goes over midnight is two: to midnight, and from midnight of the next day
    special : days with other intervals than their weekday's, none for a holiday; by date
    """

    zone: str
    week: tuple[Day, ...]
    special: tuple[tuple[date, Day], ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, OSError, ValueError) as error:  # unknown, a folder, or no name at all
            raise ValueError(f"zone: {self.zone!r} is no time zone") from error
        if len(self.week) != 7:
            raise ValueError(f"week: {len(self.week)} days, must be 7")
        for weekday, day in enumerate(self.week):
            _check_day(f"week[{weekday}]", day)
        dates = [on for on, _ in self.special]
        if dates != sorted(set(dates)):
            raise ValueError("special: days must be in order, each once")
        for on, day in self.special:
            _check_day(f"special[{on}]", day)

    @classmethod
    def of(cls, zone: str, week: Iterable[Day], special: Mapping[date, Day] | None = None) -> Self:
        """Hours of a week, and of special days in any order."""
        return cls(zone, tuple(week), tuple(sorted((special or {}).items())))

    @classmethod
    def always(cls, zone: str = "UTC") -> Self:
        """Around the clock, each day."""
        return cls(zone, (((0, DAY_MINUTES),),) * 7)

    @property
    def is_never(self) -> bool:
        """Whether no day has an interval."""
        return not any(self.week) and not any(day for _, day in self.special)


def _check_day(name: str, day: Day) -> None:
    last = -1
    for start, end in day:
        if not 0 <= start < end <= DAY_MINUTES:
            raise ValueError(f"{name}: {start} to {end} lies not in order within one day")
        if start <= last:
            raise ValueError(f"{name}: intervals must be in order and apart")
        last = end


def to_us(at: datetime) -> int:
    """Microseconds of UTC of a moment.

    Raises
    ------
    ValueError : it says no time zone
    """
    if at.tzinfo is None:
        raise ValueError(f"at: {at} says no time zone")
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_us(at_us: int) -> datetime:
    """Aware datetime of microseconds of UTC."""
    return _EPOCH + timedelta(microseconds=at_us)


@dataclass(frozen=True)
class _Table:
    """Stretches of UTC in which it is open, in order and apart, in microseconds."""

    starts: IntArray
    ends: IntArray
    before: IntArray  # open time before each stretch
    after: IntArray  # and to its end

    def used(self, at: IntArray) -> IntArray:
        """Open time from the table's begin to each moment."""
        if not self.starts.size:
            return np.zeros(at.size, np.int64)
        place = np.searchsorted(self.starts, at, side="right") - 1
        within = np.minimum(at, self.ends[place]) - self.starts[place]
        used: IntArray = np.where(place < 0, 0, self.before[place] + within)
        return used

    @cached_property
    def stretches(self) -> tuple[list[int], list[int], list[int]]:
        """Starts, ends, and the open time up to each end: lists are quicker for one moment."""
        return self.starts.tolist(), self.ends.tolist(), self.after.tolist()

    def used_by(self, at: int) -> int:
        """Open time from the table's begin to one moment."""
        starts, ends, after = self.stretches
        place = bisect_right(starts, at) - 1
        return 0 if place < 0 else after[place] - max(0, ends[place] - at)


@lru_cache(maxsize=64)
def _table(hours: BusinessHours, first_day: int, days: int) -> _Table:
    """Table of whole days of UTC, numbered from 1970."""
    starts, ends = _stretches(hours, first_day * DAY_S, (first_day + days) * DAY_S)
    after = np.cumsum(ends - starts)
    return _Table(starts * _US, ends * _US, (after - (ends - starts)) * _US, after * _US)


def _stretches(hours: BusinessHours, first_s: int, last_s: int) -> tuple[IntArray, IntArray]:
    froms, offsets = offset_changes(hours.zone, first_s, last_s)
    tos = np.append(froms[1:], last_s)
    starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for from_s, to_s, offset_s in zip(froms, tos, offsets, strict=True):
        days = np.arange((from_s + offset_s) // DAY_S, (to_s + offset_s) // DAY_S + 1)
        for midnights, (first, last) in _local(hours, days):
            starts.append(np.clip(midnights + first * MINUTE_S - offset_s, from_s, to_s))
            ends.append(np.clip(midnights + last * MINUTE_S - offset_s, from_s, to_s))
    return joined(np.concatenate(starts), np.concatenate(ends))


def _local(hours: BusinessHours, days: IntArray) -> Iterable[tuple[IntArray, Span]]:
    """Local midnights, in seconds, of the days that have an interval, and the interval."""
    special = {on.toordinal() - _EPOCH_DAY: day for on, day in hours.special}
    is_plain = ~np.isin(days, np.array(list(special), np.int64))
    weekdays = (days + _EPOCH_WEEKDAY) % 7
    for weekday, day in enumerate(hours.week):
        midnights = days[is_plain & (weekdays == weekday)] * DAY_S
        for span in day:
            yield midnights, span
    for number, day in special.items():
        for span in day:
            yield days[days == number] * DAY_S, span


def _window(first_us: int, last_us: int, more_days: int) -> tuple[int, int]:
    """First day and number of days of a table that holds two moments and days after them."""
    first = first_us // (DAY_S * _US) - _EDGE_DAYS
    first -= first % _BLOCK_DAYS
    wanted = last_us // (DAY_S * _US) + _EDGE_DAYS + more_days - first + 1
    days = _BLOCK_DAYS
    while days < wanted:
        days *= 2
    return first, days


def _days_ahead(hours: BusinessHours, most_us: int) -> int:
    """Days in which so much open time has surely passed, but for holidays."""
    week_us = sum(last - first for day in hours.week for first, last in day) * MINUTE_US
    return 14 + (7 * -(-most_us // week_us) if week_us else 0)


def add_many(
    hours: BusinessHours, starts: MomentArray, minutes: FloatArray | IntArray
) -> MomentArray:
    """Moments at which so much open time has passed since each start.

    Parameters
    ----------
    hours : of the team
    starts : (n,) UTC
    minutes : (n,) of business time, 0 or more; or one for all

    Returns
    -------
    (n,) UTC microseconds: the first moment up to which `minutes` were open, so the end of business
    rather than the next morning, and the start itself for 0; not a time where there is none within
    ten years

    Raises
    ------
    ValueError : a start that is not a time, minutes below 0 or endless
    """
    at = _moments("starts", starts)
    need = np.broadcast_to(np.asarray(minutes, np.float64), at.shape)
    if not (np.isfinite(need).all() and (need >= 0).all()):
        raise ValueError("minutes: must be 0 or more, and not endless")
    need_us = np.rint(np.minimum(need, _FAR_MINUTES) * MINUTE_US).astype(np.int64)
    due = np.full(at.size, NEVER).astype(np.int64)
    if at.size and not hours.is_never:
        # Moments in order are found many times faster: what one needs, the one before has fetched.
        order = np.argsort(at)
        due[order] = _added(hours, at[order], need_us[order], due)
    return np.where(need_us == 0, at, due).view("datetime64[us]")


def _added(hours: BusinessHours, at: IntArray, need_us: IntArray, never: IntArray) -> IntArray:
    """Look ahead as far as the longest may take, and further while one is not found."""
    ahead = min(_days_ahead(hours, int(need_us.max())), HORIZON_DAYS)
    while True:
        table = _table(hours, *_window(int(at.min()), int(at.max()), ahead))
        wanted = table.used(at) + need_us
        place = np.searchsorted(table.after, wanted, side="left")
        is_found = place < table.after.size
        if is_found.all() or ahead >= HORIZON_DAYS:
            break
        ahead = min(ahead * 4, HORIZON_DAYS)
    if not table.after.size:
        return never
    place = np.minimum(place, table.after.size - 1)
    found = table.ends[place] - (table.after[place] - wanted)
    is_found &= found <= at + HORIZON_DAYS * DAY_S * _US
    due: IntArray = np.where(is_found, found, never)
    return due


def between_many(hours: BusinessHours, starts: MomentArray, ends: MomentArray) -> FloatArray:
    """Minutes of business time between moments.

    Parameters
    ----------
    hours : of the team
    starts, ends : (n,) UTC, no end before its start

    Returns
    -------
    (n,) minutes

    Raises
    ------
    ValueError : something is not a time, or an end lies before its start
    """
    first, last = _moments("starts", starts), _moments("ends", ends)
    if (last < first).any():
        raise ValueError("ends: one lies before its start")
    if not first.size:
        return np.zeros(0)
    table = _table(hours, *_window(int(first.min()), int(last.max()), 0))
    minutes: FloatArray = (table.used(last) - table.used(first)) / MINUTE_US
    return minutes


def _moments(name: str, at: MomentArray) -> IntArray:
    if np.isnat(at).any():
        raise ValueError(f"{name}: one is not a time")
    return at.astype("datetime64[us]").astype(np.int64)


def add(hours: BusinessHours, start: datetime, minutes: float) -> datetime | None:
    """Moment at which `minutes` of business time have passed; None for never.

    Raises
    ------
    ValueError : as `add_many`
    """
    at_us = to_us(start)
    if not 0 <= minutes < math.inf:
        raise ValueError(f"minutes: {minutes}, must be 0 or more, and not endless")
    need_us = round(min(minutes, _FAR_MINUTES) * MINUTE_US)
    if not need_us or hours.is_never:
        return None if need_us else start
    ahead = min(_days_ahead(hours, need_us), HORIZON_DAYS)
    while True:
        table = _table(hours, *_window(at_us, at_us, ahead))
        _, ends, after = table.stretches
        wanted = table.used_by(at_us) + need_us
        place = bisect_left(after, wanted)
        if place < len(after) or ahead >= HORIZON_DAYS:
            break
        ahead = min(ahead * 4, HORIZON_DAYS)
    due_us = ends[place] - (after[place] - wanted) if place < len(after) else None
    is_near = due_us is not None and due_us <= at_us + HORIZON_DAYS * DAY_S * _US
    return from_us(due_us) if due_us is not None and is_near else None


def between(hours: BusinessHours, start: datetime, end: datetime) -> float:
    """Minutes of business time between two moments.

    Raises
    ------
    ValueError : as `between_many`
    """
    first, last = to_us(start), to_us(end)
    if last < first:
        raise ValueError(f"end: {end} lies before its start")
    table = _table(hours, *_window(first, last, 0))
    return (table.used_by(last) - table.used_by(first)) / MINUTE_US


def is_open(hours: BusinessHours, at: datetime) -> bool:
    """Whether the team is there at a moment."""
    at_us = to_us(at)
    table = _table(hours, *_window(at_us, at_us, 1))
    return table.used_by(at_us + 1) > table.used_by(at_us)


def next_opening(hours: BusinessHours, at: datetime) -> datetime | None:
    """Say when it is open next: the moment itself where it is so then; None for never."""
    if is_open(hours, at):
        return at
    at_us, ahead = to_us(at), _BLOCK_DAYS
    while not hours.is_never:
        starts = _table(hours, *_window(at_us, at_us, ahead)).stretches[0]
        place = bisect_right(starts, at_us)
        if place < len(starts):
            return from_us(starts[place])
        if ahead >= HORIZON_DAYS:
            break
        ahead = min(ahead * 4, HORIZON_DAYS)
    return None
