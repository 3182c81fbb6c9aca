"""Days that fill up: who is taken, who waits, what money the days have."""

from __future__ import annotations

import numpy as np

from outreach.engine.day_plan import UNLIMITED, DayPlan, DayPlanner, Room
from outreach.engine.send_time import Times
from outreach.engine.zones import NEVER

NOW = np.datetime64("2026-11-22T00:00:00")
DAY = np.timedelta64(1, "D")


def planned(
    costs: list[int],
    days: list[set[int]],
    *,
    messages: tuple[int, ...] = (UNLIMITED,) * 4,
    left: int = UNLIMITED,
    used: tuple[int, ...] = (),
) -> DayPlan:
    """Plan over four days; each message can go at the noon of some of them."""
    bounds = NOW + np.arange(5) * DAY
    noons = [[NOW + day * DAY + DAY // 2 for day in sorted(some)] for some in days]

    def times(rows, at) -> Times:
        low = [
            next((noon for noon in noons[row] if noon >= when), NEVER)
            for row, when in zip(rows, at, strict=True)
        ]
        low = np.array(low, "datetime64[s]")
        return Times(low, low + np.timedelta64(1, "h"))

    planner = DayPlanner(Room(bounds, messages, left, used), np.array(costs), times)
    return planner.plan(np.full(len(costs), NOW), is_spread=False)


EVERY = {0, 1, 2, 3}


def test_the_first_ones_first() -> None:
    found = planned([0] * 6, [EVERY] * 6, messages=(2, 1, 0, 9))

    assert found.day.tolist() == [0, 0, 1, 3, 3, 3]
    assert found.is_moved.tolist() == [False, False, True, True, True, True]


def test_who_can_only_come_later_is_in_the_order_of_that_day() -> None:
    """The second cannot go before the third day; there it is taken before those who waited."""
    found = planned([0] * 4, [EVERY, {2}, EVERY, EVERY], messages=(1, 0, 2, 9))

    assert found.day.tolist() == [0, 2, 2, 3]
    assert found.is_moved.tolist() == [False, False, True, True]


def test_who_misses_a_day_comes_on_the_next_that_suits() -> None:
    found = planned([0] * 3, [{0}, {0, 2}, {0}], messages=(1, 9, 9, 9))

    assert found.day.tolist() == [0, 2, -1]


def test_a_message_that_does_not_fit_closes_the_day_for_those_that_cost() -> None:
    """Eight for four days: two a day; the five wait until enough is left for a day."""
    found = planned([1, 5, 1, 0], [EVERY] * 4, left=8)

    assert found.day.tolist() == [0, 3, 3, 0]


def test_who_cannot_come_does_not_close_it() -> None:
    """The dear one has missed its only day, so the cheap one behind it is not kept out."""
    found = planned([3, 1], [{0}, {1, 2}], left=8)

    assert found.day.tolist() == [-1, 1]
    assert found.is_short_of_money.tolist() == [True, False]


def test_money_of_later_days_that_is_used_already_is_taken_off_them() -> None:
    """Twelve in all, of which the third day has used three: three a day, and none on that one."""
    found = planned([1] * 12, [EVERY] * 12, left=9, used=(0, 0, 3))

    assert np.bincount(found.day + 1).tolist() == [3, 3, 3, 0, 3]


def test_what_is_left_over_goes_to_the_days_after() -> None:
    found = planned([3] * 4, [EVERY] * 4, left=12, messages=(1, 0, 9, 9))

    assert found.day.tolist() == [0, 2, 3, 3]


def test_no_messages() -> None:
    assert planned([], []).day.tolist() == []


def test_channels_let_out_so_many_a_day_whatever_else_has_room() -> None:
    bounds = NOW + np.arange(4) * DAY
    room = Room(bounds, (4,) * 3, UNLIMITED, (), of_channel=np.array([[1, 9], [2, 9], [4, 9]]))

    def times(rows, at) -> Times:
        return Times(at + DAY // 2, at + DAY // 2)

    planner = DayPlanner(room, np.array([0, 1, 0, 0, 1, 0]), times, np.array([0, 0, 0, 1, 0, 0]))
    plan = planner.plan(np.full(6, NOW), is_spread=False)

    assert plan.day.tolist() == [0, 1, 1, 0, 2, 2]
    assert plan.is_moved.tolist() == [False, True, True, False, True, True]
