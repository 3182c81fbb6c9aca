"""Money and messages over days: pace, spreading, and who fits into a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.pacing import (
    Pace,
    daily_budget,
    daily_limit,
    spread,
    within_budget,
)

NOW = np.datetime64("2026-11-22T12:00:00")


@pytest.mark.parametrize(
    ("spent", "days_gone", "factor"),
    [
        (51, 4, 0.7),  # 51 % of the money after 40 % of the days
        (50, 4, 1.0),  # ten points are not more than ten
        (30, 4, 1.0),
        (29, 4, 1.3),
        (0, 0, 1.0),
        (100, 9, 1.0),
    ],
)
def test_factor(spent, days_gone, factor) -> None:
    assert Pace(100, spent, 10, days_gone).factor == factor


def test_what_today_spends_does_not_slow_today() -> None:
    assert Pace(100, 51, 10, 4).factor == 0.7
    assert Pace(100, 51, 10, 4, ahead_micros=11).factor == 1.0
    assert Pace(100, 51, 10, 4, ahead_micros=25).factor == 1.3


def test_budget_and_limit_of_a_day() -> None:
    assert daily_budget(1_000, 3) == 333
    assert daily_budget(1_000, 0) == 1_000
    assert [daily_limit(10, one) for one in (0.7, 1.0, 1.3)] == [7, 10, 13]
    assert (daily_limit(1, 0.7), daily_limit(0, 1.3)) == (1, 0)
    assert Pace(0, 0, 1, 0).factor == 1.0
    assert Pace(5, 9, 1, 0).left_micros == 0


@pytest.mark.parametrize(("n", "minutes"), [(2, 30), (48, 30), (96, 15), (2_880, 0.5)])
def test_minutes_between_the_messages_of_a_whole_day(n, minutes) -> None:
    """min(1,440 / n, 30)."""
    slots = spread(np.full(n, NOW), np.full(n, NOW + np.timedelta64(1, "D")))

    assert set(np.diff(slots) / np.timedelta64(1, "m")) == {minutes}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ((-1, 0, 1, 0), "budget_micros"),
        ((1, -1, 1, 0), "budget_micros"),
        ((1, 1, 3, 3), "days_gone"),
        ((1, 1, 0, 0), "days_gone"),
    ],
)
def test_a_pace_that_cannot_be_is_named(told, field) -> None:
    with pytest.raises(ValueError, match=rf"^{field}"):
        Pace(*told)


@given(st.lists(st.tuples(st.integers(0, 86_400), st.integers(1, 86_400)), max_size=40))
def test_spread_stays_in_the_time_of_each(rows) -> None:
    low = NOW + np.array([row[0] for row in rows], "timedelta64[s]")
    high = low + np.array([row[1] for row in rows], "timedelta64[s]")

    slots = spread(low, high)

    assert (slots >= low).all()
    assert (slots < high).all()
    assert (slots - low <= np.arange(len(rows)) * np.timedelta64(30, "m")).all()


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(0, 60))
def test_a_budget_is_a_prefix_of_what_costs(costs, left) -> None:
    fits = within_budget(np.array(costs, np.int64), left)

    paid = [fit for cost, fit in zip(costs, fits, strict=True) if cost]
    assert paid == sorted(paid, reverse=True)
    spent = sum(cost for cost, fit in zip(costs, fits, strict=True) if fit)
    assert spent <= left
    if not all(paid):
        closer = [cost for cost in costs if cost][sum(paid)]
        assert spent + closer > left
    assert all(fit for cost, fit in zip(costs, fits, strict=True) if not cost)
