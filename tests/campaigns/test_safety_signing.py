"""Who must sign: risk, four eyes, the policy's own signature, missing rates, expiry."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.models import AdSet
from tests.campaigns.change_steps import (
    ad_set_in,
    connected,
    days,
    judged,
    policy_of,
    propose,
    sign,
    verdict,
)
from tests.workspaces.factories import ExchangeRateFactory
from tests.workspaces.gate_steps import fresh
from workspaces.gate import Proposer
from workspaces.models import Status
from workspaces.services import execution, upkeep

HOUR = timedelta(hours=1)


@pytest.fixture
def ad_set(workspace):
    ad_set = ad_set_in(connected(workspace))
    days(ad_set.account, [ad_set])
    return ad_set


@pytest.fixture
def auto(workspace):
    return policy_of(workspace, auto_approve_enabled=True)


def auto_says(judgement):
    (check,) = [check for check in judgement.checks if check.name == "auto_approve"]
    return check.why


def test_policy_does_not_sign_unless_it_is_switched_on(workspace, ad_set, now):
    policy_of(workspace)

    proposal = propose(ad_set, 105, now)

    assert proposal.status == Status.PENDING
    assert verdict(proposal, "auto_approve") == "not_applicable"


def test_policy_signs_what_is_small_and_sure_and_says_its_version(auto, ad_set, now):
    proposal = propose(ad_set, 105, now)

    assert proposal.current_plan.confidence >= Decimal("0.85")
    assert proposal.status == Status.APPROVED
    signature = proposal.current_plan.signatures.get()
    assert (signature.person, signature.policy_version) == (None, auto.label)
    assert execution.claim(worker="w", now=now)


@pytest.mark.parametrize(
    ("before", "after", "signs"),
    [
        ("100", "110", True),
        ("100", "110.01", False),
        ("100", "90", True),
        ("100", "89.99", False),
        ("400", "440", True),
        ("455", "500", True),
        ("455", "500.01", False),
    ],
)
def test_amount_edges_of_the_policys_signature(auto, ad_set, now, before, after, signs):
    AdSet.objects.update(daily_budget=Decimal(before))

    proposal = propose(ad_set, after, now)

    assert judged(proposal, now, "0.99").policy_may_sign is signs


@pytest.mark.parametrize(("after", "signs"), [("1100", True), ("1100.01", False)])
def test_increase_edge_of_the_policys_signature(workspace, ad_set, now, after, signs):
    policy_of(
        workspace, auto_approve_enabled=True, auto_max_result=Decimal(9999),
        auto_max_change_pct=Decimal(20), four_eyes_result=Decimal(9999),
    )  # fmt: skip
    AdSet.objects.update(daily_budget=1000)

    assert judged(propose(ad_set, after, now), now, "0.99").policy_may_sign is signs


@pytest.mark.parametrize(("confidence", "signs"), [("0.8500", True), ("0.8499", False)])
def test_confidence_edge_of_the_policys_signature(auto, ad_set, now, confidence, signs):
    assert judged(propose(ad_set, 105, now), now, confidence).policy_may_sign is signs


def test_change_without_a_prediction_needs_a_person(auto, workspace, now):
    young = ad_set_in(connected(workspace))
    days(young.account, [young], count=13)

    proposal = propose(young, 105, now)

    assert proposal.current_plan.predicted is None
    assert proposal.status == Status.PENDING
    assert "no prediction" in auto_says(judged(proposal, now))


@pytest.mark.parametrize(("change_type", "value"), [("status", "paused"), ("bid", "1.05")])
def test_policy_never_signs_a_pause_or_a_bid(auto, ad_set, now, change_type, value):
    AdSet.objects.update(bid=Decimal("1.00"))

    proposal = propose(ad_set, value, now, change_type=change_type)

    assert judged(proposal, now, "0.99").policy_may_sign is False
    assert proposal.status == Status.PENDING


def test_policy_does_not_sign_for_a_person(auto, ad_set, operator, now):
    proposal = propose(ad_set, 105, now, proposer=Proposer.person(operator))

    assert proposal.status == Status.PENDING


def test_deferred_change_waits_for_a_person(workspace, ad_set, now):
    policy_of(workspace, auto_approve_enabled=True, blackout_dates=["2026-11-21"])

    proposal = propose(ad_set, 105, now)

    assert proposal.status == Status.PENDING
    assert "blackout" in auto_says(judged(proposal, now))


def test_missing_exchange_rate_stops_the_policy_and_asks_two_people(
    workspace, auto, approver, admin, now
):
    euro = ad_set_in(connected(workspace, currency="EUR"))
    days(euro.account, [euro])

    proposal = propose(euro, 105, now)

    assert verdict(proposal, "exchange_rate") == "warning"
    assert (proposal.status, proposal.money_at_stake) == (Status.PENDING, None)
    assert (proposal.risk, proposal.current_plan.signatures_required) == ("high", 2)
    assert sign(proposal, now, approver).status == Status.PENDING
    assert sign(proposal, now, admin).status == Status.APPROVED


def test_known_exchange_rate_lets_amounts_be_compared(workspace, auto, now):
    ExchangeRateFactory(workspace=workspace, rate="1.10")
    euro = ad_set_in(connected(workspace, currency="EUR"))
    days(euro.account, [euro])

    proposal = propose(euro, 105, now)

    assert proposal.status == Status.APPROVED
    assert proposal.money_at_stake == Decimal("5.50")


@pytest.mark.parametrize(("after", "signatures"), [("1000", 1), ("1000.01", 2)])
def test_result_above_a_thousand_needs_two_people(workspace, ad_set, now, after, signatures):
    policy_of(workspace)
    AdSet.objects.update(daily_budget=950)

    proposal = propose(ad_set, after, now)

    assert proposal.current_plan.signatures_required == signatures
    assert (proposal.risk == "high") is (signatures == 2)


@pytest.mark.parametrize(("spend", "risk", "signatures"), [(99, "low", 1), (100, "high", 2)])
def test_pausing_what_spends_a_hundred_needs_two_people(workspace, now, spend, risk, signatures):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace))
    # The newest seven days swing around 1.1857 times the base; see `days`.
    factors = [1 + 0.1 * (back % 5) for back in range(7)]
    days(ad_set.account, [ad_set], spend=round(spend / (sum(factors) / 7), 4) + 0.0001)

    proposal = propose(ad_set, "paused", now, change_type="status")

    assert proposal.risk == risk
    assert proposal.current_plan.signatures_required == signatures


@pytest.mark.parametrize(
    ("after", "confidence", "risk"),
    [
        ("110", "0.99", "low"),
        ("110.01", "0.99", "medium"),
        ("105", "0.70", "low"),
        ("105", "0.6999", "medium"),
        ("130", "0.99", "medium"),
        ("130.01", "0.99", "high"),
    ],
)
def test_risk_edges(workspace, ad_set, now, after, confidence, risk):
    policy_of(workspace, velocity_pct=Decimal(50))

    judgement = judged(propose(ad_set, after, now), now, confidence)

    assert judgement.risk == risk
    assert judgement.signatures == (2 if risk == "high" else 1)


def test_stricter_four_eyes_asks_again_at_the_claim(workspace, ad_set, approver, admin, now):
    policy_of(workspace)
    proposal = sign(propose(ad_set, 110, now), now, approver)
    policy_of(workspace, four_eyes_result=Decimal(105))

    assert not execution.claim(worker="w", now=now)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.current_plan.signatures_required) == (Status.PENDING, 2)
    sign(proposal, now, approver, admin)
    assert execution.claim(worker="w", now=now)


def test_looser_policy_leaves_the_asked_signatures(workspace, ad_set, approver, now):
    policy_of(workspace, four_eyes_result=Decimal(105))
    proposal = propose(ad_set, 110, now)
    policy_of(workspace)

    assert sign(proposal, now, approver).status == Status.PENDING


def test_change_expires_after_a_day_without_decision(workspace, ad_set, now):
    policy_of(workspace)
    proposal = propose(ad_set, 110, now)

    assert proposal.expires_at == now + 24 * HOUR
    assert upkeep.expire_due(now=now + 24 * HOUR - timedelta(seconds=1)) == 0
    assert upkeep.expire_due(now=now + 24 * HOUR) == 1


def test_jitter_is_drawn_when_it_is_approved_and_recorded(workspace, ad_set, approver, now):
    proposal = sign(propose(ad_set, 110, now), now, approver)

    assert 3_000 <= proposal.jitter_ms <= 18_000
    assert proposal.execute_after == now + timedelta(milliseconds=proposal.jitter_ms)
