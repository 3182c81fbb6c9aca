"""Contacts, texts, campaigns and plans as tests need them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from attribution.models import Person
from outreach.models import (
    Audience,
    AudienceMember,
    ChannelTemplate,
    Consent,
    Contact,
    ContactPoint,
    OutreachCampaign,
    OutreachMessage,
    PlannedSend,
    SendPlan,
    SequenceStep,
    StepText,
    TemplateVersion,
)
from outreach.selectors.campaign_rules import settings_of
from workspaces.gate import canonical, digest
from workspaces.models import Plan, Proposal, Signature, Workspace

NOW: Final = datetime(2026, 6, 10, 12, tzinfo=UTC)


def contact_of(workspace: Workspace, address: str = "ann@example.com", **values: Any) -> Contact:
    """A contact with an e-mail address and consent to marketing by it."""
    contact = Contact.objects.create(
        workspace=workspace, person=Person.objects.create(workspace=workspace),
        **{"first_name": "Ann", "time_zone": "Europe/Berlin", "country": "DE", **values},
    )  # fmt: skip
    point_of(contact, "email", address)
    return contact


def point_of(contact: Contact, channel: str, address: str, **values: Any) -> ContactPoint:
    """An address, with consent to marketing by it."""
    point = ContactPoint.objects.create(
        workspace=contact.workspace, contact=contact, channel=channel, address=address, **values
    )
    Consent.objects.create(
        workspace=contact.workspace, contact=contact, channel=channel, purpose="marketing",
        is_given=True, source="form", at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return point


def template_of(
    workspace: Workspace, channel: str = "email", name: str = "Hello", **values: Any
) -> ChannelTemplate:
    """A text in use."""
    template = ChannelTemplate.objects.create(workspace=workspace, name=name, channel=channel)
    template.current = TemplateVersion.objects.create(
        workspace=workspace, template=template, number=1,
        **{"subject": "News", "text": "Hello {{ first_name }}", "sha256": "0" * 64, **values},
    )  # fmt: skip
    template.status = "active"
    template.save()
    return template


def audience_of(workspace: Workspace, *contacts: Contact, name: str = "Everybody") -> Audience:
    """A fixed list."""
    audience = Audience.objects.create(workspace=workspace, name=name, kind="list")
    AudienceMember.objects.bulk_create(
        AudienceMember(workspace=workspace, audience=audience, contact=one) for one in contacts
    )
    return audience


def campaign_of(
    workspace: Workspace, audience: Audience | None = None, **values: Any
) -> OutreachCampaign:
    """A draft of one step by e-mail."""
    campaign = OutreachCampaign.objects.create(
        workspace=workspace, audience=audience,
        **{"name": "June news", "channels": ["email"], **values},
    )  # fmt: skip
    step = SequenceStep.objects.create(workspace=workspace, campaign=campaign, position=1)
    template = template_of(workspace, name=f"Text of {campaign.name}")
    StepText.objects.create(workspace=workspace, step=step, channel="email", template=template)
    return campaign


def signed_for(plan: SendPlan, now: datetime = NOW) -> Proposal:
    """A proposal to launch a made plan: signed by policy and carried out, past the services."""
    proposal = Proposal.objects.create(
        workspace=plan.workspace, kind="outreach.launch", subject_key=f"plan:{plan.public_id}",
        subject_label="A send", summary="Send it", reason="Because.", proposer_type="rule",
        proposer_key="rule:tests", proposer_label="tests", created_at=now,
    )  # fmt: skip
    text = canonical(
        {"operation": "launch", "plan": str(plan.public_id), "rows_sha256": plan.rows_sha256}
    )
    document = Plan.objects.create(
        proposal=proposal, version=1, body=text, sha256=digest(text), policy_version="tests",
        risk="low", rank_required="approver", policy_may_sign=True, created_at=now,
    )  # fmt: skip
    rows = Proposal.objects.filter(pk=proposal.pk)
    rows.update(current_plan=document)
    Signature.objects.create(plan=document, decision="approve", policy_version="tests", at=now)
    for status in ("approved", "executing", "executed"):
        rows.update(status=status)
    return rows.get()


def let_go(plan: SendPlan, now: datetime = NOW) -> SendPlan:
    """Bring a made plan to where it is being sent, signed as `signed_for` does."""
    plan.signed_by = signed_for(plan, now)
    plan.status, plan.activated_at, plan.wave_at = "active", now, now
    plan.save()
    return plan


def plan_of(campaign: OutreachCampaign, *contacts: Contact, **values: Any) -> SendPlan:
    """A plan that is made, with a row for each contact's first address."""
    plan = SendPlan.objects.create(
        workspace=campaign.workspace, campaign=campaign, number=values.pop("number", 1), as_of=NOW,
        settings=settings_of(campaign),
    )  # fmt: skip
    step = campaign.steps.get(position=1)
    text = step.texts.get(variant="", channel="email").template.current
    why = values.pop("why", 0)
    for place, contact in enumerate(contacts):
        point = contact.points.get(channel="email", position=0)
        PlannedSend.objects.create(
            workspace=campaign.workspace, plan=plan, place=place, step=step, contact=contact,
            outcome="scheduled", point=point, channel="email", text=text, send_at=NOW,
            why=why,
        )  # fmt: skip
    made = {"status": "ready", "made_at": NOW, "rows_sha256": "1" * 64, **values}
    for name, value in made.items():
        setattr(plan, name, value)
    plan.save()
    return plan


def message_of(contact: Contact, **values: Any) -> OutreachMessage:
    """A message to a contact's first e-mail address or the given one, outside of campaigns."""
    point = values.pop("point", None) or contact.points.get(channel="email", position=0)
    channel = values.pop("channel", "email")
    given = {
        "purpose": "service", "send_at": NOW, "subject": "News", "text": "Hello Ann",
        "dedup_key": f"{contact.workspace_id}:{contact.pk}::1:{NOW:%Y-%m-%d}", **values,
    }  # fmt: skip
    return OutreachMessage.objects.create(
        workspace=contact.workspace, contact=contact, point=point, channel=channel, **given
    )
