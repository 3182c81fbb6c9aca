"""The sampler's proposals and its ledger."""

from __future__ import annotations

from decimal import Decimal

from mlops.models import SamplerDecision, SamplerFeedback
from mlops.services.sampling import propose_budgets, record_feedback
from tests.campaigns.conftest import box, meta_account  # noqa: F401  # fixtures
from workspaces.models import Proposal, Status


def test_sampler_proposes_within_the_total(meta_account, now):  # noqa: F811
    proposals = propose_budgets(account=meta_account, now=now, seed=7)

    assert proposals
    assert {proposal.status for proposal in proposals} == {Status.PENDING}
    decisions = SamplerDecision.objects.filter(workspace=meta_account.workspace)
    total = sum(row.current_budget for row in decisions)
    assert abs(sum(row.recommended_budget for row in decisions) - total) <= Decimal("0.01")
    evidence = proposals[0].current_plan.evidence["sampler"]
    assert 0 <= evidence["probability_best"] <= 1
    assert proposals[0].reason


def test_drawing_again_changes_nothing(meta_account, now):  # noqa: F811
    first = propose_budgets(account=meta_account, now=now, seed=7)
    again = propose_budgets(account=meta_account, now=now, seed=7)

    assert [p.pk for p in again] == [p.pk for p in first]
    assert Proposal.objects.count() == len(first)


def test_unusable_conversions_leave_only_clicks_to_judge(meta_account, now):  # noqa: F811
    meta_account.has_usable_conversions = False
    meta_account.save()

    proposals = propose_budgets(account=meta_account, now=now, seed=7)

    decisions = SamplerDecision.objects.filter(workspace=meta_account.workspace)
    assert set(decisions.values_list("decision", flat=True)) == {"maintain"}
    assert all(p.current_plan.predicted["metric"] == "clicks" for p in proposals)


def test_feedback_counts_once(workspace, now):
    facts = {
        "workspace": workspace,
        "arm": "a",
        "event_id": "e1",
        "spend": Decimal(10),
        "pipeline_value": Decimal(50),
        "source": "api",
        "now": now,
    }

    assert record_feedback(**facts) is True
    assert record_feedback(**facts) is False
    assert SamplerFeedback.objects.count() == 1
