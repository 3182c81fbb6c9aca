"""What follows once an answer is out: rows of the way, the private message, the sequence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from attribution.models import Person
from outreach.models import (
    Contact,
    ContactPoint,
    MessageStatus,
    OutreachMessage,
    Purpose,
    SocialEngagement,
    SocialFunnelEntry,
    SocialPerson,
)
from outreach.services.sending.composing import digest_of
from outreach.services.sending.keys import dedup_key
from outreach.services.sending.proving import signed_proof
from outreach.services.social.taking import TOPIC
from workspaces.models import Proposal, Signature
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

#: Where contacts come from that a funnel makes.
SOURCE: Final = "social"
#: So long a comment lets us write to a person; later nothing of a funnel is sent.
OPEN_FOR: Final = timedelta(days=7)
_UNSENT: Final = (MessageStatus.PENDING, MessageStatus.SCHEDULED)


def note_answered(*, entry: SocialFunnelEntry, reply: str, now: datetime) -> None:
    """Note the public answer, in the transaction that settles it."""
    entry.replied_at, entry.reply_external_id = now, reply[:120]
    entry.save(update_fields=["replied_at", "reply_external_id"])
    SocialEngagement.objects.filter(pk=entry.engagement_id, auto_responded_at=None).update(
        auto_responded_at=now
    )
    bump(entry.workspace_id, TOPIC)


def deliver(
    *, entry: SocialFunnelEntry, body: Mapping[str, Any], proposal: Proposal, now: datetime
) -> OutreachMessage:
    """Let the private message wait for its minute, once."""
    if entry.message is not None:
        return entry.message
    engagement, workspace = entry.engagement, entry.workspace
    contact, point = reached_by(entry.person, now)
    send_at = max(datetime.fromisoformat(body["message_at"]), now)
    is_reply = bool(body["is_private_reply"])
    entry.message = OutreachMessage.objects.create(
        workspace=workspace, contact=contact, point=point, channel=engagement.platform,
        purpose=Purpose.SERVICE, text=body["message"], status=MessageStatus.SCHEDULED,
        content_sha256=digest_of("", body["message"]), send_at=send_at,
        expires_at=engagement.at + OPEN_FOR,
        reply_to_comment=engagement.external_id if is_reply else "",
        commented_at=engagement.at if is_reply else None,
        requires_approval=True, approved_by_label=_signed_by(proposal),
        dedup_key=dedup_key(
            workspace=workspace, contact=contact.pk, campaign=f"answer-{entry.pk}", step=None,
            attempt=1, at=entry.triggered_at,
        ),
        proof={**signed_proof(proposal), "answers": str(engagement.public_id)},
    )  # fmt: skip
    entry.save(update_fields=["message"])
    bump(entry.workspace_id, TOPIC)
    return entry.message


def _signed_by(proposal: Proposal) -> str:
    """Who signed it, as messages name them."""
    names = Signature.objects.filter(
        plan=proposal.current_plan_id, withdrawn_at=None
    ).select_related("person")
    return ", ".join(str(one.person or "The funnel's rules") for one in names)[:150]


def reached_by(person: SocialPerson, now: datetime) -> tuple[Contact, ContactPoint]:
    """Contact and address of somebody on a network; made where nobody knows them yet."""
    lock_names([f"contacts:{person.workspace_id}"])
    points = ContactPoint.objects.select_related("contact")
    point = points.filter(
        workspace=person.workspace_id, channel=person.platform, address=person.external_id
    ).first()
    if point is None:
        contact = person.contact or _contact(person)
        point = ContactPoint.objects.create(
            workspace_id=person.workspace_id, contact=contact, channel=person.platform,
            address=person.external_id,
        )  # fmt: skip
    if person.takes_messages and point.verified_at is None:
        # The network says that they take messages from us.
        point.verified_at = now
        point.save(update_fields=["verified_at"])
    if person.contact_id != point.contact_id:
        SocialPerson.objects.filter(pk=person.pk).update(contact=point.contact_id)
    return point.contact, point


def _contact(person: SocialPerson) -> Contact:
    first, _, last = (person.name or person.username).partition(" ")
    return Contact.objects.create(
        workspace_id=person.workspace_id, source=SOURCE, first_name=first[:120],
        last_name=last[:120], person=Person.objects.create(workspace_id=person.workspace_id),
    )  # fmt: skip


@transaction.atomic
def take_back(*, entry: SocialFunnelEntry, now: datetime) -> None:
    """Note that the public answer is gone; what was not sent yet stays unsent."""
    entry.taken_back_at = now
    entry.stopped_reason = entry.stopped_reason or "The public reply was taken back."
    entry.save(update_fields=["taken_back_at", "stopped_reason"])
    if entry.message is not None:
        OutreachMessage.objects.filter(pk=entry.message.pk, status__in=_UNSENT).update(
            status=MessageStatus.CANCELLED, refusal_reason=entry.stopped_reason
        )
    bump(entry.workspace_id, TOPIC)
