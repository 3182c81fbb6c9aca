"""The hour at which people look, from little knowledge and from much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.send_time import best_hours


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


def test_nobody_and_nonsense() -> None:
    none = np.zeros(0, np.int64)
    assert best_hours(np.zeros((0, 24)), np.zeros((1, 24)), none).size == 0
    with pytest.raises(ValueError, match=r"^person: its shape is \(1, 23\)"):
        best_hours(np.zeros((1, 23)), np.zeros((1, 24)), none)
    with pytest.raises(ValueError, match=r"^segment: -1.0 is no count"):
        best_hours(np.zeros((1, 24)), np.full((1, 24), -1.0), none)
