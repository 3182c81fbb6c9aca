"""The funnel engine: its contract by example, and against brute force."""

from __future__ import annotations

from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine.funnel import MODES, Stream, funnel_counts
from tests.examples import examples


def frame(*rows):
    """Events from (person, event, timestamp)."""
    return pd.DataFrame(list(rows), columns=["person", "event", "timestamp"])


def counts(*rows, steps="abc", window=10.0, **options):
    return funnel_counts(frame(*rows), list(steps), window, **options)


def one(events, **options):
    """Counts of one person whose events are a second apart, written as letters."""
    return counts(*((1, name, float(at)) for at, name in enumerate(events)), **options)


@pytest.mark.parametrize(
    ("events", "reached"),
    [
        ("abc", [1, 1, 1]),
        ("axbxc", [1, 1, 1]),
        ("acb", [1, 1, 0]),
        ("cba", [1, 0, 0]),
        ("bc", [0, 0, 0]),
        ("aab", [1, 1, 0]),
    ],
)
def test_anything_may_happen_between(events, reached):
    assert one(events) == reached


@pytest.mark.parametrize(
    ("events", "reached"),
    [("abc", [1, 1, 1]), ("abxc", [1, 1, 0]), ("axbabc", [1, 1, 1]), ("aabc", [1, 1, 1])],
)
def test_strict_steps_follow_each_other(events, reached):
    assert one(events, mode="strict") == reached


@pytest.mark.parametrize(
    ("events", "reached"), [("cab", [1, 1, 1]), ("cc", [1, 0, 0]), ("bxa", [1, 1, 0])]
)
def test_any_order_counts_distinct_steps(events, reached):
    assert one(events, mode="any_order") == reached


def test_the_window_is_inclusive_and_a_later_start_saves_a_person():
    late = [(1, "a", 0.0), (1, "a", 5.0), (1, "b", 11.0), (1, "c", 15.0)]

    assert counts(*late, window=10) == [1, 1, 1]
    assert counts(*late, window=9.999) == [1, 1, 0]


@pytest.mark.parametrize("mode", MODES)
def test_one_event_serves_one_step(mode):
    assert one("a", steps="aa", mode=mode) == [1, 0]
    assert one("aa", steps="aa", mode=mode) == [1, 1]


def test_equal_times_count_in_stored_order():
    assert counts((1, "a", 1.0), (1, "b", 1.0), steps="ab") == [1, 1]
    assert counts((1, "b", 1.0), (1, "a", 1.0), steps="ab") == [1, 0]


@pytest.mark.parametrize("mode", MODES)
def test_alternatives_serve_a_step(mode):
    steps = [("a", "x"), "b"]

    assert one("xb", steps=steps, mode=mode) == [1, 1]


def test_steps_that_share_events_compete_for_them():
    steps = [("a", "b"), ("a",), ("b", "c")]

    assert one("ab", steps=steps, mode="any_order") == [1, 1, 0]
    assert one("abc", steps=steps, mode="any_order") == [1, 1, 1]
    assert one("ccc", steps=steps, mode="any_order") == [1, 0, 0]


@pytest.mark.parametrize(
    ("events", "reached"), [("axb", [1, 0]), ("axab", [1, 1]), ("xab", [1, 1]), ("abx", [1, 1])]
)
def test_an_excluded_event_between_ends_the_attempt(events, reached):
    assert one(events, steps="ab", exclusions=["x"]) == reached


def test_people_do_not_complete_each_others_paths():
    assert counts((1, "a", 0.0), (2, "b", 1.0), (1, "b", 2.0), steps="ab") == [1, 1]


@pytest.mark.parametrize("mode", MODES)
def test_without_events_nobody_gets_anywhere(mode):
    assert counts(mode=mode) == [0, 0, 0]
    assert one("zzz", mode=mode) == [0, 0, 0]


def test_time_to_convert_is_of_the_first_completion_started_last():
    stream = Stream.of(frame(*((1, name, float(at)) for at, name in enumerate("aabxcabc"))))

    people, first, last = stream.conversions(list("abc"), 10.0)

    assert (people.tolist(), first.tolist(), last.tolist()) == ([0], [1], [4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "loose"}, "mode is 'loose': choose one of ordered, strict, any_order"),
        ({"steps": []}, "steps: give a list of 1 to 20"),
        ({"steps": ["a"] * 21}, "steps: give a list of 1 to 20"),
        ({"window_seconds": -1}, "window_seconds is -1"),
        ({"window_seconds": float("nan")}, "window_seconds is nan"),
        ({"events": frame((1, "a", float("inf")))}, "finite number of seconds"),
        ({"events": pd.DataFrame({"person": []})}, "events has no column 'event'"),
        ({"steps": ["a"] * 11, "mode": "any_order"}, "11 steps in any order share events"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(change, message):
    asked = {"events": frame((1, "a", 0.0)), "steps": ["a"], "window_seconds": 1.0, **change}

    with pytest.raises(ValueError, match=message):
        funnel_counts(**asked)


# A person's events are (event, timestamp) in time order; every attempt is tried by hand.


def furthest(events, steps, window, mode, banned):
    """Most steps that any attempt reaches, by trying all of them."""
    starts = range(len(events))
    if mode == "any_order":
        spans = [events[i : j + 1] for i in starts for j in range(i, len(events))]
        return max((_most(span, steps, window, banned) for span in spans), default=0)
    return max((_walk(events[i:], steps, window, mode, banned) for i in starts), default=0)


def _walk(events, steps, window, mode, banned):
    """Furthest step of attempts that begin at the first event, by depth-first search."""
    if events[0][0] not in steps[0]:
        return 0

    def go(at, level):
        best = level
        following = range(at + 1, len(events)) if level < len(steps) else ()
        for place in following[:1] if mode == "strict" else following:
            name, time = events[place]
            if name in steps[level] and time - events[0][1] <= window:
                best = max(best, level + 1 if name in banned else go(place, level + 1))
            if name in banned:
                break
        return best

    return go(0, 1)


def _most(chosen, steps, window, banned):
    if chosen[-1][1] - chosen[0][1] > window or any(name in banned for name, _ in chosen[1:-1]):
        return 0
    names = [name for name, _ in chosen]
    sized = list(range(len(steps)))
    return max(_served([steps[k] for k in order], names) for order in permutations(sized))


def _served(steps, names):
    """Steps served when each in turn takes the first event left that serves it."""
    left, count = list(names), 0
    for step in steps:
        taken = next((name for name in left if name in step), None)
        if taken is not None:
            left.remove(taken)
            count += 1
    return count


names = st.sampled_from("abcd")
step = st.one_of(names.map(lambda name: (name,)), st.sets(names, min_size=2, max_size=3).map(tuple))
person = st.lists(st.tuples(names, st.integers(0, 6)), max_size=7)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=examples(200))
@given(
    people=st.lists(person, max_size=3),
    steps=st.lists(step, min_size=1, max_size=4),
    window=st.integers(0, 7),
    banned=st.sets(names, max_size=1),
)
def test_equals_trying_every_attempt(mode, people, steps, window, banned):
    rows = [(who, name, float(at)) for who, events in enumerate(people) for name, at in events]
    found = funnel_counts(frame(*rows), steps, float(window), mode=mode, exclusions=banned)
    reached = [
        furthest(sorted(events, key=lambda e: e[1]), steps, window, mode, banned)
        for events in people
    ]

    assert found == [sum(level > k for level in reached) for k in range(len(steps))]


@settings(max_examples=examples(50))
@given(people=st.lists(person, max_size=3), window=st.integers(0, 7), data=st.data())
def test_the_order_of_rows_of_different_times_does_not_matter(people, window, data):
    rows = [
        (who, name, at + number / 10)
        for who, events in enumerate(people)
        for number, (name, at) in enumerate(events)
    ]
    mixed = data.draw(st.permutations(rows))

    for mode in MODES:
        assert counts(*mixed, window=window, mode=mode) == counts(*rows, window=window, mode=mode)
