"""A change of a budget, from the proposal to the platform and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from facebook_business.adobjects.adset import AdSet as SdkAdSet
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from campaigns.models import AdAccount, AdChangeHistory, AdSet, SafetyPolicy
from sandbox.server import Sandbox
from tests.campaigns.change_steps import verdict
from workspaces.gate import Proposer, RequestError
from workspaces.models import Proposal, Status, User
from workspaces.services import execution, proposing, reverting, signing


@pytest.fixture
def calm_policy(meta_account: AdAccount) -> SafetyPolicy:
    """No jitter, so that a signed change is due at once."""
    return SafetyPolicy.objects.create(
        workspace=meta_account.workspace,
        version=1,
        jitter_min_ms=0,
        jitter_max_ms=0,
        created_at="2026-11-01T00:00:00Z",
        effective_at="2026-11-01T00:00:00Z",
    )


@pytest.fixture
def ad_set(meta_account: AdAccount, calm_policy: SafetyPolicy) -> AdSet:
    """An ad set out of its learning phase, with a budget of its own."""
    return AdSet.objects.filter(
        account=meta_account, status="active", daily_budget__gte=50, learning_status="stable"
    ).order_by("pk")[0]


def propose(ad_set: AdSet, value: object, now: datetime, **options: object) -> Proposal:
    request = {
        "entity_type": "adset",
        "entity": str(ad_set.public_id),
        "change_type": options.pop("change_type", "budget"),
        "value": str(value),
    }
    options = {"proposer": Proposer.model("sampler", "v1"), "reason": "It pays.", **options}
    return proposing.propose(
        workspace=ad_set.workspace, kind="ad_change", request=request, now=now, **options
    )


def sign(proposal: Proposal, by: User, now: datetime) -> Proposal:
    return signing.sign(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=by, now=now
    )


def effects(box: Sandbox, ad_set: AdSet) -> list[dict[str, object]]:
    return box.control(f"calls?entity={ad_set.external_id}", None, "GET")["effects"]


def test_signed_budget_reaches_the_platform_once(box, ad_set, approver, now):
    before = ad_set.daily_budget
    target = (before * Decimal("1.1")).quantize(Decimal("0.01"))
    proposal = sign(propose(ad_set, target, now), approver, now)

    execution.execute_due(worker="w", clock=lambda: now)

    proposal.refresh_from_db()
    assert proposal.status == Status.EXECUTED, proposal.last_error
    assert [effect["source"] for effect in effects(box, ad_set)] == ["api"]
    ad_set.refresh_from_db()
    assert ad_set.daily_budget == target
    history = AdChangeHistory.objects.get(proposal=proposal)
    assert (Decimal(history.old_value), Decimal(history.new_value)) == (before, target)
    assert history.status == "applied"
    assert proposal.current_plan.predicted["metric"] == "pipeline_value"


def test_undo_goes_through_the_gate_too(box, ad_set, approver, operator, now):
    before = ad_set.daily_budget
    proposal = sign(propose(ad_set, before * Decimal("1.1"), now), approver, now)
    execution.execute_due(worker="w", clock=lambda: now)

    undo = reverting.revert(proposal_id=proposal.pk, by=operator, now=now)
    sign(undo, approver, now)
    execution.execute_due(worker="w", clock=lambda: now + timedelta(minutes=1))

    ad_set.refresh_from_db()
    proposal.refresh_from_db()
    assert ad_set.daily_budget == before
    assert proposal.status == Status.REVERTED
    assert len(effects(box, ad_set)) == 2


def test_what_was_lowered_can_be_put_back_while_it_learns(box, ad_set, approver, operator, now):
    before = ad_set.daily_budget
    lowered = sign(propose(ad_set, before * Decimal("0.8"), now), approver, now)
    execution.execute_due(worker="w", clock=lambda: now)
    AdSet.objects.filter(pk=ad_set.pk).update(learning_status="learning")

    undo = reverting.revert(proposal_id=lowered.pk, by=operator, now=now)

    assert verdict(undo, "learning") == "warning"
    assert not undo.current_plan.is_blocked
    other = {"value": str(before * Decimal("0.99"))}
    edited = proposing.edit(proposal_id=undo.pk, changes=other, by=approver, now=now)
    assert verdict(edited, "learning") == "blocked"


def test_large_change_is_cut_and_goes_on_after_execution(box, ad_set, approver, admin, now):
    before = ad_set.daily_budget

    proposal = propose(ad_set, before * Decimal("1.4"), now)

    change = proposal.ad_change
    assert Decimal(change.final_value) == (before * Decimal("1.2")).quantize(Decimal("0.01"))
    assert Decimal(change.rest_value) == (before * Decimal("1.4")).quantize(Decimal("0.01"))
    sign(proposal, approver, now)
    execution.execute_due(worker="w", clock=lambda: now)
    rest = Proposal.objects.get(continues=proposal)
    assert rest.status == Status.PENDING
    assert "velocity" in {
        check["name"] for check in rest.current_plan.verdict if check["verdict"] == "deferred"
    }


def test_drift_on_the_platform_asks_again_with_the_new_before(box, ad_set, approver, now):
    proposal = sign(propose(ad_set, ad_set.daily_budget * Decimal("1.1"), now), approver, now)
    box.control("edit", {"platform": "meta", "id": ad_set.external_id, "daily_budget": "90.00"})

    execution.execute_due(worker="w", clock=lambda: now)

    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.content["before"] == "90"
    assert [effect["source"] for effect in effects(box, ad_set)] == ["edit"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-5", "above zero"),
        ("0", "above zero"),
        ("NaN", "above zero"),
        ("abc", "not an amount"),
        ("1e30", "too large"),
    ],
)
def test_impossible_amounts_name_the_field(ad_set, now, value, message):
    with pytest.raises(RequestError, match=message) as refusal:
        propose(ad_set, value, now)

    assert refusal.value.field == "value"
    assert not Proposal.objects.exists()


def test_status_change_pauses_on_the_platform(box, ad_set, approver, admin, now):
    proposal = propose(ad_set, "paused", now, change_type="status")
    for person in (approver, admin)[: proposal.current_plan.signatures_required]:
        proposal = sign(proposal, person, now)

    execution.execute_due(worker="w", clock=lambda: now)

    ad_set.refresh_from_db()
    assert ad_set.status == "paused"


def test_official_sdk_and_a_plain_client_read_what_we_wrote(box, ad_set, approver, now):
    target = (ad_set.daily_budget * Decimal("1.1")).quantize(Decimal("0.01"))
    sign(propose(ad_set, target, now), approver, now)
    execution.execute_due(worker="w", clock=lambda: now)

    session = FacebookSession(access_token="sandbox-meta-ptd-fitness", timeout=10)
    session.GRAPH = box.base_url
    read = SdkAdSet(ad_set.external_id, api=FacebookAdsApi(session)).api_get(["daily_budget"])
    plain = httpx.get(
        f"{box.base_url}/v26.0/{ad_set.external_id}",
        params={"fields": "daily_budget"},
        headers={"Authorization": "Bearer sandbox-meta-ptd-fitness"},
    ).json()

    assert read["daily_budget"] == str(int(target * 100))
    assert plain["daily_budget"] == str(int(target * 100))
