"""Segments by recency, frequency and money."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.rfm import SEGMENTS, rfm

NONE = SEGMENTS.index("none")


def _names(codes: np.ndarray) -> list[str]:
    return [SEGMENTS[code] for code in codes]


def test_ten_people_fall_into_fifths() -> None:
    days = np.arange(10.0)  # the first bought today
    found = rfm(days, np.arange(10, 0, -1.0), np.arange(10, 0, -1.0) * 20)

    assert found.recency.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert found.frequency.tolist() == found.money.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert _names(found.segments) == ["champions"] * 4 + ["loyal"] * 2 + ["lost"] * 4


def test_segments_of_the_corners() -> None:
    # recent and poor, long gone and rich
    found = rfm(
        np.array([0, 1, 2, 3, 90.0]), np.array([1, 2, 3, 4, 9.0]), np.array([1, 2, 3, 4, 9.0])
    )

    assert _names(found.segments) == [
        "potential_loyalists", "potential_loyalists", "loyal", "at_risk", "at_risk",
    ]  # fmt: skip


def test_equal_people_get_equal_scores() -> None:
    found = rfm(np.array([5.0] * 9), np.array([1.0] * 8 + [2]), np.array([10.0] * 9))

    assert found.recency.tolist() == [3] * 9
    assert found.frequency.tolist() == [3] * 8 + [5]


def test_one_buyer_is_in_the_middle_and_others_are_none() -> None:
    found = rfm(np.array([np.nan, 3.0]), np.array([0.0, 2]), np.array([0.0, 5]))

    assert found.recency.tolist() == [0, 3]
    assert _names(found.segments) == ["none", "loyal"]
    assert found.counts() == {
        "champions": 0, "loyal": 1, "potential_loyalists": 0, "at_risk": 0, "lost": 0, "none": 1,
    }  # fmt: skip


def test_nobody() -> None:
    assert rfm(np.array([]), np.array([]), np.array([])).counts()["none"] == 0


@pytest.mark.parametrize(
    ("days", "times", "spent", "names"),
    [
        ([1], [1, 2], [1], "lengths"),
        ([1], [-1], [1], "purchases"),
        ([1], [np.nan], [1], "purchases"),
        ([np.nan], [1], [1], "days_since_last"),
        ([-1], [1], [1], "days_since_last"),
        ([1], [1], [np.inf], "spent"),
    ],
)
def test_what_cannot_be_scored_is_named(days: list, times: list, spent: list, names: str) -> None:
    with pytest.raises(ValueError, match=names):
        rfm(np.array(days, dtype=float), np.array(times, dtype=float), np.array(spent, dtype=float))


PEOPLE = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 30), st.integers(-50, 5_000)),
    min_size=1,
    max_size=60,
)


@given(PEOPLE, st.randoms(use_true_random=False))
def test_order_of_people_changes_nothing(people: list[tuple], chance: object) -> None:
    order = list(range(len(people)))
    chance.shuffle(order)
    one = rfm(*np.array(people, dtype=float).T)
    other = rfm(*np.array(people, dtype=float)[order].T)

    assert one.segments[order].tolist() == other.segments.tolist()


@given(PEOPLE)
def test_better_values_never_score_less(people: list[tuple]) -> None:
    days, times, spent = np.array(people, dtype=float).T
    found = rfm(days, times, spent)
    buyers = times > 0

    for values, scores in ((-days, found.recency), (times, found.frequency), (spent, found.money)):
        order = np.argsort(values[buyers], kind="stable")
        assert (np.diff(scores[buyers][order]) >= 0).all()
        assert set(scores[buyers].tolist()) <= {1, 2, 3, 4, 5}
    assert ((found.segments == NONE) == ~buyers).all()
