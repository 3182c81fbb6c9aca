"""One row of every model of outreach."""

from __future__ import annotations

from outreach.models import (
    CampaignLaunch,
    ChannelPolicy,
    ContactImport,
    ContactImportRow,
    ContactStanding,
    Enrolment,
    Halt,
    MessageDay,
    MessageEvent,
    OutreachPolicy,
    OutreachTask,
    Suppression,
    TrackedLink,
)
from tests.outreach.steps import NOW, audience_of, campaign_of, contact_of, message_of, plan_of
from workspaces.models import Proposal, Workspace


def fill(workspace: Workspace, launch: Proposal) -> None:
    """Make a row of each."""
    contact = contact_of(workspace)
    campaign = campaign_of(workspace, audience_of(workspace, contact))
    plan = plan_of(campaign, contact)
    message = message_of(contact)
    own = {"workspace": workspace}
    ChannelPolicy.objects.create(**own, channel="email")
    OutreachPolicy.objects.create(**own)
    Halt.objects.create(**own, channel="email", reason="Complaints", since=NOW)
    Suppression.objects.create(**own, value="bob@example.com", reason="manual", at=NOW)
    ContactStanding.objects.create(**own, contact=contact, counted_at=NOW)
    run = ContactImport.objects.create(**own, file_name="people.csv")
    ContactImportRow.objects.create(run=run, line=2, kind="invalid", reason="No address.")
    Enrolment.objects.create(**own, campaign=campaign, contact=contact, due_at=NOW, entered_at=NOW)
    CampaignLaunch.objects.create(
        **own, proposal=launch, campaign=campaign, plan=plan, operation="launch"
    )
    MessageEvent.objects.create(**own, message=message, kind="delivered", key="1", at=NOW)
    MessageDay.objects.create(**own, day=NOW.date(), campaign=campaign, channel="email", sent=1)
    TrackedLink.objects.create(**own, url="https://shop.example/", sha256="0" * 64)
    OutreachTask.objects.create(**own, message=message, reason="assisted")
