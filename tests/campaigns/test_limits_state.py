"""Amounts, learning, ignorance, freshness, blackout and drift at their edges."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.limits import (
    Change,
    Check,
    Limits,
    blackout,
    bounds,
    drift,
    freshness,
    ignorance,
    learning,
    next_free_moment,
)

NOW = dt.datetime(2026, 11, 21, 10, 40, tzinfo=dt.UTC)  # a Saturday
UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
PAUSE = Change("status", pauses=True)


def budget(before: str, after: str, rate: str | None = "1") -> Change:
    return Change("budget", Decimal(before), Decimal(after), rate=rate and Decimal(rate))


def judge_bounds(change: Change, total: str | None = None, **policy) -> Check:
    limits = Limits(**{name: Decimal(value) for name, value in policy.items()})
    total_after = None if total is None else Decimal(total)
    return bounds(change, workspace_total_after=total_after, limits=limits)


@pytest.mark.parametrize(
    ("change", "policy", "verdict"),
    [
        (budget("100", "150"), {}, "passed"),
        (budget("100", "150.01"), {}, "blocked"),
        (budget("100", "50"), {}, "passed"),
        (budget("100", "49.99"), {}, "blocked"),
        (budget("1.5", "1"), {}, "passed"),
        (budget("1.5", "0.99"), {}, "blocked"),
        (budget("100", "120"), {"max_daily_budget": "120"}, "passed"),
        (budget("100", "120.01"), {"max_daily_budget": "120"}, "blocked"),
        (budget("300", "200"), {"max_daily_budget": "120"}, "passed"),
        (budget("0.5", "0.7"), {}, "passed"),
        (Change("bid", Decimal(2), Decimal(3)), {}, "passed"),
        (Change("bid", Decimal(2), Decimal("3.01")), {}, "blocked"),
        (PAUSE, {}, "not_applicable"),
    ],
)
def test_bounds_at_their_edges(change, policy, verdict):
    assert judge_bounds(change, **policy).verdict == verdict


def test_workspace_total_holds_increases_only():
    limit = {"max_workspace_daily_total": "1000"}

    assert judge_bounds(budget("100", "110"), "1000", **limit).verdict == "passed"
    assert judge_bounds(budget("100", "110"), "1000.01", **limit).verdict == "blocked"
    assert judge_bounds(budget("110", "100"), "1200", **limit).verdict == "passed"
    assert judge_bounds(budget("100", "110"), None, **limit).verdict == "warning"


def test_amounts_are_compared_in_workspace_currency_or_not_at_all():
    limit = {"max_daily_budget": "55"}

    assert judge_bounds(budget("100", "110", "0.5"), **limit).verdict == "passed"
    assert judge_bounds(budget("100", "110.01", "0.5"), **limit).verdict == "blocked"
    assert judge_bounds(budget("100", "110", None), **limit).verdict == "warning"
    assert judge_bounds(budget("100", "151", None), **limit).verdict == "blocked"


@pytest.mark.parametrize(
    ("change", "reported", "events", "verdict"),
    [
        (budget("100", "120"), True, None, "passed"),
        (budget("100", "120.01"), True, None, "blocked"),
        (budget("100", "79.99"), True, None, "blocked"),
        (budget("100", "150"), False, 3, "passed"),
        (budget("100", "150"), None, 49, "blocked"),
        (budget("100", "150"), None, 50, "passed"),
        (budget("100", "150"), None, None, "not_applicable"),
        (PAUSE, True, None, "blocked"),
        (Change("status"), True, None, "passed"),
    ],
)
def test_learning_holds_kills_and_large_edits(change, reported, events, verdict):
    check = learning(change, reported_learning=reported, events_7d=events, limits=Limits())

    assert check.verdict == verdict


@pytest.mark.parametrize("change", [budget("96", "120"), PAUSE])
def test_learning_keeps_nobody_from_an_undo(change):
    undo = replace(change, puts_back=True)

    assert learning(change, reported_learning=True, limits=Limits()).verdict == "blocked"
    assert learning(undo, reported_learning=True, limits=Limits()).verdict == "warning"


def test_learning_only_warns_when_the_policy_says_so():
    limits = Limits(learning_mode="warning")

    assert learning(PAUSE, reported_learning=True, limits=limits).verdict == "warning"


def judge_ignorance(age: dt.timedelta, spend: str | None, rule: str = "or") -> Check:
    return ignorance(
        is_kill=True,
        started_at=NOW - age,
        spend=None if spend is None else Decimal(spend),
        now=NOW,
        limits=Limits(ignorance_rule=rule),
    )


TWO_DAYS, MOMENT = dt.timedelta(days=2), dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("age", "spend", "rule", "verdict"),
    [
        (TWO_DAYS, "100", "or", "passed"),
        (TWO_DAYS - MOMENT, "100", "or", "deferred"),
        (TWO_DAYS, "99.99", "or", "blocked"),
        (TWO_DAYS, None, "or", "blocked"),
        (TWO_DAYS - MOMENT, "100", "and", "passed"),
        (TWO_DAYS, "99.99", "and", "passed"),
        (TWO_DAYS - MOMENT, "99.99", "and", "deferred"),
    ],
)
def test_ignorance_zone_just_inside_and_just_outside(age, spend, rule, verdict):
    assert judge_ignorance(age, spend, rule).verdict == verdict


def test_ignorance_by_age_ends_at_two_days():
    check = judge_ignorance(dt.timedelta(days=1.5), "500")

    assert check.not_before == NOW + dt.timedelta(hours=12)


def test_ignorance_concerns_kills_only():
    check = ignorance(is_kill=False, started_at=NOW, spend=None, now=NOW, limits=Limits())

    assert check.verdict == "not_applicable"


@pytest.mark.parametrize(
    ("age_h", "automatic", "verdict"),
    [(24, True, "passed"), (24.001, True, "blocked"), (24.001, False, "warning")],
)
def test_freshness_at_24_hours(age_h, automatic, verdict):
    at = NOW - dt.timedelta(hours=age_h)

    check = freshness(performance_at=at, automatic=automatic, now=NOW, limits=Limits())

    assert check.verdict == verdict


def test_no_figures_at_all_stop_a_machine():
    check = freshness(performance_at=None, automatic=True, now=NOW, limits=Limits())

    assert check.verdict == "blocked"


@pytest.mark.parametrize(
    ("change", "planned", "live", "verdict"),
    [
        (budget("100", "110"), Decimal(100), Decimal(101), "passed"),
        (budget("100", "110"), Decimal(100), Decimal("101.01"), "blocked"),
        (budget("100", "110"), "100", "98.99", "blocked"),
        (Change("bid", Decimal(1), Decimal(2)), "1.00", "1", "passed"),
        (PAUSE, "ACTIVE", "ACTIVE", "passed"),
        (PAUSE, "ACTIVE", "PAUSED", "blocked"),
    ],
)
def test_drift_allows_one_percent_of_a_budget_and_nothing_of_a_status(
    change, planned, live, verdict
):
    assert drift(change, planned=planned, live=live, limits=Limits()).verdict == verdict


def local(zone: ZoneInfo, *args: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*args, tzinfo=zone, fold=fold).astimezone(dt.UTC)


def weekly(weekday: int, start: str, end: str) -> Limits:
    window = (weekday, dt.time.fromisoformat(start), dt.time.fromisoformat(end))
    return Limits(blackout_weekly=(window,))


def test_blackout_window_holds_from_its_start_until_its_end():
    limits = weekly(5, "11:00", "12:30")  # Saturday in Berlin

    before = local(BERLIN, 2026, 11, 21, 10, 59, 59)
    assert blackout(before, zone=BERLIN, limits=limits).verdict == "passed"
    held = blackout(local(BERLIN, 2026, 11, 21, 11, 0), zone=BERLIN, limits=limits)
    assert held.not_before == local(BERLIN, 2026, 11, 21, 12, 30)
    assert blackout(held.not_before, zone=BERLIN, limits=limits).verdict == "passed"


def test_window_over_midnight_reaches_into_the_next_day():
    limits = weekly(4, "22:00", "06:00")  # Friday night

    held = blackout(local(BERLIN, 2026, 11, 21, 5, 0), zone=BERLIN, limits=limits)

    assert held.not_before == local(BERLIN, 2026, 11, 21, 6, 0)


def test_adjoining_blackouts_are_left_in_one_jump():
    window = (4, dt.time(20), dt.time(0))
    limits = Limits(
        blackout_weekly=(window,),
        blackout_dates=(dt.date(2026, 11, 21), dt.date(2026, 11, 22)),
    )

    held = blackout(local(BERLIN, 2026, 11, 20, 21, 0), zone=BERLIN, limits=limits)

    assert held.not_before == local(BERLIN, 2026, 11, 23, 0, 0)


def test_date_blackout_has_the_length_of_its_day_when_clocks_change():
    spring = Limits(blackout_dates=(dt.date(2026, 3, 29),))  # 23 hours in Berlin
    autumn = Limits(blackout_dates=(dt.date(2026, 10, 25),))  # 25 hours

    for limits, day, hours in ((spring, (2026, 3, 29), 23), (autumn, (2026, 10, 25), 25)):
        start = local(BERLIN, *day, 0, 0)
        held = blackout(start, zone=BERLIN, limits=limits)
        assert held.not_before - start == dt.timedelta(hours=hours)


def test_window_in_the_hour_that_happens_twice_holds_both_times():
    limits = weekly(6, "02:00", "02:30")  # Sunday 25 October 2026, 02:00-03:00 comes twice

    held = blackout(local(BERLIN, 2026, 10, 25, 2, 10), zone=BERLIN, limits=limits)

    assert held.not_before == local(BERLIN, 2026, 10, 25, 2, 30, fold=1)


def test_window_ending_in_the_missing_hour_still_ends():
    limits = weekly(6, "01:00", "02:30")  # Sunday 29 March 2026, 02:00-03:00 is skipped

    held = blackout(local(BERLIN, 2026, 3, 29, 1, 30), zone=BERLIN, limits=limits)

    assert held.not_before == local(BERLIN, 2026, 3, 29, 3, 30)


def test_windows_over_the_whole_week_block_with_advice():
    whole_day = tuple((day, dt.time(0), dt.time(0)) for day in range(7))

    check = blackout(NOW, zone=UTC, limits=Limits(blackout_weekly=whole_day))

    assert check.verdict == "blocked"
    assert "shorten" in check.why


@given(
    st.integers(0, 525_600).map(lambda m: NOW + dt.timedelta(minutes=m)),
    st.lists(st.tuples(st.integers(0, 6), st.times(), st.times()), max_size=4),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_next_free_moment_is_free(now, windows, zone):
    limits = Limits(blackout_weekly=tuple(windows))
    free = next_free_moment(now, zone=ZoneInfo(zone), limits=limits)

    if free is not None:
        assert free >= now
        assert blackout(free, zone=ZoneInfo(zone), limits=limits).verdict == "passed"
