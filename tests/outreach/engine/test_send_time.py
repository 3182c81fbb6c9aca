"""The hour at which people look, from little knowledge and from much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.send_time import best_hours, next_times
from outreach.engine.zones import Clock, Zones, spans_outside


def looks(**hours: int) -> np.ndarray:
    """Looks by hour, as `h9=3`."""
    found = np.zeros(24)
    for name, count in hours.items():
        found[int(name[1:])] = count
    return found


EVENING = looks(h20=600, h9=400)


@pytest.mark.parametrize(
    ("person", "segment", "hour"),
    [
        (looks(), EVENING, 20),  # nothing is known of the person
        (looks(h9=1), EVENING, 20),  # 1 + 4 < 6
        (looks(h9=3), EVENING, 9),  # 3 + 4 > 6
        (looks(h3=7), EVENING, 3),
        (looks(), looks(h20=49), -1),  # too little of both
        (looks(h3=9), looks(), -1),
        (looks(h3=10), looks(), 3),
        (looks(h7=5, h5=5), looks(), 5),  # the first of equals
        (looks(h3=10), looks(h20=49), 3),  # a segment of chance has no say
    ],
)
def test_the_person_moves_away_from_the_segment(person, segment, hour) -> None:
    assert best_hours(person[None, :], segment[None, :], np.zeros(1, np.int64))[0] == hour


@given(st.lists(st.lists(st.integers(0, 40), min_size=24, max_size=24), min_size=1, max_size=5))
def test_many_at_once_are_each_one_alone(rows) -> None:
    people = np.array(rows, np.float64)
    segments = np.stack([EVENING, looks()])
    which = np.arange(len(rows)) % 2

    found = best_hours(people, segments, which)

    for place in range(len(rows)):
        alone = best_hours(people[place : place + 1], segments, which[place : place + 1])
        assert found[place] == alone[0]


@pytest.mark.parametrize(
    ("hour", "at", "low", "high"),
    [
        (-1, "22T12:00", "22T12:00", "22T20:00"),
        (15, "22T12:00", "22T15:00", "22T16:00"),
        (12, "22T12:20", "22T12:20", "22T13:00"),  # it is that hour now
        (11, "22T12:20", "23T11:00", "23T12:00"),
        (3, "22T12:00", "23T09:00", "23T10:00"),  # in quiet hours: the hour after them
        (19, "22T21:00", "23T09:00", "23T14:00"),  # after all is over
        (8, "22T12:00", "23T09:00", "23T10:00"),
        (11, "23T12:00", "23T12:00", "23T14:00"),  # it comes too late: the first time allowed
        (-1, "23T14:00", None, None),
    ],
)
def test_when_the_hour_comes_next(hour, at, low, high) -> None:
    """Quiet from 20 to 9, and all is over on the 23rd at 14 h."""
    start = np.datetime64(f"2026-11-{at}:00")
    zero = np.zeros(1, np.int64)

    found = next_times(
        Clock.between(Zones((("UTC",),)), start, start + np.timedelta64(5, "D")),
        (spans_outside((20 * 60, 9 * 60)),),
        kind=zero, zone=zero, hour=np.array([hour], np.int8), at=np.array([start]),
        until=np.array([np.datetime64("2026-11-23T14:00:00")]),
    )  # fmt: skip

    told = [None if np.isnat(one) else str(one)[8:16] for one in (found.low[0], found.high[0])]
    assert told == [low, high]


def test_nobody_and_nonsense() -> None:
    none = np.zeros(0, np.int64)
    assert best_hours(np.zeros((0, 24)), np.zeros((1, 24)), none).size == 0
    with pytest.raises(ValueError, match=r"^person: its shape is \(1, 23\)"):
        best_hours(np.zeros((1, 23)), np.zeros((1, 24)), none)
    with pytest.raises(ValueError, match=r"^segment: -1.0 is no count"):
        best_hours(np.zeros((1, 24)), np.full((1, 24), -1.0), none)
