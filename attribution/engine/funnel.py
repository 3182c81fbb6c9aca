"""Funnels: how far people get through a sequence of steps within a time window."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from attribution.engine.journeys import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

MODES: Final = ("ordered", "strict", "any_order")
MAX_STEPS: Final = 20
# Steps that one event can serve and that hang together are tried in every combination.
MAX_ENTANGLED: Final = 10

BoolArray = npt.NDArray[np.bool_]
#: One event name, or several of which any will do.
Step = str | Collection[str]


def funnel_counts(
    events: pd.DataFrame,
    steps: Sequence[Step],
    window_seconds: float,
    *,
    mode: str = "ordered",
    exclusions: Collection[str] = (),
) -> list[int]:
    """Count the people who reached each step, each once, at the furthest of all attempts.

    Any event of the first step may start an attempt, so a later start can save a person whose
    first one ran out. One event serves one step; equal timestamps count in stored order.

    Parameters
    ----------
    events : columns `person`, `event` and `timestamp` (seconds), rows in any order
    steps : event names in order; a collection of names is a step that any of them serves
    window_seconds : longest time from the first step to the last, inclusive
    mode : `ordered` (anything may happen between), `strict` (consecutive events of the person's
        whole stream) or `any_order` (most distinct steps inside one window)
    exclusions : events that end an attempt when they happen between its first step and its last

    Returns
    -------
    people who reached step 1, 2, …; never rising

    Raises
    ------
    ValueError : a missing column, a time that is not finite, no steps or too many of them, a
        negative window, an unknown mode; the message names the argument
    """
    stream = Stream.of(events)
    levels = stream.levels(steps, window_seconds, mode=mode, exclusions=exclusions)
    reached = np.bincount(levels, minlength=len(steps) + 1)[1:]
    return [int(count) for count in reached[::-1].cumsum()[::-1]]


@dataclass(frozen=True, eq=False)
class Stream:
    """Events of many people, one person after the other, each in time order.

    Parameters
    ----------
    names : event names; a code is a place in it
    persons : (n_persons,) who, in the order of `offsets`
    offsets : (n_persons + 1,) where each person's events start; the last entry is their number
    codes : (n_events,) places in `names`
    times : (n_events,) seconds, not falling inside a person
    """

    names: tuple[str, ...]
    persons: npt.NDArray[np.generic]
    offsets: IntArray
    codes: IntArray
    times: FloatArray

    @classmethod
    def of(cls, events: pd.DataFrame) -> Stream:
        """Sort a frame of events.

        Parameters
        ----------
        events : columns `person`, `event` and `timestamp` (seconds), rows in any order

        Raises
        ------
        ValueError : a missing column, or a time that is not finite
        """
        # A quarter of a process's start would be this import, and most processes never come here.
        import pandas as pd

        for column in ("person", "event", "timestamp"):
            if column not in events.columns:
                raise ValueError(f"events has no column {column!r}")
        times = events["timestamp"].to_numpy(np.float64)
        if not np.isfinite(times).all():
            raise ValueError("events: every timestamp must be a finite number of seconds")
        who, persons = pd.factorize(events["person"], use_na_sentinel=False)
        codes, names = pd.factorize(events["event"], use_na_sentinel=False)
        order = np.lexsort((times, who))  # stable: equal times stay in stored order
        offsets = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=len(persons)))])
        return cls(
            tuple(map(str, names)),
            np.asarray(persons),
            offsets.astype(np.intp),
            codes[order].astype(np.intp),
            times[order],
        )

    @cached_property
    def firsts(self) -> IntArray:
        """(n_events,) the place of the first event of each event's person."""
        return np.repeat(self.offsets[:-1], np.diff(self.offsets))

    def levels(
        self,
        steps: Sequence[Step],
        window_seconds: float,
        *,
        mode: str = "ordered",
        exclusions: Collection[str] = (),
        start_range: tuple[float, float] | None = None,
    ) -> IntArray:
        """How many steps each person reached: (n_persons,), 0 for none.

        Parameters
        ----------
        steps, window_seconds, mode, exclusions : as in `funnel_counts`
        start_range : only attempts whose first step lies in [since, until), later steps may
            follow after it; `any_order` has no first step

        Raises
        ------
        ValueError : `any_order` with a range of starts, or what `funnel_counts` refuses
        """
        check(steps, window_seconds, mode)
        barriers = self._barriers(exclusions)
        if mode == "any_order":
            if start_range is not None:
                raise ValueError("start_range: steps in any order have no first one")
            sizes = _most_steps(self, self._table(steps), window_seconds, barriers)
            return self._highest(sizes)
        levels = np.zeros(len(self.persons), np.intp)
        found = self._starts(
            steps, window_seconds, barriers, is_strict=mode == "strict", start_range=start_range
        )
        for level, starts in enumerate(found, start=1):
            levels[self._person_of(np.flatnonzero(starts >= 0))] = level
        return levels

    def conversions(
        self,
        steps: Sequence[Step],
        window_seconds: float,
        *,
        mode: str = "ordered",
        exclusions: Collection[str] = (),
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Who went all the way, on the path that completes first, started as late as it can be.

        Parameters
        ----------
        steps, window_seconds, mode, exclusions : as in `funnel_counts`; `any_order` has no paths

        Returns
        -------
        (n_converted,) each: places in `persons`, places of the first and of the last event

        Raises
        ------
        ValueError : mode `any_order`, or what `funnel_counts` refuses
        """
        check(steps, window_seconds, mode)
        if mode == "any_order":
            raise ValueError("mode: steps in any order follow no path")
        barriers = self._barriers(exclusions)
        starts = self._starts(steps, window_seconds, barriers, is_strict=mode == "strict")[-1]
        ends = np.flatnonzero(starts >= 0)
        people, first = np.unique(self._person_of(ends), return_index=True)
        return people, starts[ends[first]], ends[first]

    def _starts(
        self,
        steps: Sequence[Step],
        window_seconds: float,
        barriers: IntArray,
        *,
        is_strict: bool,
        start_range: tuple[float, float] | None = None,
    ) -> list[IntArray]:
        """For each step, (n_events,): where the latest attempt that ends here began, or -1.

        Only the time from start to end limits an attempt, so of all attempts that reach an event
        the one that began last can do whatever any other can.
        """
        here = np.arange(len(self.times))
        served = self.served(steps)
        found = [np.where(self.starting(served[0], start_range), here, -1)]
        for serves in served[1:]:
            before = found[-1] if is_strict else np.maximum.accumulate(found[-1])
            start = np.concatenate([[-1], before[:-1]]) if len(before) else before
            lasted = self.times - self.times[np.maximum(start, 0)]
            holds = serves & (start >= np.maximum(self.firsts, barriers))
            found.append(np.where(holds & (lasted <= window_seconds), start, -1))
        return found

    def served(self, steps: Sequence[Step]) -> BoolArray:
        """(n_steps, n_events): which event serves which step."""
        return self._table(steps)[:, self.codes]

    def starting(self, serves: BoolArray, start_range: tuple[float, float] | None) -> BoolArray:
        """(n_events,) which events of the first step lie in [since, until)."""
        if start_range is None:
            return serves
        since, until = start_range
        return serves & (self.times >= since) & (self.times < until)

    def _table(self, steps: Sequence[Step]) -> BoolArray:
        """(n_steps, n_names): which event serves which step."""
        wanted = [{step} if isinstance(step, str) else set(step) for step in steps]
        table = [[name in names for name in self.names] for names in wanted]
        return np.array(table, np.bool_).reshape(len(steps), len(self.names))

    def _barriers(self, exclusions: Collection[str]) -> IntArray:
        """(n_events,) place of the last excluded event before each, -1 where there is none."""
        none = np.full(len(self.times), -1)
        if not exclusions or not len(none):
            return none
        banned = np.array([name in set(exclusions) for name in self.names])[self.codes]
        last = np.maximum.accumulate(np.where(banned, np.arange(len(banned)), -1))
        return np.concatenate([[-1], last[:-1]])

    def _person_of(self, places: IntArray) -> IntArray:
        return np.searchsorted(self.offsets, places, side="right") - 1

    def _highest(self, values: IntArray) -> IntArray:
        highest = np.zeros(len(self.persons), np.intp)
        if len(values):
            highest[:] = np.maximum.reduceat(values, self.offsets[:-1])
        return highest


def _most_steps(
    stream: Stream, table: BoolArray, window_seconds: float, barriers: IntArray
) -> IntArray:
    """(n_events,) most distinct steps served by the window that ends here, one event each.

    Steps that no event name joins are counted apart; those that one joins compete for events,
    and the most of them that can be served is, by Hall's theorem, the least over all subsets of
    their number less the subset's shortage of events (Ore 1955, Duke Math. J. 22(4), 625-639).
    """
    lows = _window_starts(stream, window_seconds, barriers)
    total = np.zeros(len(stream.times), np.intp)
    for group in _entangled(table):
        served = np.full(len(total), len(group))
        for subset in chain.from_iterable(
            combinations(group, size) for size in range(1, len(group) + 1)
        ):
            names: BoolArray = np.any(table[list(subset)], axis=0)
            serves = names[stream.codes]
            until = np.concatenate([[0], np.cumsum(serves)])
            available = until[1:] - until[lows]
            served = np.minimum(served, len(group) - len(subset) + available)
        total += served
    return total


def _window_starts(stream: Stream, window_seconds: float, barriers: IntArray) -> IntArray:
    """(n_events,) first place in the window that ends at each event, by bisection of all at once.

    A search by `times - window_seconds` would round where a difference of times does not.
    """
    low, high = np.maximum(stream.firsts, barriers), np.arange(len(stream.times))
    while (low < high).any():
        middle = (low + high) // 2
        is_inside = stream.times - stream.times[middle] <= window_seconds
        low, high = np.where(is_inside, low, middle + 1), np.where(is_inside, middle, high)
    return low


def _entangled(table: BoolArray) -> list[list[int]]:
    """Group the steps by event names that serve more than one of them."""
    groups: list[list[int]] = []
    for step in range(len(table)):
        joined = [group for group in groups if (table[group] & table[step]).any()]
        groups = [group for group in groups if group not in joined]
        groups.append([*chain.from_iterable(joined), step])
    if (largest := max(map(len, groups))) > MAX_ENTANGLED:
        raise ValueError(
            f"steps: {largest} steps in any order share events; at most {MAX_ENTANGLED} can"
        )
    return groups


def check(steps: Sequence[Step], window_seconds: float, mode: str) -> None:
    """Refuse what cannot be counted, in words.

    Parameters
    ----------
    steps, window_seconds, mode : as in `funnel_counts`
    """
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}: choose one of {', '.join(MODES)}")
    if isinstance(steps, str) or not 1 <= len(steps) <= MAX_STEPS:
        raise ValueError(f"steps: give a list of 1 to {MAX_STEPS}")
    if not window_seconds >= 0:
        raise ValueError(f"window_seconds is {window_seconds}: it must be 0 or more")
