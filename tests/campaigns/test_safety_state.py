"""Bounds, learning, ignorance, freshness, blackout and the account's own state, at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from campaigns.models import AdAccount, AdSet
from tests.campaigns.change_steps import (
    ad_set_in,
    connected,
    days,
    judged,
    moment,
    policy_of,
    propose,
    sign,
    verdict,
)
from tests.workspaces.gate_steps import fresh
from workspaces.gate import Proposer, StateError
from workspaces.models import Connection, Status, Workspace
from workspaces.services import execution

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def ad_set(workspace):
    return ad_set_in(connected(workspace))


def said(judgement, name):
    (check,) = [check for check in judgement.checks if check.name == name]
    return check


@pytest.mark.parametrize(("value", "final"), [("110", "110"), ("110.01", "110"), ("115", "110")])
def test_plan_stops_at_the_largest_budget(workspace, ad_set, now, value, final):
    policy_of(workspace, max_daily_budget=Decimal(110))

    proposal = propose(ad_set, value, now)

    assert proposal.current_plan.content["after"] == final
    assert verdict(proposal, "bounds") == "passed"


@pytest.mark.parametrize(("value", "final"), [("90", "90"), ("89.99", "90")])
def test_plan_stops_at_the_smallest_budget(workspace, ad_set, now, value, final):
    policy_of(workspace, min_daily_budget=Decimal(90))

    assert propose(ad_set, value, now).current_plan.content["after"] == final


@pytest.mark.parametrize(("limit", "verdict_"), [("110", "passed"), ("109.99", "blocked")])
def test_stricter_bound_blocks_what_was_planned_before(workspace, ad_set, now, limit, verdict_):
    policy_of(workspace)
    proposal = propose(ad_set, 110, now)
    policy_of(workspace, max_daily_budget=Decimal(limit))

    assert said(judged(proposal, now), "bounds").verdict == verdict_


def test_claim_sends_back_what_a_newer_bound_forbids(workspace, ad_set, approver, now):
    policy_of(workspace)
    proposal = sign(propose(ad_set, 110, now), now, approver)
    policy_of(workspace, max_daily_budget=Decimal(105))

    assert not execution.claim(worker="w", now=now)

    proposal = fresh(proposal)
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.content["after"] == "105"


@pytest.mark.parametrize(("value", "verdict_"), [("110", "passed"), ("110.01", "blocked")])
def test_all_budgets_together_have_a_limit(workspace, ad_set, now, value, verdict_):
    policy_of(workspace, max_workspace_daily_total=Decimal(310))
    for _ in range(2):
        ad_set_in(ad_set.account)

    proposal = propose(ad_set, value, now)

    assert verdict(proposal, "bounds") == verdict_
    assert proposal.current_plan.is_blocked is (verdict_ == "blocked")


@pytest.mark.parametrize(
    ("change_pct", "velocity_pct", "final"), [("30", "50", "130"), ("50", "50", "150")]
)
def test_one_decision_moves_by_half_at_most(
    workspace, ad_set, now, change_pct, velocity_pct, final
):
    policy_of(workspace, max_change_pct=Decimal(change_pct), velocity_pct=Decimal(velocity_pct))

    proposal = propose(ad_set, 200, now)

    assert proposal.current_plan.content["after"] == final
    assert Decimal(proposal.ad_change.rest_value) == 200


@pytest.mark.parametrize(
    ("value", "mode", "verdict_"),
    [
        ("110", "block", "passed"),
        ("110.01", "block", "blocked"),
        ("110.01", "warning", "warning"),
        ("paused", "block", "blocked"),
        ("paused", "warning", "warning"),
    ],
)
def test_learning_phase_holds_kills_and_large_edits(workspace, ad_set, now, value, mode, verdict_):
    policy_of(workspace, learning_mode=mode, learning_edit_pct=Decimal(10))
    AdSet.objects.update(learning_status="learning")
    change_type = "status" if value == "paused" else "budget"

    proposal = propose(ad_set, value, now, change_type=change_type)

    assert verdict(proposal, "learning") == verdict_


def test_default_learning_guard_lets_a_fifth_through(workspace, ad_set, now):
    policy_of(workspace)
    AdSet.objects.update(learning_status="learning")

    assert verdict(propose(ad_set, 120, now), "learning") == "passed"


def test_blocked_plan_is_not_signed_by_anybody(workspace, ad_set, admin, now):
    policy_of(workspace)
    AdSet.objects.update(learning_status="learning")
    proposal = propose(ad_set, "paused", now, change_type="status")

    with pytest.raises(StateError, match="learning phase"):
        sign(proposal, now, admin)


@pytest.mark.parametrize(
    ("first_day", "spend", "verdict_", "until"),
    [
        (date(2026, 11, 19), 50, "passed", None),
        (date(2026, 11, 19), 49.99, "blocked", None),
        (date(2026, 11, 20), 100, "deferred", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2026, 11, 20), 99.99, "blocked", None),
    ],
)
def test_machine_never_kills_in_the_zone_of_ignorance(
    workspace, ad_set, now, first_day, spend, verdict_, until
):
    policy_of(workspace)
    # Two days of spend at a flat rate, or one; the zone ends with two days and 100 spent.
    count = (date(2026, 11, 20) - first_day).days + 1
    days(ad_set.account, [ad_set], count=count, spend=spend / (1.05 if count == 2 else 1))

    proposal = propose(ad_set, "paused", now, change_type="status")

    assert verdict(proposal, "ignorance") == verdict_
    assert moment(proposal, "ignorance") == until


def test_person_may_stop_what_a_machine_may_not(workspace, ad_set, operator, now):
    policy_of(workspace)
    days(ad_set.account, [ad_set], count=1, spend=10)

    proposal = propose(
        ad_set, "paused", now, change_type="status", proposer=Proposer.person(operator)
    )

    assert verdict(proposal, "ignorance") == "not_applicable"


@pytest.mark.parametrize(("later", "verdict_"), [(timedelta(0), "passed"), (SECOND, "warning")])
def test_figures_of_a_day_ago_are_the_oldest_that_count(workspace, ad_set, now, later, verdict_):
    policy_of(workspace, auto_approve_enabled=True)
    days(ad_set.account, [ad_set])
    end_of_figures = datetime(2026, 11, 21, tzinfo=UTC)
    proposal = propose(ad_set, 105, now)

    judgement = judged(proposal, end_of_figures + 24 * HOUR + later, "0.99")

    assert said(judgement, "freshness").verdict == verdict_
    assert judgement.policy_may_sign is (verdict_ == "passed")
    assert judgement.is_blocked is False


def test_no_figures_stop_the_policy_but_no_person(workspace, ad_set, approver, now):
    policy_of(workspace, auto_approve_enabled=True)

    proposal = propose(ad_set, 105, now)

    assert (proposal.status, verdict(proposal, "freshness")) == (Status.PENDING, "warning")
    assert sign(proposal, now, approver).status == Status.APPROVED


def test_blackout_holds_execution_and_not_signing(workspace, approver, now):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Europe/Berlin")
    workspace.refresh_from_db()
    # Saturday, 10:00 in Berlin.
    policy_of(workspace, blackout_weekly=[[5, "09:00", "12:30"]])
    ad_set = ad_set_in(connected(workspace))

    proposal = sign(propose(ad_set, 110, now), now, approver)

    free = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    assert proposal.status == Status.APPROVED
    assert proposal.execute_after == free
    assert proposal.waiting_for == "Blackout until Sat 21 Nov 12:30."
    assert not execution.claim(worker="w", now=free - SECOND)
    assert execution.claim(worker="w", now=free)


def test_blackout_that_is_set_after_signing_defers_at_the_claim(workspace, ad_set, approver, now):
    policy_of(workspace)
    proposal = sign(propose(ad_set, 110, now), now, approver)
    policy_of(workspace, blackout_dates=["2026-11-21"])

    assert not execution.claim(worker="w", now=now)

    assert fresh(proposal).execute_after == datetime(2026, 11, 22, tzinfo=UTC)
    assert fresh(proposal).status == Status.APPROVED


@pytest.mark.parametrize(
    ("clock", "verdict_"),
    [("22:54:59", "passed"), ("22:55:00", "deferred"), ("23:00:00", "passed")],
)
def test_tiktok_takes_no_budgets_in_the_last_five_minutes_of_its_day(
    workspace, clock, verdict_, now
):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace, platform="tiktok", time_zone="Europe/Berlin"))
    at = datetime.fromisoformat(f"2026-11-21T{clock}+00:00")

    proposal = propose(ad_set, 110, at)

    assert verdict(proposal, "platform_clock") == verdict_
    if verdict_ == "deferred":
        assert moment(proposal, "platform_clock") == datetime(2026, 11, 21, 23, tzinfo=UTC)


def test_tiktok_lock_is_not_for_pauses_nor_for_others(workspace, now):
    policy_of(workspace)
    late = datetime(2026, 11, 21, 23, 57, tzinfo=UTC)
    tiktok = ad_set_in(connected(workspace, platform="tiktok"))
    meta = ad_set_in(connected(workspace))

    pause = propose(tiktok, "paused", late, change_type="status")

    assert verdict(pause, "platform_clock") == "not_applicable"
    assert verdict(propose(meta, 110, late), "platform_clock") == "not_applicable"


@pytest.mark.parametrize(("rest", "verdict_"), [(SECOND, "deferred"), (-SECOND, "passed")])
def test_account_that_rests_defers_until_it_wakes(workspace, ad_set, now, rest, verdict_):
    policy_of(workspace)
    AdAccount.objects.update(blocked_until=now + rest)

    proposal = propose(ad_set, 110, now)

    assert verdict(proposal, "account") == verdict_
    assert moment(proposal, "account") == (now + rest if verdict_ == "deferred" else None)


@pytest.mark.parametrize("status", ["paused", "needs_login", "stopped"])
def test_connection_that_is_down_defers_and_lets_people_sign(
    workspace, ad_set, approver, now, status
):
    policy_of(workspace)
    Connection.objects.update(status=status)

    proposal = sign(propose(ad_set, 110, now), now, approver)

    assert verdict(proposal, "account") == "deferred"
    assert (proposal.status, proposal.execute_after) == (Status.APPROVED, now + HOUR)
    Connection.objects.update(status="active")
    assert execution.claim(worker="w", now=now + HOUR)


def test_account_without_a_connection_is_a_task_for_a_person(workspace, approver, operator, now):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace))
    AdAccount.objects.update(connection=None)

    proposal = sign(propose(ad_set, 110, now), now, approver)
    done = execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)

    assert done.status == Status.EXECUTED
    ad_set.refresh_from_db()
    assert ad_set.daily_budget == 110


def test_subject_that_vanished_is_cancelled_at_the_claim_and_the_queue_goes_on(
    workspace, ad_set, approver, now
):
    policy_of(workspace)
    other = ad_set_in(ad_set.account)
    gone = sign(propose(ad_set, 110, now), now, approver)
    well = sign(propose(other, 110, now), now, approver)
    AdSet.objects.filter(pk=ad_set.pk).update(daily_budget=None)

    (attempt,) = execution.claim(worker="w", now=now)

    assert attempt.plan.proposal_id == well.pk
    assert fresh(gone).status == Status.CANCELLED
    assert "owns no budget" in fresh(gone).decision_reason
