"""Gives messages their day and moment, within what each day may hold.

People are taken in their order. A day takes nobody more once its messages are used up, and no
paid message more once one does not fit into its money; whoever is left tries the next day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import NONE, BoolArray, IntArray, MomentArray
from outreach.engine.pacing import daily_budget, spread
from outreach.engine.send_time import Times
from outreach.engine.zones import NEVER

DayArray = npt.NDArray[np.int16]

#: In place of a limit.
UNLIMITED: Final = 2**62


@dataclass(frozen=True)
class Room:
    """What days may hold.

    Attributes
    ----------
    bounds : (days + 1,) moments that part them
    messages : of each day, those planned already taken off
    left_micros : for all days together; `UNLIMITED` if money is no matter
    used_micros : of each day already, not in `left_micros`
    days_beyond : that come after these and share the money
    of_channel : (days, channels) messages of each channel; none for no limit
    """

    bounds: MomentArray
    messages: tuple[int, ...]
    left_micros: int
    used_micros: tuple[int, ...]
    days_beyond: int = 0
    of_channel: IntArray | None = None


@dataclass(frozen=True)
class DayPlan:
    """Of m messages: moment, day (−1 for none), and whether the limits moved it to a later day.

    `is_short_of_money` says of those without a day that money, not messages, kept them out.
    """

    slot: MomentArray
    day: DayArray
    is_moved: BoolArray
    is_short_of_money: BoolArray


class DayPlanner:
    """Plans m messages over days.

    `times(rows, at)` answers when the messages of some rows may go from a moment on. `column` has
    the place of each message's channel, where channels have limits.
    """

    def __init__(
        self,
        room: Room,
        cost: IntArray,
        times: Callable[[IntArray, MomentArray], Times],
        column: IntArray | None = None,
    ) -> None:
        self._room = room
        self._column = column
        self._cost = cost
        self._times = times
        m = cost.size
        self._low, self._high = np.full(m, NEVER), np.full(m, NEVER)
        self._slot, self._day = np.full(m, NEVER), np.full(m, NONE, np.int16)
        self._first = np.full(m, NONE, np.int64)
        days = len(room.bounds) - 1
        self._fresh: list[list[IntArray]] = [[] for _ in range(days)]
        self._is_short = np.zeros(m, np.bool_)
        self._left = room.left_micros + sum(room.used_micros[:days])

    def plan(self, at: MomentArray, *, is_spread: bool) -> DayPlan:
        """Give each message, from its own moment on, the first day that has room.

        Parameters
        ----------
        at : (m,) moments
        is_spread : whether the messages of a day are kept apart
        """
        rows = np.arange(self._cost.size)
        self._look_up(rows, at)
        self._sort_in(rows)
        self._first[rows] = self._days_of(rows)
        paid = free = rows[:0]
        for day in range(len(self._fresh)):
            if self._fresh[day]:
                fresh = np.concatenate([*self._fresh[day], rows[:0]])
                is_paid = self._cost[fresh] > 0
                paid = np.sort(np.concatenate([paid, fresh[is_paid]]), kind="stable")
                free = np.sort(np.concatenate([free, fresh[~is_paid]]), kind="stable")
            paid, free, later = self._within_channels(day, paid, free)
            paid, free = self._fill(day, paid, free, is_spread=is_spread)
            is_paid = self._cost[later] > 0
            self._is_short[later] = False
            paid = np.sort(np.concatenate([paid, later[is_paid]]))
            free = np.sort(np.concatenate([free, later[~is_paid]]))
        is_moved = (self._day != NONE) & (self._day > self._first)
        return DayPlan(self._slot, self._day, is_moved, self._is_short)

    def _look_up(self, rows: IntArray, at: MomentArray) -> None:
        found = self._times(rows, at)
        self._low[rows], self._high[rows] = found.low, found.high

    def _days_of(self, rows: IntArray) -> IntArray:
        """Days in which the times of rows begin; −1 for none."""
        low = self._low[rows]
        found = np.searchsorted(self._room.bounds, low, side="right") - 1
        is_in = (low >= self._room.bounds[0]) & (low < self._room.bounds[-1])
        return np.where(is_in, found, NONE)

    def _sort_in(self, rows: IntArray) -> None:
        """Put rows to the fresh ones of the day in which their time begins."""
        rows = rows[self._days_of(rows) != NONE]
        days = self._days_of(rows)
        order = np.argsort(days, kind="stable")
        rows, days = rows[order], days[order]
        found, starts = np.unique(days, return_index=True)
        ends = np.append(starts, rows.size)[1:]
        for day, first, last in zip(found, starts, ends, strict=True):
            self._fresh[day].append(rows[first:last])

    def _within_channels(
        self, day: int, paid: IntArray, free: IntArray
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Those whom their channels let out on a day, paid and not, and who has to wait."""
        limits = self._room.of_channel
        if limits is None or self._column is None:
            return paid, free, paid[:0]
        rows = np.sort(np.concatenate([paid, free]))
        is_over = np.zeros(self._cost.size, np.bool_)
        for place, most in enumerate(limits[day]):
            is_over[rows[self._column[rows] == place][most:]] = True
        return paid[~is_over[paid]], free[~is_over[free]], np.flatnonzero(is_over)

    def _fill(
        self, day: int, paid: IntArray, free: IntArray, *, is_spread: bool
    ) -> tuple[IntArray, IntArray]:
        """Take what fits into a day; what is left of those who cost and of those who do not."""
        room = self._room
        left = room.messages[day]
        used = room.used_micros[day] if day < len(room.used_micros) else 0
        money = self._money(day, used)
        taken = [paid[:0]]
        while left > 0:
            block = paid[:left]
            fits = np.cumsum(self._cost[block]) <= money
            closer = block[~fits][:1]
            if not self._settle(day, closer).all():
                # It cannot go on this day at all, so it does not close it either.
                paid = np.concatenate([block[self._settle(day, block)], paid[block.size :]])
                continue
            head = np.sort(np.concatenate([block[fits], free[:left]]))[:left]
            if not head.size:
                break
            is_paid = int((self._cost[head] > 0).sum())
            paid, free = paid[is_paid:], free[head.size - is_paid :]
            is_in = self._settle(day, head)
            mine = head[is_in]
            taken.append(mine)
            left, money = left - mine.size, money - int(self._cost[mine].sum())
            if is_in.all():
                break
        self._is_short[paid] = left > 0
        mine = np.sort(np.concatenate(taken))
        self._left -= used + int(self._cost[mine].sum())
        self._give(day, mine, is_spread=is_spread)
        return paid, free

    def _money(self, day: int, used: int) -> int:
        if self._room.left_micros >= UNLIMITED:
            return UNLIMITED
        days = len(self._fresh) - day + self._room.days_beyond
        return daily_budget(max(0, self._left), days) - used

    def _settle(self, day: int, rows: IntArray) -> BoolArray:
        """Look up anew when those may go who are left from earlier days; who may go on this one."""
        begin = self._room.bounds[day]
        late = rows[self._low[rows] < begin]
        if late.size:
            self._look_up(late, np.full(late.size, begin))
            self._sort_in(late[self._days_of(late) > day])
        is_in: BoolArray = self._days_of(rows) == day
        return is_in

    def _give(self, day: int, rows: IntArray, *, is_spread: bool) -> None:
        low = self._low[rows]
        high = np.minimum(self._high[rows], self._room.bounds[day + 1])
        self._slot[rows] = spread(low, high) if is_spread else low
        self._day[rows] = day
