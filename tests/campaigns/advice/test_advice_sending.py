"""A recommendation goes to approval: what is proposed, what stays, what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import InternalError, transaction

from campaigns.models import Campaign, Recommendation, RecommendationSending
from campaigns.selectors.advice import outcomes_of
from campaigns.services.advising.making import make_recommendation
from campaigns.services.advising.sending import SendingRefusedError, send_to_approval
from tests.campaigns.advice.steps import spending, two_channels
from tests.campaigns.change_steps import policy_of, sign
from tests.campaigns.factories import AdAccountFactory
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Proposal
from workspaces.services import proposing, signing

pytestmark = pytest.mark.django_db


@pytest.fixture
def figures(workspace):
    policy_of(workspace)
    return two_channels(workspace)


@pytest.fixture
def made(workspace, figures, now):
    return make_recommendation(workspace=workspace, now=now)


def send(recommendation, by, now):
    return send_to_approval(recommendation=recommendation, proposer=Proposer.person(by), now=now)


def test_rules_move_a_fifth_of_the_weakest_share(made):
    assert made.evidence["shares"] == {"google_ads": 0.625, "meta": 0.375}
    assert made.recommendations["recommendations"]["budget_allocation"] == pytest.approx(
        {"google_ads": 0.7, "meta": 0.3}
    )


def test_budgets_move_as_one_bundle_and_their_sum_stays(made, operator, now):
    sent = send(made, operator, now)

    google, meta = Proposal.objects.order_by("subject_label")
    assert {google.bundle_id, meta.bundle_id} == {made.public_id}
    # Factors 1.12 and 0.8, scaled so that 200 stay 200.
    asked = [Decimal(proposal.request["value"]) for proposal in (google, meta)]
    assert asked == [Decimal("116.67"), Decimal("83.33")]
    assert {proposal.status for proposal in (google, meta)} == {"pending"}
    assert google.proposed_by == operator
    assert "the share of Google Ads goes from 62.5 % to 70.0 %" in google.reason
    assert google.current_plan.evidence["recommendation"]["share_recommended_pct"] == 70.0
    assert (sent.is_new, sent.sending.sent_by, sent.sending.left_out) == (True, operator, [])


def test_the_policy_cuts_the_step(workspace, made, operator, now):
    policy_of(workspace, velocity_pct=10)

    send(made, operator, now)

    google = Proposal.objects.get(subject_label="Brand")
    assert google.ad_change.final_value == "110"
    assert google.ad_change.rest_value == "116.67"


def test_twice_sends_once(made, operator, approver, now):
    first = send(made, operator, now)
    again = send(made, approver, now + timedelta(hours=1))

    assert (first.is_new, again.is_new) == (True, False)
    assert again.sending.sent_by == operator
    assert Proposal.objects.count() == 2


def test_nobody_signs_what_he_sent(workspace, made, approver, admin, now):
    send(made, approver, now)
    proposal = Proposal.objects.first()

    with pytest.raises(NotAllowedError):
        sign(proposal, now, approver)
    assert sign(proposal, now, admin).status == "approved"


def test_a_viewer_sends_nothing(made, viewer, now):
    with pytest.raises(NotAllowedError, match="operator"):
        send(made, viewer, now)

    assert Proposal.objects.count() == 0
    assert RecommendationSending.objects.count() == 0


def test_a_budget_that_somebody_holds_is_left_out_and_named(made, figures, operator, approver, now):
    request = {
        "entity_type": "campaign", "entity": str(figures[0].public_id), "change_type": "budget",
        "value": "105",
    }  # fmt: skip
    proposing.propose(
        workspace=made.workspace, kind="ad_change", request=request, reason="Mine.",
        proposer=Proposer.person(approver), now=now,
    )  # fmt: skip

    sent = send(made, operator, now)

    (left,) = sent.sending.left_out
    assert left["budget"] == "Brand"
    assert "same subject" in left["why"]
    assert Proposal.objects.filter(bundle_id=made.public_id).count() == 1


def test_old_figures_are_not_sent(made, operator, now):
    with pytest.raises(SendingRefusedError, match="older than 7 days"):
        send(made, operator, now + timedelta(days=7, minutes=1))

    assert Proposal.objects.count() == 0


def test_without_live_budgets_there_is_nothing_to_send(workspace, made, operator, now):
    Campaign.objects.filter(workspace=workspace).update(status="paused")

    with pytest.raises(SendingRefusedError, match="no live daily budget"):
        send(made, operator, now)

    assert RecommendationSending.objects.count() == 0


def test_a_budget_without_a_rate_stays(workspace, made, operator, now):
    foreign = AdAccountFactory(workspace=workspace, platform="meta", currency="CHF")
    spending(foreign, name="Swiss", spend=500, revenue=0, channel="meta")

    send(made, operator, now)

    assert set(Proposal.objects.values_list("subject_label", flat=True)) == {
        "Brand", "Prospecting",
    }  # fmt: skip


def test_what_became_of_it_follows_the_signatures(made, operator, approver, now):
    def state():
        return outcomes_of([made])[made.pk].state

    states = [state()]
    send(made, operator, now)
    states.append(state())
    google, meta = Proposal.objects.order_by("subject_label")
    sign(google, now, approver)
    states.append(state())
    signing.reject(
        proposal_id=meta.pk, plan_sha256=meta.current_plan.sha256, by=approver, now=now, why="No."
    )
    states.append(state())

    assert states == ["not_sent", "waiting", "waiting", "partly_accepted"]


def test_realised_effects_are_summed_where_they_can_be_told_apart(made, operator, now):
    send(made, operator, now)
    google, meta = Proposal.objects.order_by("subject_label")
    predicted = {p.pk: Decimal(p.current_plan.predicted["delta"]) for p in (google, meta)}
    told = {"separable": True, "metric": "revenue", "delta": "12.50"}
    Proposal.objects.filter(pk=google.pk).update(realised=told)
    Proposal.objects.filter(pk=meta.pk).update(realised={"separable": False, "why": "Others."})

    (effect,) = outcomes_of([made])[made.pk].effects

    assert (effect.metric, effect.currency, effect.measured) == ("revenue", "USD", 1)
    assert (effect.realised, effect.predicted) == (Decimal("12.50"), predicted[google.pk])


@pytest.mark.parametrize("model", [Recommendation, RecommendationSending])
def test_neither_is_ever_changed(model, made, operator, now):
    if model is RecommendationSending:
        send(made, operator, now)
    row = model.objects.get()

    for change in (lambda: model.objects.update(workspace=made.workspace), row.delete):
        with pytest.raises(InternalError, match="append_only"), transaction.atomic():
            change()
    assert model.objects.count() == 1
