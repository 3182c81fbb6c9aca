"""Rates and velocity at their edges: just allowed, just refused, and until when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.limits import (
    BudgetOwner,
    Change,
    Check,
    Limits,
    PastChange,
    platform_rate,
    rate,
    velocity,
    velocity_range,
)

NOW = dt.datetime(2026, 11, 21, 10, 40, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")
LIMITS = Limits()


def ago(**kwargs: float) -> dt.datetime:
    return NOW - dt.timedelta(**kwargs)


def budget(before: str, after: str) -> Change:
    return Change("budget", Decimal(before), Decimal(after))


def owner(live: str, target: str, *past: PastChange) -> BudgetOwner:
    return BudgetOwner(Decimal(live), Decimal(target), past)


def past(hours_ago: float, old: str, new: str) -> PastChange:
    return PastChange(ago(hours=hours_ago), Decimal(old), Decimal(new))


def judge_rate(
    campaign: list[dt.datetime],
    workspace: list[dt.datetime] | None = None,
    *,
    running: int = 0,
    workspace_running: int = 0,
    zone: ZoneInfo = UTC,
    now: dt.datetime = NOW,
) -> Check:
    return rate(
        campaign_calls=campaign,
        campaign_running=running,
        workspace_calls=workspace or [],
        workspace_running=workspace_running,
        now=now,
        zone=zone,
        limits=LIMITS,
    )


def judge_velocity(item: BudgetOwner, siblings: tuple[BudgetOwner, ...] = (), now=NOW) -> Check:
    change = Change("budget", item.live, item.target)
    return velocity(change, item, siblings=siblings, now=now, limits=LIMITS)


def test_fifteenth_call_in_an_hour_is_allowed_and_the_sixteenth_waits_for_the_oldest():
    calls = [ago(minutes=m) for m in range(1, 15)]

    assert judge_rate(calls).verdict == "passed"

    refused = judge_rate([*calls, ago(minutes=59)])
    assert refused.verdict == "deferred"
    assert refused.not_before == NOW + dt.timedelta(minutes=1)


def test_call_sent_exactly_an_hour_ago_no_longer_counts():
    calls = [ago(minutes=m) for m in range(1, 15)]

    assert judge_rate([*calls, ago(hours=1)]).verdict == "passed"
    assert judge_rate([*calls, ago(hours=1) + dt.timedelta(seconds=1)]).verdict == "deferred"


def test_running_claims_count_as_calls():
    calls = [ago(minutes=30)] * 10

    assert judge_rate(calls, running=4).verdict == "passed"
    assert judge_rate(calls, running=5).not_before == NOW + dt.timedelta(minutes=30)


def test_only_running_claims_defer_by_a_whole_hour():
    assert judge_rate([], running=15).not_before == NOW + dt.timedelta(hours=1)


def test_hundredth_call_of_the_workspace_day_passes_and_the_next_waits_for_midnight():
    calls = [ago(hours=5)] * 98

    assert judge_rate([], calls, workspace_running=1).verdict == "passed"

    refused = judge_rate([], calls, workspace_running=2)
    assert refused.not_before == dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def test_workspace_day_is_cut_in_the_workspace_zone():
    tokyo = ZoneInfo("Asia/Tokyo")  # 19:40 there; its day began 15:00 UTC yesterday
    yesterday_there = [dt.datetime(2026, 11, 20, 14, 59, tzinfo=dt.UTC)] * 100
    today_there = [dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)] * 100

    assert judge_rate([], yesterday_there, zone=tokyo).verdict == "passed"
    refused = judge_rate([], today_there, zone=tokyo)
    assert refused.not_before == dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC)


def test_next_midnight_is_right_on_a_25_hour_day():
    berlin = ZoneInfo("Europe/Berlin")
    now = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)  # 02:30 summer time, first of two

    refused = judge_rate([], [now] * 100, zone=berlin, now=now)

    assert refused.not_before == dt.datetime(2026, 10, 25, 23, 0, tzinfo=dt.UTC)


def test_both_rates_used_up_defers_to_the_later_moment():
    now = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)
    calls = [now - dt.timedelta(minutes=5)] * 15

    refused = judge_rate(calls, [now - dt.timedelta(hours=3)] * 100, now=now)

    assert refused.not_before == dt.datetime(2026, 11, 22, 0, 25, tzinfo=dt.UTC)


def judge_platform(calls: list[dt.datetime], running: int = 0, **kwargs) -> Check:
    change = kwargs.pop("change", budget("100", "110"))
    applies = kwargs.pop("applies", True)
    return platform_rate(
        change, calls=calls, running=running, applies=applies, now=NOW, limits=LIMITS
    )


def test_fourth_budget_change_of_an_ad_set_passes_and_the_fifth_waits():
    calls = [ago(minutes=m) for m in (50, 40, 30)]

    assert judge_platform(calls).verdict == "passed"
    assert judge_platform(calls, running=1).not_before == NOW + dt.timedelta(minutes=10)
    assert judge_platform([*calls, ago(minutes=20)]).not_before == NOW + dt.timedelta(minutes=10)


@pytest.mark.parametrize("kwargs", [{"applies": False}, {"change": Change("status")}])
def test_platform_rate_is_for_budgets_where_the_platform_counts(kwargs):
    assert judge_platform([ago(minutes=1)] * 9, **kwargs).verdict == "not_applicable"


@pytest.mark.parametrize(
    ("target", "verdict"),
    [("120", "passed"), ("120.01", "blocked"), ("80", "passed"), ("79.99", "blocked")],
)
def test_first_change_counts_against_the_live_budget(target, verdict):
    assert judge_velocity(owner("100", target)).verdict == verdict


def test_later_change_counts_from_the_start_of_the_window():
    item = owner("115", "120", past(2, "100", "110"), past(1, "110", "115"))

    assert judge_velocity(item).verdict == "passed"

    refused = judge_velocity(owner("115", "121", *item.past))
    assert refused.verdict == "deferred"
    assert refused.not_before == NOW + dt.timedelta(hours=4)


def test_deferral_ends_when_enough_changes_have_left_the_window():
    item = owner("115", "135", past(2, "100", "110"), past(1, "110", "115"))

    # At +4 h the window starts from 110 (limit 132), at +5 h from the live 115 (limit 138).
    assert judge_velocity(item).not_before == NOW + dt.timedelta(hours=5)


def test_change_completed_exactly_six_hours_ago_has_left_the_window():
    assert judge_velocity(owner("120", "144", past(6, "100", "120"))).verdict == "passed"
    assert judge_velocity(owner("120", "144", past(5.999, "100", "120"))).verdict == "deferred"


def test_moving_back_is_judged_against_the_start_of_the_window_too():
    assert judge_velocity(owner("120", "80", past(1, "100", "120"))).verdict == "passed"
    assert judge_velocity(owner("120", "79", past(1, "100", "120"))).verdict == "blocked"


def test_sum_of_the_ad_sets_is_limited_as_well():
    sibling = owner("100", "135")  # a running claim, counted as completing now
    item = owner("100", "115")

    alone, together = judge_velocity(item), judge_velocity(item, (sibling,))

    assert alone.verdict == "passed"
    assert together.verdict == "deferred"  # 250 of at most 240
    assert together.not_before == NOW + dt.timedelta(hours=6)


def test_status_changes_have_no_velocity():
    check = velocity(Change("status"), owner("1", "1"), now=NOW, limits=LIMITS)

    assert check.verdict == "not_applicable"


def test_velocity_range_names_what_is_left_of_the_window():
    item = owner("110", "110", past(1, "100", "110"))

    assert velocity_range(item, now=NOW, limits=LIMITS) == (Decimal(80), Decimal(120))


amounts = st.decimals("1", "10000", places=2)


@st.composite
def owners(draw: st.DrawFn) -> BudgetOwner:
    hours = draw(st.lists(st.floats(0, 12), max_size=4))
    changes = tuple(PastChange(ago(hours=h), draw(amounts), draw(amounts)) for h in hours)
    return BudgetOwner(draw(amounts), draw(amounts), changes)


@given(owners(), st.lists(owners(), max_size=3))
def test_deferred_velocity_passes_at_its_moment_and_not_a_microsecond_before(item, siblings):
    settled = tuple(BudgetOwner(s.live, s.live, s.past) for s in siblings)
    check = judge_velocity(item, settled)

    if check.not_before is not None:
        just_before = check.not_before - dt.timedelta(microseconds=1)
        assert judge_velocity(item, settled, now=check.not_before).verdict == "passed"
        assert judge_velocity(item, settled, now=just_before).verdict == "deferred"


@given(owners())
def test_velocity_passes_exactly_inside_the_velocity_range(item):
    low, high = velocity_range(item, now=NOW, limits=LIMITS)

    assert (judge_velocity(item).verdict == "passed") == (low <= item.target <= high)
