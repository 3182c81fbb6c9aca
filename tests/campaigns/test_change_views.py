"""The three views over ad changes, with exact figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.models import (
    AdChangeHistory,
    CampaignActivitySummary,
    PendingAdChange,
    RecentBudgetChange,
    SafetyCheckFailure,
)
from tests.campaigns.factories import AdSetFactory, CampaignFactory
from tests.database import answers_alone
from tests.workspaces import note_kind
from workspaces.gate import CheckResult, Proposer
from workspaces.models import ExecutionAttempt, Proposal
from workspaces.services import proposing, signing


@pytest.fixture
def moment(db) -> datetime:
    """The database's own now, which the views measure from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.fixture
def note() -> note_kind.NoteKind:
    return note_kind.install()


@pytest.fixture
def ad_set(workspace):
    return AdSetFactory(
        campaign__account__workspace=workspace,
        campaign__account__name="Main",
        campaign__name="Spring",
        external_id="777",
    )


def _propose(ad_set, page: str, now: datetime) -> Proposal:
    proposal = proposing.propose(
        workspace=ad_set.workspace,
        kind="note",
        reason="Because.",
        proposer=Proposer.model("sampler", "v1"),
        request={"page": page, "text": "x"},
        now=now,
    )
    PendingAdChange.objects.create(
        proposal=proposal,
        workspace=ad_set.workspace,
        account=ad_set.account,
        entity_type="adset",
        entity_id=ad_set.pk,
        entity_external_id=ad_set.external_id,
        entity_name=ad_set.name,
        campaign_id=ad_set.campaign_id,
        change_type="budget",
        current_value="100",
        requested_value="110",
        final_value="110",
        currency="USD",
    )
    return proposal


def _history(ad_set, proposal: Proposal, at: datetime, **changes: object) -> AdChangeHistory:
    plan = proposal.current_plan
    attempt = ExecutionAttempt.objects.create(
        plan=plan, number=plan.attempts.count() + 1, worker="w", started_at=at, settled_at=at
    )
    return AdChangeHistory.objects.create(
        **{
            "workspace": ad_set.workspace,
            "proposal": proposal,
            "attempt": attempt,
            "account": ad_set.account,
            "entity_type": "adset",
            "entity_id": ad_set.pk,
            "entity_external_id": ad_set.external_id,
            "campaign_id": ad_set.campaign_id,
            "change_type": "budget",
            "old_value": "100.00",
            "new_value": "110.50",
            "currency": "USD",
            "change_pct": Decimal("10.50"),
            "triggered_by": "model",
            "proposer": "sampler v1",
            "reason": "Because.",
            "queued_at": at,
            "started_at": at,
            "completed_at": at,
            "duration_ms": 200,
            "status": "applied",
            **changes,
        }
    )


def test_recent_budget_changes_are_those_of_a_day(note, ad_set, moment, now):
    proposal = _propose(ad_set, "1", now)
    kept = _history(ad_set, proposal, moment - timedelta(hours=23, minutes=59))
    _history(ad_set, proposal, moment - timedelta(hours=24, minutes=1))
    _history(ad_set, proposal, moment, change_type="status", old_value="active", new_value="paused")

    row = RecentBudgetChange.objects.get()

    assert (row.history_id, row.tenant_id, row.account_name) == (kept.pk, "acme", "Main")
    assert (row.entity_type, row.entity_external_id) == ("adset", "777")
    assert (row.old_value, row.new_value) == (Decimal("100"), Decimal("110.5"))
    assert (row.currency, row.change_pct, row.status) == ("USD", Decimal("10.50"), "applied")
    assert row.triggered_by == "model"


def test_activity_counts_what_took_effect(note, ad_set, moment, now):
    proposal = _propose(ad_set, "1", now)
    last = moment - timedelta(minutes=59)
    _history(ad_set, proposal, last, duration_ms=100)
    _history(ad_set, proposal, moment - timedelta(minutes=61), duration_ms=200)
    _history(
        ad_set,
        proposal,
        moment - timedelta(hours=5, minutes=59),
        change_type="status",
        old_value="active",
        new_value="paused",
        duration_ms=600,
    )
    _history(ad_set, proposal, moment - timedelta(hours=6, minutes=1), duration_ms=300)
    _history(ad_set, proposal, moment, status="refused", duration_ms=9_000)

    row = CampaignActivitySummary.objects.get(campaign_id=ad_set.campaign_id)

    assert (row.tenant_id, row.campaign_name) == ("acme", "Spring")
    assert (row.total_changes, row.changes_last_hour, row.budget_changes_6h) == (4, 1, 2)
    assert row.last_change_at == last
    assert row.mean_duration_ms == pytest.approx(300)


def test_untouched_campaign_has_no_activity(workspace):
    campaign = CampaignFactory(account__workspace=workspace)

    row = CampaignActivitySummary.objects.get(campaign_id=campaign.pk)

    assert (row.total_changes, row.changes_last_hour, row.budget_changes_6h) == (0, 0, 0)
    assert (row.last_change_at, row.mean_duration_ms) == (None, None)


@pytest.mark.parametrize(
    ("status", "held_by", "failure"),
    [
        ("throttled", [], "RATE_LIMIT"),
        ("deferred", ["rate"], "RATE_LIMIT"),
        ("deferred", ["platform_rate", "velocity"], "RATE_LIMIT"),
        ("deferred", ["velocity", "blackout"], "VELOCITY_LIMIT"),
        ("deferred", ["blackout"], "BLOCKED"),
        ("deferred", None, "BLOCKED"),
        ("drift", None, "BLOCKED"),
        ("refused", None, "FAILED"),
        ("transient", None, "FAILED"),
    ],
)
def test_settled_attempts_without_effect_are_failures(
    note, ad_set, moment, now, status, held_by, failure
):
    proposal = _propose(ad_set, "1", now)
    response = {} if held_by is None else {"held_by": held_by}
    row = _history(
        ad_set, proposal, moment, status=status, error="Not now.", platform_response=response
    )

    found = SafetyCheckFailure.objects.get()

    assert (found.row_key, found.tenant_id) == (f"history-{row.pk}", "acme")
    assert (found.proposal_id, found.entity_external_id) == (proposal.pk, "777")
    assert (found.change_type, found.failure, found.reason) == ("budget", failure, "Not now.")
    assert found.at == moment


def test_applied_attempt_is_no_failure(note, ad_set, moment, now):
    _history(ad_set, _propose(ad_set, "1", now), moment)

    assert not SafetyCheckFailure.objects.exists()


def test_open_plans_show_what_holds_them(note, ad_set, approver, now):
    later = now + timedelta(hours=1)
    note.checks = (
        CheckResult("rate", "deferred", "Too many calls.", later),
        CheckResult("bounds", "passed", "Within bounds."),
        CheckResult("velocity", "blocked", "Too fast."),
        CheckResult("freshness", "blocked", "Data are old."),
        CheckResult("learning", "warning", "It is learning."),
        CheckResult("platform_rate", "deferred", "Four this hour.", later),
    )
    proposal = _propose(ad_set, "1", now)
    closed = _propose(ad_set, "2", now)
    signing.cancel(proposal_id=closed.pk, by=approver, now=now)

    rows = SafetyCheckFailure.objects.order_by("row_key")

    plan = proposal.current_plan_id
    assert [(row.row_key, row.failure, row.reason) for row in rows] == [
        (f"plan-{plan}-1", "RATE_LIMIT", "Too many calls."),
        (f"plan-{plan}-3", "VELOCITY_LIMIT", "Too fast."),
        (f"plan-{plan}-4", "BLOCKED", "Data are old."),
        (f"plan-{plan}-6", "RATE_LIMIT", "Four this hour."),
    ]
    assert {row.proposal_id for row in rows} == {proposal.pk}
    assert {row.at for row in rows} == {now}


def test_rows_of_another_workspace_carry_its_name(note, ad_set, other_workspace, moment, now):
    foreign = AdSetFactory(campaign__account__workspace=other_workspace)
    _history(foreign, _propose(foreign, "1", now), moment, status="refused")

    assert SafetyCheckFailure.objects.get().tenant_id == "rival"
    assert set(CampaignActivitySummary.objects.values_list("tenant_id", flat=True)) == {
        "acme",
        "rival",
    }


@pytest.mark.parametrize("status", ["applied", "refused"])
def test_history_of_an_outcome_is_read_from_its_index(workspace, status):
    rows = AdChangeHistory.objects.filter(workspace=workspace, status=status).order_by("-pk")

    answers_alone("campaigns_history_outcome")
    plan = rows.values("pk").explain()

    assert "Index Only Scan using campaigns_history_outcome" in plan
    assert "status" in plan.partition("Index Cond")[2]
