"""Scores of advocates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.social.advocates import (
    TIERS,
    Facts,
    advocate_scores,
    facts_of,
    is_active,
    tiers_of,
)

NOW = np.datetime64("2026-11-22T12:00:00")
DAY = np.timedelta64(1, "D")


def _facts(ages: list[float], **given_: list) -> Facts:
    people = np.array(given_.get("people", [1] * len(ages)))
    moments = NOW - (np.array(ages) * 86_400).astype("timedelta64[s]")
    values = np.array(given_.get("values", [6.0] * len(ages)))
    feelings = np.array(given_.get("feelings", [np.nan] * len(ages)))
    return facts_of(people, moments, values, feelings, NOW)


def test_what_people_did_is_added_up() -> None:
    found = _facts(
        [1, 2, 40, 5, 70],
        people=[7, 7, 7, 3, 9],
        values=[6.0, 10, 2, 2, 8],
        feelings=[0.5, np.nan, -1, np.nan, 1],
    )

    assert found.people.tolist() == [3, 7, 9]
    assert found.recent.tolist() == [1, 2, 0]
    assert found.quality.tolist() == [2, 8, 0]
    assert found.feeling.tolist()[1] == 0.5
    assert np.isnan(found.feeling).tolist() == [True, False, True]
    assert found.weeks.tolist() == [1, 2, 0]  # 1 and 2 days are one week, 40 days another
    assert found.idle_days.tolist() == [5, 1, 70]
    assert is_active(found).tolist() == [True, True, False]


def test_a_perfect_advocate_has_a_hundred() -> None:
    ages = [*range(30), *(7 * week + 0.5 for week in range(8))]
    found = _facts(ages, values=[10.0] * 38, feelings=[1.0] * 38)

    assert advocate_scores(found, np.array([100_000])).tolist() == [100]


def test_parts_of_the_score() -> None:
    found = _facts([1.0], values=[6.0])

    frequency = 30 * np.log(2) / np.log(31)
    assert advocate_scores(found, np.array([0])).tolist() == [
        pytest.approx(frequency + 18 + 7.5 + 0 + 1.25)
    ]
    assert advocate_scores(found, np.array([1_000])) - advocate_scores(found, np.array([0])) == (
        pytest.approx(9)
    )


def test_who_did_nothing_lately_keeps_followers_and_weeks() -> None:
    assert advocate_scores(_facts([40.0]), np.array([10])).tolist() == [pytest.approx(3 + 1.25)]


@pytest.mark.parametrize(
    ("score", "tier"),
    [(0, "none"), (39.99, "none"), (40, "bronze"), (59.9, "bronze"), (60, "silver"), (75, "gold"),
     (89.9, "gold"), (90, "platinum"), (100, "platinum")],
)  # fmt: skip
def test_tiers(score: float, tier: str) -> None:
    assert TIERS[tiers_of(np.array([score]))[0]] == tier


@pytest.mark.parametrize(("days", "active"), [(60, True), (60.01, False)])
def test_sixty_days_make_inactive(days: float, active: bool) -> None:
    assert is_active(_facts([days])).tolist() == [active]


def test_nobody_and_the_future() -> None:
    assert advocate_scores(_facts([]), np.array([])).tolist() == []
    with pytest.raises(ValueError, match="after now"):
        _facts([-1.0])
    with pytest.raises(ValueError, match="lengths"):
        facts_of(np.array([1]), np.array([NOW]), np.array([]), np.array([1.0]), NOW)


VALUES = st.sampled_from([2.0, 6.0, 10.0])
EVENTS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 80), VALUES, st.floats(-1, 1)),
    min_size=1,
    max_size=40,
)


@given(EVENTS, st.integers(0, 10**8))
def test_scores_stay_between_0_and_100_and_more_followers_never_harm(
    events: list[tuple], followers: int
) -> None:
    people, ages, values, feelings = map(list, zip(*events, strict=True))
    found = _facts(ages, people=people, values=values, feelings=feelings)
    scores = advocate_scores(found, np.full(len(found.people), followers))

    assert ((scores >= 0) & (scores <= 100)).all()
    assert (advocate_scores(found, np.full(len(found.people), followers + 1)) >= scores).all()
