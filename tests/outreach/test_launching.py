"""From a draft to a plan that is being sent, through the gate."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from outreach.models import (
    AudienceMember,
    CampaignStatus,
    ChannelPolicy,
    Contact,
    Halt,
    MessageDay,
    OutreachCampaign,
    OutreachMessage,
    OutreachPolicy,
    PlannedSend,
    PlanStatus,
    SendPlan,
    StepText,
    Suppression,
)
from outreach.panels import stake_of
from outreach.selectors.launch_needs import Sending, needs_of
from outreach.selectors.launch_page import launch_context
from outreach.selectors.plan_diff import diff_of
from outreach.selectors.plan_rows import stored_rows
from outreach.services.life import launch_campaign, pause_campaign, resume_campaign, stop_campaign
from tests.outreach.launch_steps import (
    carried_out,
    email_on,
    launched,
    news_to,
    planned,
    was_sent_before,
)
from tests.outreach.steps import contact_of, message_of, template_of
from tests.workspaces.gate_steps import sign
from workspaces.gate import GateError, NotAllowedError, Proposer, StateError
from workspaces.models import Proposal, Status
from workspaces.selectors_undo import undoable_ids
from workspaces.services.reverting import revert

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(workspace):
    email_on(workspace)
    people = [contact_of(workspace, f"{name}@example.com") for name in ("ann", "bob", "cy")]
    return news_to(*people, workspace=workspace)


def test_a_draft_is_planned_signed_and_sent(campaign, operator, approver, now):
    plan = planned(campaign, operator, now)

    assert (plan.status, plan.recipients, plan.blocked) == (PlanStatus.READY, 3, 0)
    assert [row.outcome for row in PlannedSend.objects.all()] == ["scheduled"] * 3
    assert stored_rows(plan).sha256() == plan.rows_sha256

    proposal = launched(campaign, operator, now)
    campaign.refresh_from_db()
    assert (proposal.status, campaign.status) == (Status.PENDING, "awaiting_approval")
    assert proposal.current_plan.content["rows_sha256"] == plan.rows_sha256

    sign(proposal, approver, now)
    assert carried_out(now) == 1

    plan = SendPlan.objects.get()
    campaign.refresh_from_db()
    assert (plan.status, plan.activated_at, plan.signed_by) == ("active", now, proposal)
    assert (campaign.status, campaign.launched_at) == (CampaignStatus.ACTIVE, now)


def test_a_small_send_of_known_texts_is_signed_by_policy(campaign, operator, now):
    was_sent_before(campaign)
    planned(campaign, operator, now)

    proposal = launched(campaign, operator, now)

    assert (proposal.status, proposal.proposer_type) == (Status.APPROVED, "rule")
    assert str(operator) in proposal.proposer_label
    assert carried_out(now) == 1
    assert SendPlan.objects.get().status == "active"


def test_a_single_message_makes_no_text_and_no_channel_known(campaign, operator, now):
    was_sent_before(campaign)
    MessageDay.objects.update(campaign=None)

    found = needs_of(planned(campaign, operator, now), now)

    assert [one.rpartition(" ")[2] for one in found] == ["before.", "time."]


def test_a_channel_that_it_may_fall_back_on_is_used_too(campaign, workspace, operator, now):
    was_sent_before(campaign)
    template = template_of(workspace, channel="sms", name="Short", subject="", text="Hello STOP")
    StepText.objects.create(
        workspace=workspace, step=campaign.steps.get(), channel="sms", template=template
    )
    campaign.channels = ["email", "sms"]
    campaign.save()

    found = needs_of(planned(campaign, operator, now), now)

    assert found == [
        "The text “Short” was never sent before.", "SMS is used for the first time.",
    ]  # fmt: skip


def test_a_large_send_says_once_why_it_needs_a_signature(campaign, operator, now):
    was_sent_before(campaign)
    OutreachPolicy.objects.update(launch_recipients=2)

    found = needs_of(planned(campaign, operator, now), now)

    assert found == ["It goes to 3 people, more than 2."]


def test_many_small_sends_together_need_a_signature(campaign, workspace, operator, now):
    OutreachPolicy.objects.update(launch_recipients=5)
    people = list(Contact.objects.order_by("pk"))
    second = news_to(*people, workspace=workspace, name="July news")
    for one in (campaign, second):
        was_sent_before(one)
        planned(one, operator, now)

    first, other = launched(campaign, operator, now), launched(second, operator, now)

    assert (first.status, other.status) == (Status.APPROVED, Status.PENDING)
    assert other.proposed_by == operator
    words = [one["why"] for one in other.current_plan.verdict]
    assert "With the small sends of the last day it goes to 6 people, more than 5." in words
    assert carried_out(now) == 1


def test_a_small_send_that_grew_is_signed_by_nobody(campaign, workspace, approver, now):
    was_sent_before(campaign)
    OutreachPolicy.objects.update(launch_recipients=3)
    planned(campaign, approver, now)
    proposal = launched(campaign, approver, now)
    assert proposal.status == Status.APPROVED
    AudienceMember.objects.create(
        workspace=workspace, audience=campaign.audience,
        contact=contact_of(workspace, "late@example.com"),
    )  # fmt: skip

    carried_out(now)

    proposal.refresh_from_db()
    assert (proposal.status, proposal.current_plan.is_blocked) == (Status.PENDING, True)
    with pytest.raises(GateError):
        sign(proposal, approver, now)


def test_a_plan_that_was_replaced_is_no_small_send(campaign, workspace, approver, now):
    was_sent_before(campaign)
    small = planned(campaign, approver, now)
    OutreachPolicy.objects.update(launch_recipients=3)
    AudienceMember.objects.create(
        workspace=workspace, audience=campaign.audience,
        contact=contact_of(workspace, "late@example.com"),
    )  # fmt: skip
    planned(campaign, approver, now)
    small.refresh_from_db()

    proposal = launch_campaign(
        campaign=campaign, by=Proposer.person(approver), now=now, plan=small
    )  # fmt: skip

    assert (proposal.status, proposal.proposed_by) == (Status.PENDING, approver)
    with pytest.raises(NotAllowedError, match="another person"):
        sign(proposal, approver, now)


def test_viewers_neither_plan_nor_launch(campaign, viewer, operator, now):
    with pytest.raises(NotAllowedError, match="operator"):
        planned(campaign, viewer, now)
    planned(campaign, operator, now)
    with pytest.raises(NotAllowedError, match="operator"):
        launched(campaign, viewer, now)

    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_changed_audience_needs_a_new_signature(campaign, workspace, operator, approver, now):
    first = planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)
    sign(proposal, approver, now)
    AudienceMember.objects.create(
        workspace=workspace, audience=campaign.audience,
        contact=contact_of(workspace, "late@example.com"),
    )  # fmt: skip

    carried_out(now)

    proposal.refresh_from_db()
    second = SendPlan.objects.exclude(pk=first.pk).get()
    first.refresh_from_db()
    assert (first.status, second.status, second.recipients) == ("superseded", "ready", 4)
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.content["plan"] == str(second.public_id)
    assert not OutreachMessage.objects.exists()

    sign(proposal, approver, now)
    carried_out(now)
    second.refresh_from_db()
    assert second.status == "active"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda one: Halt.objects.create(
                workspace=one.workspace, channel="email", scope="shop.example", reason="Bounces",
                since=one.created_at,
            ),
            "is stopped: Bounces",
        ),
        (lambda one: ChannelPolicy.objects.update(is_on=False), "switched off"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_send_blocks_it(campaign, operator, approver, now, spoil, why):
    planned(campaign, operator, now)
    spoil(campaign)

    proposal = launched(campaign, operator, now)

    plan = proposal.current_plan
    assert plan.is_blocked
    assert why in " ".join(one["why"] for one in plan.verdict if one["verdict"] == "blocked")
    with pytest.raises(GateError):
        sign(proposal, approver, now)


def test_a_postal_address_that_is_gone_since_blocks_a_send(campaign, operator, now):
    plan = planned(campaign, operator, now)
    launched(campaign, operator, now)
    OutreachPolicy.objects.update(postal_address="")

    blocked = [one for one in Sending(plan, now).checks() if one.verdict == "blocked"]

    assert [one.why for one in blocked] == ["Marketing mails need your postal address."]


def test_a_channel_without_a_connection_blocks_it(campaign, operator, now):
    ChannelPolicy.objects.update(connection=None)
    planned(campaign, operator, now)

    plan = launched(campaign, operator, now).current_plan

    blocked = [one["why"] for one in plan.verdict if one["verdict"] == "blocked"]
    assert blocked == ["Connect E-mail first."]


def test_pausing_acts_at_once_and_going_on_needs_a_signature(campaign, operator, approver, now):
    planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)

    by = Proposer.person(operator)
    paused = pause_campaign(campaign=campaign, by=by, reason="A typo", now=now)
    assert (paused.status, paused.paused_reason) == ("paused", "A typo")
    assert Proposal.objects.exclude(kind="outreach.launch").get().status == Status.EXECUTED

    proposal = resume_campaign(campaign=paused, by=by, reason="It was none", now=now)
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.policy_may_sign is False
    sign(proposal, approver, now)
    carried_out(now)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.paused_reason) == ("active", "")


def test_stopping_cancels_what_waits_and_lets_what_went_be(campaign, operator, approver, now):
    plan = planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    ann, bob = Contact.objects.order_by("pk")[:2]
    gone = message_of(ann, campaign=campaign, plan=plan, status="sent", sent_at=now)
    waits = message_of(bob, campaign=campaign, plan=plan)

    stop_campaign(campaign=campaign, by=Proposer.person(operator), reason="Wrong price", now=now)

    campaign.refresh_from_db()
    plan.refresh_from_db()
    gone.refresh_from_db()
    waits.refresh_from_db()
    assert (campaign.status, plan.status) == ("completed", "halted")
    assert (gone.status, waits.status) == ("sent", "cancelled")
    assert waits.refusal_reason == "Wrong price"


def test_undoing_a_launch_asks_to_stop_it(campaign, operator, approver, now):
    planned(campaign, operator, now)
    proposal = sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    proposal.refresh_from_db()

    assert undoable_ids([proposal]) == {proposal.pk}
    undo = revert(proposal_id=proposal.pk, by=operator, now=now)
    sign(undo, approver, now)
    carried_out(now)

    undo.refresh_from_db()
    assert (undo.status, undoable_ids([undo])) == ("executed", set())
    campaign.refresh_from_db()
    assert undo.current_plan.content["operation"] == "stop"
    assert campaign.status == "completed"


def test_a_change_takes_the_place_of_what_is_being_sent(
    campaign, workspace, operator, approver, now
):
    first = planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    ann = Contact.objects.order_by("pk")[0]
    message_of(
        ann, campaign=campaign, plan=first, step=campaign.steps.get(), status="sent", sent_at=now
    )
    campaign.refresh_from_db()
    AudienceMember.objects.create(
        workspace=workspace, audience=campaign.audience,
        contact=contact_of(workspace, "late@example.com"),
    )  # fmt: skip

    second = planned(campaign, operator, now + timedelta(days=3))
    diff = diff_of(second)
    assert {one.key: one.count for one in diff.changes} == {
        "added": 1, "removed": 0, "rechannelled": 0, "retimed": 2,
    }  # fmt: skip
    assert second.counts["outcome"] == {"scheduled": 3, "duplicate": 1}
    assert [one.people[0].name for one in diff.blocked] == ["Ann"]

    proposal = launched(campaign, operator, now)
    assert proposal.current_plan.content["operation"] == "change"
    sign(proposal, approver, now)
    carried_out(now)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("superseded", "active")


def test_the_queue_says_how_many_people_and_what_it_costs(
    campaign, operator, approver, now, client_as
):
    ChannelPolicy.objects.update(unit_cost=Decimal("0.45"))
    planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)

    page = client_as(approver).get("/approvals/").content.decode()

    assert stake_of(proposal) == "3 people · $1.35"
    assert "3 people · $1.35" in page
    assert "at stake" not in page


def test_who_signs_sees_who_gets_it_and_who_does_not(
    campaign, workspace, operator, approver, now, client_as, django_assert_max_num_queries
):
    Suppression.objects.create(
        workspace=workspace, channel="email", value="bob@example.com", reason="complaint", at=now
    )
    planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)

    proposal.refresh_from_db()
    with django_assert_max_num_queries(5):
        launch_context(proposal, now)
    page = client_as(approver).get(f"/approvals/{proposal.public_id}/").content.decode()

    assert "2 get it, 1 do not" in page
    assert "Must not be written to: 1" in page
    assert "ann@example.com" in page
    assert "Clicked" in page
    assert "was never sent before" in page


def test_a_launch_that_is_through_cannot_be_undone(campaign, operator, approver, now):
    planned(campaign, operator, now)
    proposal = sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    proposal.refresh_from_db()

    OutreachCampaign.objects.update(status="completed")

    assert undoable_ids([proposal]) == set()
    with pytest.raises(StateError, match="nothing to stop"):
        revert(proposal_id=proposal.pk, by=operator, now=now)
