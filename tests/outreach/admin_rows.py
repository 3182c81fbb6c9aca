"""One row of every model of outreach."""

from __future__ import annotations

from outreach.models import (
    CampaignLaunch,
    ChannelPolicy,
    ChannelWorth,
    ContactImport,
    ContactImportRow,
    ContactStanding,
    Enrolment,
    Halt,
    MessageDay,
    MessageEvent,
    OutreachPolicy,
    OutreachTask,
    PlatformInsight,
    SocialAccount,
    SocialAdvocate,
    SocialAnswer,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialFunnelEntry,
    SocialPerson,
    SocialPost,
    Suppression,
    TrackedLink,
)
from tests.outreach.steps import NOW, audience_of, campaign_of, contact_of, message_of, plan_of
from workspaces.models import Connection, Proposal, Workspace


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
    ChannelWorth.objects.create(
        **own, customer_type="new", channel="email", chosen_by="table", messages=1, answered=0,
        counted_at=NOW,
    )  # fmt: skip
    MessageDay.objects.create(**own, day=NOW.date(), campaign=campaign, channel="email", sent=1)
    TrackedLink.objects.create(**own, url="https://shop.example/", sha256="0" * 64)
    OutreachTask.objects.create(**own, message=message, reason="assisted")
    _fill_social(workspace, launch)


def _fill_social(workspace: Workspace, answer: Proposal) -> None:
    own = {"workspace": workspace}
    on = {**own, "platform": "instagram"}
    account = SocialAccount.objects.create(
        **on,
        external_id="1",
        connection=Connection.objects.create(**own, kind="messenger", name="P"),
    )
    person = SocialPerson.objects.create(**on, external_id="2", username="ann")
    post = SocialPost.objects.create(
        **on, account=account, external_id="3", posted_at=NOW, fetched_at=NOW
    )
    done = SocialEngagement.objects.create(
        **on, external_id="4", kind="comment", person=person, post=post, at=NOW, value=6
    )
    funnel = SocialEngagementFunnel.objects.create(
        **own, name="Ask", platforms=["instagram"], public_reply="Hello"
    )
    entry = SocialFunnelEntry.objects.create(
        **own, funnel=funnel, person=person, engagement=done, triggered_at=NOW
    )
    SocialAnswer.objects.create(**own, proposal=answer, entry=entry, operation="answer")
    SocialAdvocate.objects.create(
        **own, person=person, score=61, tier="silver", last_at=NOW, since=NOW, scored_at=NOW
    )
    PlatformInsight.objects.create(
        **on, type="timing", date=NOW.date(), period="daily", key_metric="Best hour", key_value=19,
        confidence=0.5, fetched_at=NOW,
    )  # fmt: skip
