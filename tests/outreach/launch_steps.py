"""Campaigns from a draft to a plan that is being sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from outreach.models import (
    ChannelPolicy,
    Contact,
    MessageDay,
    OutreachCampaign,
    OutreachPolicy,
    SendPlan,
)
from outreach.services.life import launch_campaign
from outreach.services.planning.making import plan_campaign
from tests.outreach.steps import audience_of, campaign_of, template_of
from workspaces.gate import Proposer
from workspaces.models import Connection, Proposal, User, Workspace
from workspaces.services.execution import execute_due

FOOT = "Hello {{ first_name }}. {{ unsubscribe_url }} {{ postal_address }}"


def email_on(workspace: Workspace, **values: Any) -> ChannelPolicy:
    """E-mail switched on and connected; the foot of mails is complete."""
    OutreachPolicy.objects.update_or_create(
        workspace=workspace, defaults={"postal_address": "1 Main Street, Springfield"}
    )
    connection = Connection.objects.create(workspace=workspace, kind="email", name="Mail")
    return ChannelPolicy.objects.create(
        workspace=workspace, channel="email", is_on=True, connection=connection,
        **{"sender": "News <news@shop.example>", **values},
    )  # fmt: skip


def news_to(*contacts: Contact, workspace: Workspace, **values: Any) -> OutreachCampaign:
    """A draft to a few contacts, with a text that may go out."""
    campaign = campaign_of(
        workspace, audience_of(workspace, *contacts, name=values.get("name", "Some")), **values
    )
    text = campaign.steps.get().texts.get()
    text.template = template_of(workspace, name=f"Mail of {campaign.name}", text=FOOT)
    text.save()
    return campaign


def was_sent_before(campaign: OutreachCampaign) -> None:
    """Every text and channel of a campaign went out last year, so that policy may sign."""
    for step in campaign.steps.all():
        for text in step.texts.select_related("template"):
            MessageDay.objects.create(
                workspace=campaign.workspace, day=date(2025, 1, 1), campaign=campaign,
                channel=text.channel, version=text.template.current, sent=10, delivered=10,
            )  # fmt: skip


def planned(campaign: OutreachCampaign, by: User, now: datetime) -> SendPlan:
    """A plan of it, made now."""
    return plan_campaign(campaign=campaign, by=Proposer.person(by), now=now)


def launched(campaign: OutreachCampaign, by: User, now: datetime) -> Proposal:
    """Asked to be sent."""
    return launch_campaign(campaign=campaign, by=Proposer.person(by), now=now)


def carried_out(now: datetime) -> int:
    """What is signed, executed."""
    return execute_due(worker="test", clock=lambda: now)
