"""What messages cost: segments, fallbacks, and budgets that cover no more."""

from __future__ import annotations

from decimal import Decimal

import pytest

from outreach.engine.channels import Channel
from outreach.models import (
    ContactPoint,
    MessageDay,
    OutreachMessage,
    OutreachPolicy,
    PlannedSend,
    SendPlan,
    StepText,
)
from outreach.selectors.budgets import left_of
from outreach.selectors.campaign_rules import rules_of, settings_of
from outreach.services.sending.falling_back import fall_back
from outreach.services.sending.materialising import materialise_due
from tests.outreach.sending.steps import (
    channel_on,
    people,
    running_plan,
    send_all,
    smtp_to,
    twilio_to,
)
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    point_of,
    template_of,
)
from tests.sandbox.conftest import Box
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

PHONE = "+4915112345678"
LONG = "x" * 200 + " {{ first_name }}"  # two segments
PRICE = Decimal("0.08")


@pytest.fixture
def sms(box: Box, workspace: Workspace) -> None:
    channel_on(
        twilio_to(box, workspace), "sms", sender="+15005550006", unit_cost=PRICE
    )  # fmt: skip


def texted(workspace: Workspace, text: str, **signed: object) -> SendPlan:
    """A campaign by SMS that is being sent to one person, planned at a segment each."""
    contact = contact_of(workspace)
    point = point_of(contact, "sms", PHONE)
    campaign = campaign_of(workspace, audience_of(workspace, contact), channels=["sms"])
    template = template_of(workspace, "sms", "Text", text=text)
    StepText.objects.create(
        workspace=workspace, step=campaign.steps.get(), channel="sms", template=template
    )
    for name, value in signed.items():
        setattr(campaign, name, value)
    campaign.status, campaign.launched_at = "active", NOW
    campaign.save()
    plan = SendPlan.objects.create(
        workspace=workspace, campaign=campaign, number=1, as_of=NOW,
        settings=settings_of(campaign), cost=PRICE, counts={"cost": {"sms": str(PRICE)}},
    )  # fmt: skip
    PlannedSend.objects.create(
        workspace=workspace, plan=plan, place=0, step=campaign.steps.get(), contact=contact,
        outcome="scheduled", point=point, channel="sms", text=template.current, send_at=NOW,
        cost=PRICE,
    )  # fmt: skip
    begin(plan)
    return plan


def begin(plan: SendPlan) -> None:
    plan.status, plan.made_at, plan.rows_sha256 = "ready", NOW, "1" * 64
    plan.save()
    let_go(plan)


@pytest.mark.usefixtures("sms")
def test_an_sms_costs_its_segments(workspace: Workspace) -> None:
    texted(workspace, LONG)
    materialise_due(now=NOW)
    assert OutreachMessage.objects.get().cost == PRICE

    send_all(NOW)

    message = OutreachMessage.objects.get()
    assert (message.status, message.cost) == ("sent", 2 * PRICE)
    assert MessageDay.objects.get().cost == 2 * PRICE


@pytest.mark.usefixtures("sms")
@pytest.mark.parametrize(
    ("signed", "status"),
    [
        ({"budget": Decimal("0.16")}, "sent"),
        ({"budget": Decimal("0.15")}, "cancelled"),
        ({"channel_budgets": {"sms": "0.15"}}, "cancelled"),
        ({"channel_budgets": {"sms": "0.16"}}, "sent"),
        ({"channel_budgets": {"email": "0.01"}}, "sent"),
    ],
)
def test_a_longer_text_is_sent_while_the_signed_budget_covers_it(
    workspace: Workspace, signed: dict, status: str
) -> None:
    texted(workspace, LONG, **signed)
    materialise_due(now=NOW)

    send_all(NOW)

    message = OutreachMessage.objects.get()
    assert message.status == status
    if status == "cancelled":
        assert message.proof["refused"] == "budget_exceeded"
        assert message.refusal_reason == "The campaign's budget does not cover it."
        assert message.cost == PRICE


@pytest.mark.usefixtures("sms")
def test_what_is_ahead_is_reserved_until_it_is_a_message(workspace: Workspace) -> None:
    plan = texted(workspace, "Hello", budget=Decimal(1))
    assert left_of(plan.pk).whole == Decimal("0.92")

    materialise_due(now=NOW)
    assert SendPlan.objects.get().taken["cost"] == {"sms": "0.08"}
    assert left_of(plan.pk).whole == Decimal("0.92")

    send_all(NOW)
    assert left_of(plan.pk).whole == Decimal("0.92")


@pytest.mark.usefixtures("sms")
def test_what_is_cancelled_is_free_again(workspace: Workspace) -> None:
    plan = texted(workspace, "Hello", budget=Decimal(1))
    materialise_due(now=NOW)
    ContactPoint.objects.filter(channel="sms").update(is_reachable=False)

    send_all(NOW)

    assert OutreachMessage.objects.get().status == "cancelled"
    assert left_of(plan.pk).whole == Decimal(1)


@pytest.mark.parametrize(("budget", "is_made"), [(None, True), ("0.16", True), ("0.15", False)])
@pytest.mark.usefixtures("sms")
def test_the_next_channel_is_reserved_from_the_budget_too(
    workspace: Workspace, budget: str | None, *, is_made: bool
) -> None:
    (contact,) = people(workspace, 1)
    point = point_of(contact, "sms", PHONE)
    campaign = campaign_of(workspace, audience_of(workspace, contact))
    template = template_of(workspace, "sms", "Text", text=LONG)
    step = campaign.steps.get()
    StepText.objects.create(workspace=workspace, step=step, channel="sms", template=template)
    campaign.budget = budget and Decimal(budget)
    campaign.status, campaign.launched_at = "active", NOW
    campaign.save()
    plan = SendPlan.objects.create(
        workspace=workspace, campaign=campaign, number=1, as_of=NOW, settings=settings_of(campaign)
    )
    begin(plan)
    failed = message_of(
        contact, campaign=campaign, plan=plan, step=step, status="failed", purpose="marketing",
        version=step.texts.get(channel="email").template.current, fallbacks=[point.pk],
    )  # fmt: skip

    fall_back(messages=[failed], now=NOW)

    made = OutreachMessage.objects.filter(fallback_of=failed)
    assert [one.cost for one in made] == ([2 * PRICE] if is_made else [])
    if is_made:
        send_all(NOW)
        assert (made.get().status, made.get().cost) == ("sent", 2 * PRICE)


@pytest.mark.usefixtures("sms")
def test_planning_counts_the_segments_of_the_longest_text(workspace: Workspace) -> None:
    plan = texted(workspace, LONG)
    campaign = plan.campaign
    settings = settings_of(campaign)

    rules = rules_of(
        workspace, campaign, settings, (Channel.EMAIL, Channel.SMS), settings["steps"][0], NOW
    )

    assert rules.costs.tolist() == [1_000, 160_000]


def test_a_price_that_nobody_entered_is_the_tables(box: Box, workspace: Workspace) -> None:
    OutreachPolicy.objects.create(workspace=workspace)
    channel_on(smtp_to(box, workspace))
    running_plan(workspace, people(workspace, 2), NOW)
    materialise_due(now=NOW)

    send_all(NOW)

    assert {one.cost for one in OutreachMessage.objects.all()} == {Decimal("0.001")}
    assert MessageDay.objects.get().cost == Decimal("0.002")
