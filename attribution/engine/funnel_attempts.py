"""Attempts at a funnel: one for each event of its first step, with the times of its steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attribution.engine.funnel import BoolArray, Step, Stream, check
from attribution.engine.journeys import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Attempts:
    """Attempts in the order of the stream.

    Parameters
    ----------
    people : (n_attempts,) places in the stream's `persons`
    places : (n_attempts, n_steps) places of the events that serve the steps; -1 from the first
        step on that was not reached
    levels : (n_attempts,) how many steps were reached, 1 and more
    """

    people: IntArray
    places: IntArray
    levels: IntArray

    def best(self, buckets: IntArray) -> Attempts:
        """Keep the furthest attempt of each person in each bucket.

        Of equally far ones the one that gets there first, started as late as it can be: the path
        of `Stream.conversions`.

        Parameters
        ----------
        buckets : (n_attempts,) which bucket each belongs to, such as the day of its start
        """
        last = self.places[np.arange(len(self.levels)), self.levels - 1]
        order = np.lexsort((-self.places[:, 0], last, -self.levels, buckets, self.people))
        people, bucket = self.people[order], buckets[order]
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (people[1:] != people[:-1]) | (bucket[1:] != bucket[:-1])
        return self.only(order[is_first])

    def only(self, chosen: IntArray) -> Attempts:
        """Keep some of them."""
        return Attempts(self.people[chosen], self.places[chosen], self.levels[chosen])


def attempts_of(
    stream: Stream,
    steps: Sequence[Step],
    window_seconds: float,
    *,
    mode: str = "ordered",
    exclusions: Collection[str] = (),
    start_range: tuple[float, float] | None = None,
) -> Attempts:
    """Follow every attempt to the furthest step that it reaches, each step at the first chance.

    The first chance is the best one: whatever a later event of a step allows, the window and the
    exclusions allow from an earlier one too. So the furthest of a person's attempts is
    `Stream.levels`, also of those that start in a range.

    Parameters
    ----------
    stream : events of people in time order
    steps, window_seconds, mode, exclusions : as in `funnel_counts`; `any_order` has no attempts
    start_range : only attempts whose first step lies in [since, until), in the stream's time

    Raises
    ------
    ValueError : mode `any_order`, or what `funnel_counts` refuses
    """
    check(steps, window_seconds, mode)
    if mode == "any_order":
        raise ValueError("mode: steps in any order follow no path")
    served = stream.served(steps)
    starts = np.flatnonzero(stream.starting(served[0], start_range))
    people = np.searchsorted(stream.offsets, starts, side="right") - 1
    ends = np.minimum(stream.offsets[people + 1], _blocked_after(stream, exclusions)[starts] + 1)
    places = np.full((len(starts), len(steps)), -1)
    places[:, 0] = starts
    alive = np.arange(len(starts))
    for level, serves in enumerate(served[1:], start=1):
        found = _following(serves, places[alive, level - 1] + 1, is_strict=mode == "strict")
        holds = found < ends[alive]
        # A difference of times does not round where a sum with the window does.
        alive, found, begun = alive[holds], found[holds], starts[alive[holds]]
        holds = stream.times[found] - stream.times[begun] <= window_seconds
        alive, found = alive[holds], found[holds]
        places[alive, level] = found
    return Attempts(people, places, (places >= 0).sum(axis=1))


def step_times(stream: Stream, attempts: Attempts) -> FloatArray:
    """When each step was reached: (n_attempts, n_steps), NaN where it was not.

    Parameters
    ----------
    stream : the events that the attempts were made of
    attempts : some attempts
    """
    times = stream.times[np.maximum(attempts.places, 0)] if len(stream.times) else np.zeros((0, 0))
    return np.where(attempts.places >= 0, times.reshape(attempts.places.shape), np.nan)


def masked_stream(
    persons: npt.NDArray[np.generic],
    offsets: IntArray,
    masks: npt.NDArray[np.integer],
    times: FloatArray,
    n_steps: int,
) -> tuple[Stream, list[list[str]], list[str]]:
    """Make a stream of events that are told by bits, with the steps and exclusions that name them.

    Parameters
    ----------
    persons, offsets, times : as in `Stream`
    masks : (n_events,) bit k says that the event serves step k, bit `n_steps` that it is excluded
    n_steps : how many steps there are

    Returns
    -------
    the stream, its steps and its exclusions as `Stream.levels` takes them
    """
    kinds = np.flatnonzero(np.bincount(masks, minlength=1))
    numbers = np.zeros(int(kinds[-1]) + 1 if len(kinds) else 1, np.intp)
    numbers[kinds] = np.arange(len(kinds))
    named = [(int(kind), str(kind)) for kind in kinds]
    steps = [[name for kind, name in named if kind >> step & 1] for step in range(n_steps)]
    stream = Stream(tuple(name for _, name in named), persons, offsets, numbers[masks], times)
    return stream, steps, [name for kind, name in named if kind >> n_steps & 1]


def _following(serves: BoolArray, froms: IntArray, *, is_strict: bool) -> IntArray:
    """First place from each on that serves; the number of events where there is none."""
    count = len(serves)
    if is_strict:
        return np.where(np.append(serves, False)[froms], froms, count)  # a value
    here = np.where(serves, np.arange(count), count)
    following = np.minimum.accumulate(here[::-1])[::-1]
    return np.append(following, count)[froms]


def _blocked_after(stream: Stream, exclusions: Collection[str]) -> IntArray:
    """First excluded event after each, which may still be reached; past the end for none."""
    count = len(stream.times)
    banned = np.array([name in set(exclusions) for name in stream.names], np.bool_)
    if not banned.any():
        return np.full(count, count)
    here = np.where(banned[stream.codes], np.arange(count), count)
    following = np.minimum.accumulate(here[::-1])[::-1]
    return np.append(following[1:], count)
