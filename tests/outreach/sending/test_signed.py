"""What was signed is what is sent, whatever becomes of the campaign's row and its texts since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import Contact, ContactStanding, OutreachMessage, SendPlan, StepText
from outreach.services.sending.falling_back import fall_back
from outreach.services.sending.materialising import materialise_due
from tests.outreach.sending.steps import (
    channel_on,
    due,
    letters,
    people,
    running_plan,
    send_all,
    smtp_to,
)
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    let_go,
    message_of,
    plan_of,
    point_of,
    template_of,
)
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def test_purpose_and_end_are_those_that_were_signed(workspace: Workspace) -> None:
    plan = running_plan(workspace, people(workspace, 1), NOW)
    plan.campaign.purpose, plan.campaign.ends_at = "service", NOW + timedelta(days=9)
    plan.campaign.save()

    materialise_due(now=NOW)

    message = OutreachMessage.objects.get()
    assert (message.purpose, message.expires_at) == ("marketing", None)


def test_a_fallback_says_what_was_signed(workspace: Workspace) -> None:
    (contact,) = people(workspace, 1)
    point = point_of(contact, "sms", "+491701234567")
    plan = running_plan(workspace, [contact], NOW)
    step = plan.campaign.steps.get()
    signed = template_of(workspace, "sms", "Signed", text="Signed")
    other = template_of(workspace, "sms", "Other", text="Not signed")
    text = StepText.objects.create(
        workspace=workspace, step=step, channel="sms", template=signed
    )  # fmt: skip
    second = let_go(plan_of(plan.campaign, number=2))
    failed = message_of(
        contact, campaign=plan.campaign, plan=second, step=step, status="failed",
        version=step.texts.get(channel="email").template.current, fallbacks=[point.pk],
    )  # fmt: skip
    text.template = other
    text.save()

    (made,) = fall_back(messages=[failed], now=NOW)

    assert made.version == signed.current


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_plan_that_takes_anothers_place_on_one_day_reaches_everybody(
    workspace: Workspace, status: str
) -> None:
    plan = running_plan(workspace, people(workspace, 2), NOW)
    materialise_due(now=NOW)
    ann, bob = OutreachMessage.objects.order_by("pk")
    OutreachMessage.objects.filter(pk=ann.pk).update(status=status)
    OutreachMessage.objects.filter(pk=bob.pk).update(status="sending", lease_until=NOW)
    SendPlan.objects.update(status="superseded")
    second = let_go(plan_of(plan.campaign, ann.contact, bob.contact, number=2))

    materialise_due(now=NOW)
    materialise_due(now=NOW)

    made = OutreachMessage.objects.get(plan=second)
    assert made.contact == ann.contact


@pytest.mark.parametrize("what", ["archived", "moved"])
def test_somebody_put_away_since_gets_nothing(box: Box, workspace: Workspace, what: str) -> None:
    channel_on(smtp_to(box, workspace))
    ann, bob = people(workspace, 2)
    message = due(ann, NOW, purpose="marketing")
    if what == "archived":
        ann.archived_at = NOW
        ann.save()
    else:
        ann.points.update(contact=bob, position=1)

    send_all(NOW)

    message.refresh_from_db()
    assert (message.status, message.proof["refused"]) == ("cancelled", what)
    assert letters(box) == []


def test_words_differ_by_person_as_it_was_signed(
    workspace: Workspace, django_assert_max_num_queries
) -> None:
    """Of a rule that holds, of one by segment, and of the rest; an edit since changes nothing."""
    ann, bob, cid = people(workspace, 3)
    Contact.objects.filter(pk=ann.pk).update(customer_type="new", attributes={"plan": "gold"})
    ContactStanding.objects.create(
        workspace=workspace, contact=bob, segment="loyal", counted_at=NOW
    )
    rules = [
        {"field": "attributes.plan", "any_of": ["gold"], "words": "a guest pass"},
        {"field": "segment", "any_of": ["loyal"], "words": "our thanks"},
        {"words": "a free week"},
    ]
    campaign = campaign_of(
        workspace, audience_of(workspace, ann, bob, cid), personalisation={"offer": rules},
        status="active", launched_at=NOW,
    )  # fmt: skip
    let_go(plan_of(campaign, ann, bob, cid))
    campaign.personalisation = {"offer": [{"words": "nothing"}]}
    campaign.save()

    with django_assert_max_num_queries(18):
        materialise_due(now=NOW)

    made = {one.contact_id: one.variables for one in OutreachMessage.objects.all()}
    assert [made[one.pk]["offer"] for one in (ann, bob, cid)] == [
        "a guest pass", "our thanks", "a free week",
    ]  # fmt: skip
