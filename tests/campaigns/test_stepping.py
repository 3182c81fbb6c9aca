"""A change that one step cannot carry: the cut, its sentence, and the proposal that goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.models import AdAccount
from campaigns.planning import plan_change
from campaigns.services.continuing import propose_rest
from tests.campaigns.change_steps import (
    ad_set_in,
    connected,
    moment,
    policy_of,
    propose,
    sign,
    verdict,
)
from tests.workspaces.gate_steps import fresh
from workspaces.gate import RequestError
from workspaces.models import Proposal, Status, Workspace
from workspaces.services import execution, proposing

HOUR = timedelta(hours=1)


@pytest.fixture
def ad_set(workspace):
    policy_of(workspace)
    return ad_set_in(connected(workspace))


def done(proposal, now, approver, operator):
    """Sign and tick off, as for an account without a connection."""
    AdAccount.objects.update(connection=None)
    sign(proposal, now, approver)
    return execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)


def test_cut_step_says_what_comes_now_and_what_later(workspace, now):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="Europe/Berlin")
    workspace.refresh_from_db()
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace))

    proposal = propose(ad_set, 140, now)

    assert proposal.summary.endswith(
        "budget 100 → 120 USD (+20.0 %). +20 % now; the other +16.7 % will be proposed at 16:00."
    )
    change = proposal.ad_change
    assert (change.requested_value, change.final_value, change.rest_value) == ("140", "120", "140")
    assert change.rest_after == now + 6 * HOUR


def test_what_fits_one_step_says_nothing_of_another(ad_set, now):
    proposal = propose(ad_set, 120, now)

    assert proposal.summary.endswith("budget 100 → 120 USD (+20.0 %).")
    assert proposal.ad_change.rest_value is None


def test_cut_amount_is_what_the_platform_accepts(workspace, now):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace, currency="JPY"), daily_budget=Decimal(1003))

    proposal = propose(ad_set, 2000, now)

    assert proposal.current_plan.content["after"] == "1203"  # 1203.6, never above the limit


def test_nothing_goes_on_before_the_step_has_executed(ad_set, approver, now):
    sign(propose(ad_set, 140, now), now, approver)

    assert not Proposal.objects.filter(continues__isnull=False).exists()


def test_rest_is_proposed_after_execution_with_its_own_signature(ad_set, approver, operator, now):
    first = done(propose(ad_set, 140, now), now, approver, operator)

    rest = Proposal.objects.get(continues=first)
    assert rest.status == Status.PENDING
    assert rest.current_plan.content["before"] == "120"
    assert rest.current_plan.content["after"] == "140"
    assert verdict(rest, "velocity") == "deferred"
    assert moment(rest, "velocity") == now + 6 * HOUR
    assert rest.proposer_label == first.proposer_label
    assert rest.reason.startswith("Goes on with")


def test_long_way_is_walked_in_steps(ad_set, approver, operator, now):
    proposal, walked = propose(ad_set, 190, now), []

    for step in range(4):
        later = now + step * 7 * HOUR
        proposal = done(proposal, later, approver, operator)
        ad_set.refresh_from_db()
        walked.append(str(ad_set.daily_budget.normalize()))
        proposal = Proposal.objects.filter(continues=proposal).first()

    assert walked == ["1.2E+2", "144", "172.8", "1.9E+2"]
    assert proposal is None


def test_rest_is_proposed_once(ad_set, approver, operator, now):
    first = done(propose(ad_set, 140, now), now, approver, operator)

    again = propose_rest(first, first.ad_change.rest_value, now=now)

    assert Proposal.objects.filter(continues=first).get() == again


def test_rest_that_finds_its_subject_taken_leaves_the_step_standing(
    ad_set, approver, operator, now
):
    first = done(propose(ad_set, 140, now), now, approver, operator)
    Proposal.objects.filter(continues=first).update(status="cancelled", idempotency_key="old")
    rival = propose(ad_set, 125, now, idempotency_key="rival")
    sign(rival, now, approver)

    assert propose_rest(first, "140", now=now) is None

    assert fresh(first).status == Status.EXECUTED
    assert fresh(rival).status == Status.APPROVED


def test_edit_down_to_one_step_drops_the_rest(ad_set, approver, operator, now):
    proposal = propose(ad_set, 140, now)
    proposing.edit(proposal_id=proposal.pk, changes={"value": "110"}, by=approver, now=now)

    first = done(fresh(proposal), now, approver, operator)

    assert first.status == Status.EXECUTED
    assert not Proposal.objects.filter(continues=first).exists()


def test_change_that_no_step_allows_is_refused_in_words(workspace, now):
    policy_of(workspace, velocity_pct=Decimal(0))
    ad_set = ad_set_in(connected(workspace))

    with pytest.raises(RequestError, match="allows no step from 100") as refusal:
        propose(ad_set, 110, now)

    assert refusal.value.field == "value"
    assert not Proposal.objects.exists()


def test_fuzz_is_drawn_once_and_is_what_is_signed(workspace, now):
    policy_of(workspace, fuzz_pct=Decimal(3))
    ad_set = ad_set_in(connected(workspace, external_id="71"), external_id="72")  # seeds the draw

    proposal = propose(ad_set, 110, now)

    final = Decimal(proposal.current_plan.content["after"])
    assert abs(final - 110) <= Decimal("3.3")
    assert final != 110
    assert proposal.ad_change.final_value == proposal.current_plan.content["after"]
    assert propose(ad_set, 110, now) == proposal, "planned again, the same amount is drawn"


def test_fuzz_never_passes_a_limit(workspace, now):
    policy_of(workspace, fuzz_pct=Decimal(3))

    for budget in range(100, 140, 4):
        ad_set = ad_set_in(connected(workspace), daily_budget=Decimal(budget))
        proposal = propose(ad_set, budget * Decimal("1.2"), now)
        assert Decimal(proposal.current_plan.content["after"]) <= budget * Decimal("1.2")


def test_undo_is_exact_though_the_policy_fuzzes(workspace, now):
    policy_of(workspace, fuzz_pct=3)
    ad_set = ad_set_in(connected(workspace))
    request = {
        "entity_type": "adset",
        "entity": str(ad_set.public_id),
        "change_type": "budget",
        "value": "107.77",
    }

    fuzzed = plan_change(workspace=workspace, request=request, now=now)
    exact = plan_change(workspace=workspace, request={**request, "exact": True}, now=now)

    assert fuzzed.body["after"] != "107.77"
    assert exact.body["after"] == "107.77"
