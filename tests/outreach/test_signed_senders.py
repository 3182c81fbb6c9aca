"""From whom, by what and under which law a send goes is signed with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from outreach.models import (
    CampaignStatus,
    ChannelPolicy,
    OutreachMessage,
    OutreachPolicy,
    SendPlan,
)
from outreach.services.life import resume_campaign
from outreach.services.sending.judging import judge
from outreach.services.sending.materialising import materialise_due
from outreach.services.watching import plans_in_sending, watch_plan
from tests.outreach.launch_steps import carried_out, email_on, launched, news_to, planned
from tests.outreach.steps import contact_of, message_of
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import GateError, Proposer, StateError
from workspaces.models import Connection, Notification, Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(workspace):
    email_on(workspace, reply_to="help@shop.example")
    people = [contact_of(workspace, f"{name}@example.com") for name in ("ann", "bob")]
    return news_to(*people, workspace=workspace, send_at_best_hour=False)


@pytest.fixture
def running(campaign, operator, approver, now) -> SendPlan:
    """Signed and let go."""
    planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    return SendPlan.objects.get(status="active")


def _another_connection(policy):
    policy.connection = Connection.objects.create(
        workspace=policy.workspace, kind="email", name="Other"
    )


def _another_sender(policy):
    policy.sender = "Sales <sales@other.example>"


_FROM = [
    (_another_sender, "E-mail: another sender"),
    (lambda one: setattr(one, "reply_to", ""), "E-mail: another address for answers"),
    (_another_connection, "E-mail: another connection"),
]
_TERMS = [
    (lambda one: setattr(one, "unit_cost", Decimal("0.5")), "E-mail: another price"),
    (lambda one: setattr(one, "law", {"quiet": ["20:00", "09:00"]}),
     "E-mail: other rules of law and hours"),
]  # fmt: skip


def _change(how) -> None:
    policy = ChannelPolicy.objects.select_related("workspace").get()
    how(policy)
    policy.save()


def test_the_signed_document_says_from_whom_by_what_and_under_which_law(
    campaign, operator, approver, now, client_as
):
    planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)

    body = proposal.current_plan.content
    email = body["senders"]["email"]

    assert body["purpose"] == "marketing"
    assert (email["sender"], email["reply_to"]) == ("News <news@shop.example>", "help@shop.example")
    assert email["connection"] == str(Connection.objects.get().public_id)
    assert (email["unit_cost"], email["law"]["outside"]) == ("0", "sent")
    assert len(email["law_sha256"]) == 64
    page = client_as(approver).get(f"/approvals/{proposal.public_id}/").content.decode()
    assert "News &lt;news@shop.example&gt;" in page
    assert email["law_sha256"][:12] in page


@pytest.mark.parametrize(("how", "words"), [*_FROM, *_TERMS])
def test_what_changed_since_it_was_signed_has_to_be_signed_anew(
    campaign, operator, approver, now, how, words
):
    first = planned(campaign, operator, now)
    proposal = launched(campaign, operator, now)
    sign(proposal, approver, now)
    _change(how)

    carried_out(now)

    proposal, second = fresh(proposal), SendPlan.objects.exclude(pk=first.pk).get()
    assert (proposal.status, second.status) == (Status.PENDING, "ready")
    assert proposal.current_plan.content["plan"] == str(second.public_id)
    assert not SendPlan.objects.filter(activated_at__isnull=False).exists()
    sign(proposal, approver, now)
    carried_out(now)
    second.refresh_from_db()
    assert (second.status, second.signed_by) == ("active", proposal)


@pytest.mark.parametrize(("how", "words"), [*_FROM, *_TERMS])
def test_what_changed_since_it_was_planned_is_planned_anew(
    campaign, operator, now, how, words
):  # fmt: skip
    planned(campaign, operator, now)
    _change(how)

    with pytest.raises(StateError, match=f"planned: {words}. Plan"):
        launched(campaign, operator, now)

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.DRAFT


@pytest.mark.parametrize(("how", "words"), _FROM)
def test_what_runs_stops_when_it_would_come_from_somebody_else(
    running, campaign, operator, approver, now, how, words
):
    materialise_due(now=now + timedelta(minutes=1))
    _change(how)
    messages = list(OutreachMessage.objects.select_related("workspace", "contact", "point"))

    told = judge(
        messages, lane_policy=ChannelPolicy.objects.get(), policy=OutreachPolicy.objects.get(),
        versions={}, now=now,
    )  # fmt: skip
    assert [(one.what, one.reason) for one in told] == [("wait", "changed")]

    (plan,) = plans_in_sending(running.workspace)
    assert watch_plan(plan=plan, now=now) == "held"
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.PAUSED
    assert campaign.paused_reason == f"Changed since it was signed: {words}."
    assert Notification.objects.filter(topic="outreach.halted").exists()

    by = Proposer.person(operator)
    proposal = resume_campaign(campaign=campaign, by=by, reason="It is ours too", now=now)
    assert proposal.current_plan.is_blocked
    with pytest.raises(GateError):
        sign(proposal, approver, now)


@pytest.mark.parametrize(
    ("law", "what"),
    [({"needs_acceptance": True}, "drop"), ({"quiet": ["00:00", "23:59"]}, "wait"), ({}, "send")],
)
def test_a_stricter_law_binds_at_once(running, now, law, what):
    materialise_due(now=now + timedelta(minutes=1))
    _change(lambda one: setattr(one, "law", law))
    message = OutreachMessage.objects.select_related("workspace", "contact", "point").first()

    (told,) = judge(
        [message], lane_policy=ChannelPolicy.objects.get(), policy=OutreachPolicy.objects.get(),
        versions={}, now=now,
    )  # fmt: skip

    assert told.what == what
    (plan,) = plans_in_sending(running.workspace)
    assert watch_plan(plan=plan, now=now) != "held"


def test_a_laxer_law_binds_what_is_signed_from_then_on(
    campaign, operator, approver, now, workspace
):
    strict = {"quiet": ["00:00", "23:00"]}
    _change(lambda one: setattr(one, "law", strict))
    planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    _change(lambda one: setattr(one, "law", {}))
    late = now + timedelta(days=1)
    materialise_due(now=late)
    message = OutreachMessage.objects.select_related("workspace", "contact", "point").first()

    (told,) = judge(
        [message], lane_policy=ChannelPolicy.objects.get(), policy=OutreachPolicy.objects.get(),
        versions={}, now=late,
    )  # fmt: skip

    assert (told.what, told.reason) == ("wait", "quiet_hours")


@pytest.mark.parametrize(
    ("signed", "live", "what"), [(1, 9, "wait"), (9, 1, "wait"), (9, 9, "send")]
)
def test_of_caps_as_signed_and_as_they_are_the_stricter_bind(
    campaign, operator, approver, now, signed, live, what
):
    _cap(signed)
    planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    materialise_due(now=now + timedelta(minutes=1))
    message = OutreachMessage.objects.select_related("workspace", "contact", "point").first()
    message_of(message.contact, status="sent", sent_at=now, purpose="marketing")
    _cap(live)

    (told,) = judge(
        [message], lane_policy=ChannelPolicy.objects.get(), policy=OutreachPolicy.objects.get(),
        versions={}, now=now,
    )  # fmt: skip

    plan = SendPlan.objects.get(status="active")
    assert plan.settings["caps"] == {
        "marketing_day": signed, "marketing_week": 9, "any_day": 9, "any_week": 9,
    }  # fmt: skip
    assert (told.what, told.reason) == (what, "frequency_cap" if what == "wait" else "")


def _cap(a_day: int) -> None:
    OutreachPolicy.objects.update(
        marketing_per_day=a_day, marketing_per_week=9, all_per_day=9, all_per_week=9
    )
