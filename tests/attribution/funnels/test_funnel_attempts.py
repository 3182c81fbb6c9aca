"""Attempts at a funnel: times of steps, days of starts, and the same levels as the scan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine.funnel import Stream
from attribution.engine.funnel_attempts import attempts_of, masked_stream, step_times
from tests.examples import examples


def stream_of(*rows):
    return Stream.of(pd.DataFrame(list(rows), columns=["person", "event", "timestamp"]))


def letters(events):
    """One person whose events are a second apart."""
    return stream_of(*((1, name, float(at)) for at, name in enumerate(events)))


def test_each_step_is_reached_at_the_first_chance():
    stream = letters("axbbc")

    found = attempts_of(stream, list("abc"), 10.0)

    assert found.levels.tolist() == [3]
    assert step_times(stream, found).tolist() == [[0.0, 2.0, 4.0]]


def test_a_later_start_is_an_attempt_of_its_own():
    stream = stream_of((1, "a", 0.0), (1, "a", 5.0), (1, "b", 11.0))

    found = attempts_of(stream, list("ab"), 10.0)

    assert found.levels.tolist() == [1, 2]
    assert found.places.tolist() == [[0, -1], [1, 2]]


@pytest.mark.parametrize(
    ("events", "levels"), [("axb", [1]), ("axab", [1, 2]), ("abx", [2]), ("xab", [2])]
)
def test_an_excluded_event_ends_an_attempt(events, levels):
    assert attempts_of(letters(events), list("ab"), 9.0, exclusions="x").levels.tolist() == levels


def test_an_excluded_event_may_be_the_last_step():
    found = attempts_of(letters("abc"), list("abc"), 9.0, exclusions=["b"])

    assert found.levels.tolist() == [2]


def test_later_steps_may_follow_after_the_range_of_starts():
    stream = letters("abab")

    inside = attempts_of(stream, list("ab"), 9.0, start_range=(0.0, 1.0))
    after = attempts_of(stream, list("ab"), 9.0, start_range=(0.5, 2.0))

    assert (inside.levels.tolist(), after.levels.tolist()) == ([2], [])
    assert stream.levels(list("ab"), 9.0, start_range=(0.0, 1.0)).tolist() == [2]


def test_of_equally_far_attempts_the_first_to_arrive_is_kept_started_as_late_as_can_be():
    found = attempts_of(letters("aabab"), list("ab"), 9.0)

    assert found.best(np.zeros(3, np.intp)).places.tolist() == [[1, 2]]


def test_the_furthest_attempt_of_a_person_and_day_is_kept():
    stream = stream_of((1, "a", 0.0), (1, "a", 1.0), (1, "b", 2.0), (1, "a", 9.0), (2, "a", 1.0))
    found = attempts_of(stream, list("ab"), 1.0)

    best = found.best((stream.times[found.places[:, 0]] // 8).astype(int))

    assert best.people.tolist() == [0, 0, 1]
    assert best.places.tolist() == [[1, 2], [3, -1], [4, -1]]


def test_steps_in_any_order_have_no_attempts():
    with pytest.raises(ValueError, match="follow no path"):
        attempts_of(letters("ab"), list("ab"), 1.0, mode="any_order")
    with pytest.raises(ValueError, match="have no first one"):
        letters("ab").levels(list("ab"), 1.0, mode="any_order", start_range=(0.0, 1.0))


def test_nobody_has_no_attempts():
    stream, steps, _ = masked_stream(np.zeros(0), np.zeros(1, np.intp), np.zeros(0, int),
                                     np.zeros(0), 2)  # fmt: skip

    found = attempts_of(stream, steps, 1.0)

    assert len(found.levels) == 0
    assert step_times(stream, found).shape == (0, 2)
    assert found.best(np.zeros(0, np.intp)).places.shape == (0, 2)


# Every attempt of every person by hand: the first event of the next step, one after the other.

STEPS = 3
BANNED = 1 << STEPS


def walked(events, start, window, mode, since, until):
    """Places that the attempt which starts here reaches."""
    mask, began = events[start]
    if not mask & 1 or not since <= began < until:
        return []
    places = [start]
    for place in range(start + 1, len(events)):
        mask, at = events[place]
        if len(places) == STEPS or at - began > window:
            break
        if mask >> len(places) & 1:
            places.append(place)
        elif mode == "strict":
            break
        if mask & BANNED:
            break
    return places


person = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 9)), max_size=8)


@settings(max_examples=examples(300))
@given(
    people=st.lists(person, max_size=4),
    window=st.integers(0, 9),
    mode=st.sampled_from(("ordered", "strict")),
    days=st.sets(st.integers(0, 3)),
    since=st.integers(0, 5),
)
def test_equals_walking_every_attempt_and_its_days_make_the_levels(
    people, window, mode, days, since
):
    people = [sorted(events, key=lambda event: event[1]) for events in people]
    flat = [event for events in people for event in events]
    offsets = np.cumsum([0, *map(len, people)])
    stream, steps, exclusions = masked_stream(
        np.arange(len(people)), offsets, np.array([m for m, _ in flat], int),
        np.array([float(at) for _, at in flat]), STEPS,
    )  # fmt: skip
    given_ = {"mode": mode, "exclusions": exclusions}

    found = attempts_of(stream, steps, window, **given_, start_range=(since, 8))

    by_hand = [
        [offsets[who] + place for place in places]
        for who, events in enumerate(people)
        for start in range(len(events))
        if (places := walked(events, start, window, mode, since, 8))
    ]
    assert [[p for p in places if p >= 0] for places in found.places.tolist()] == by_hand
    assert found.levels.tolist() == [len(places) for places in by_hand]

    # Over any set of days the best of the buckets is the level of whoever starts in these days.
    everything = attempts_of(stream, steps, window, **given_)
    furthest = everything.best(np.zeros(len(everything.levels), np.intp))
    completed = furthest.only(np.flatnonzero(furthest.levels == STEPS))
    assert [
        completed.people.tolist(), completed.places[:, 0].tolist(), completed.places[:, -1].tolist()
    ] == [places.tolist() for places in stream.conversions(steps, window, **given_)]  # fmt: skip
    day = (stream.times[everything.places[:, 0]] // 3).astype(int)
    best = everything.best(day)
    chosen = np.isin((stream.times[best.places[:, 0]] // 3).astype(int), list(days))
    levels = np.zeros(len(people), int)
    np.maximum.at(levels, best.people[chosen], best.levels[chosen])
    singly = [
        stream.levels(steps, window, **given_, start_range=(day * 3, day * 3 + 3)) for day in days
    ]
    assert levels.tolist() == np.max([np.zeros(len(people), int), *singly], axis=0).tolist()
    assert stream.levels(steps, window, **given_).tolist() == [
        int(everything.levels[everything.people == who].max(initial=0))
        for who in range(len(people))
    ]
