"""What a recipient decides with the links in a message: no more of this, or what by which channel.

The address in the message is all that it takes; whoever holds the message may decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from outreach.models import (
    Consent,
    ConsentSource,
    Contact,
    ContactPoint,
    EventKind,
    MessageChannel,
    OutreachMessage,
    Purpose,
    Suppression,
    SuppressionReason,
)
from outreach.services.hearing import Heard, hear
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class Choice:
    """A channel that reaches somebody, and whether marketing comes by it."""

    channel: str
    label: str
    address: str
    is_on: bool


def message_named(public_id: UUID) -> OutreachMessage | None:
    """The message that an address in it names."""
    rows = OutreachMessage.objects.select_related("workspace", "contact", "point")
    return rows.filter(public_id=public_id).first()


def unsubscribe(*, message: OutreachMessage, how: str, now: datetime) -> None:
    """Send no more marketing to the address of a message; at once, and once."""
    told = Heard(
        kind=EventKind.UNSUBSCRIBED,
        at=now,
        key=f"unsubscribe:{message.public_id}",
        message=message.public_id,
        detail={"by": how},
    )
    with transaction.atomic():
        lock_names([f"outreach-consent:{message.contact_id}"])
        if hear(workspace=message.workspace, events=[told], now=now):
            return
        # Somebody who came back and leaves again by an old message, or the same click once more.
        choices = choices_of(message.contact)
        if any(one.is_on for one in choices if one.channel == message.channel):
            _turn(message.contact, [message.channel], on=False, how=how, now=now)


def choices_of(contact: Contact) -> list[Choice]:
    """Channels that reach somebody, in their order; what the newest consent of each says."""
    newest = (
        Consent.objects.filter(
            workspace=contact.workspace_id, contact=contact, purpose=Purpose.MARKETING
        )
        .order_by("channel", "-at", "-pk")
        .distinct("channel")
    )
    given = {row.channel: row.is_given for row in newest}
    points: dict[str, ContactPoint] = {}
    for point in contact.points.order_by("position", "pk"):
        points.setdefault(point.channel, point)
    return [
        Choice(channel.value, channel.label, points[channel].address, given.get(channel, False))
        for channel in MessageChannel
        if channel in points
    ]


@transaction.atomic
def choose(*, contact: Contact, channels: Collection[str], now: datetime) -> list[Choice]:
    """Let marketing come by these channels and by no other; returns what holds then."""
    lock_names([f"outreach-consent:{contact.pk}"])
    for choice in choices_of(contact):
        wanted = choice.channel in channels
        if wanted != choice.is_on:
            _turn(contact, [choice.channel], on=wanted, how="preference page", now=now)
    return choices_of(contact)


def stop(
    *,
    contact: Contact,
    channel: str,
    at: datetime,
    is_everywhere: bool,
    source: ConsentSource,
    evidence: Mapping[str, Any],
) -> None:
    """Send somebody no more marketing by a channel, or by any; in the caller's transaction."""
    channels = [one.channel for one in choices_of(contact) if is_everywhere]
    _note(contact, channels or [channel], on=False, source=source, evidence=evidence, at=at)


def lift(
    *,
    contact: Contact,
    channel: str,
    at: datetime,
    source: ConsentSource,
    evidence: Mapping[str, Any],
) -> None:
    """Somebody who had left asks for messages by a channel again."""
    _note(contact, [channel], on=True, source=source, evidence=evidence, at=at)


def _turn(
    contact: Contact, channels: Collection[str], *, on: bool, how: str, now: datetime
) -> None:
    source = ConsentSource.PREFERENCES
    _note(contact, channels, on=on, source=source, evidence={"by": how}, at=now)


def _note(
    contact: Contact,
    channels: Collection[str],
    *,
    on: bool,
    source: ConsentSource,
    evidence: Mapping[str, Any],
    at: datetime,
) -> None:
    known = Consent.objects.filter(
        workspace=contact.workspace_id, contact=contact, source=source, at=at, is_given=on
    )
    told = set(known.values_list("channel", flat=True))  # the same told twice is one wish
    Consent.objects.bulk_create(
        Consent(
            workspace_id=contact.workspace_id, contact=contact, channel=channel,
            purpose=Purpose.MARKETING, is_given=on, source=source, evidence=dict(evidence), at=at,
        )
        for channel in channels
        if channel not in told
    )  # fmt: skip
    _suppress(contact, channels, on=on, at=at)


def _suppress(contact: Contact, channels: Collection[str], *, on: bool, at: datetime) -> None:
    addresses = list(contact.points.filter(channel__in=channels).values_list("channel", "address"))
    if on:
        # Who left and comes back by his own hand is written to again; a bounce or a complaint
        # is not his to lift.
        Suppression.objects.filter(
            workspace=contact.workspace_id,
            channel__in=channels,
            value__in=[address for _, address in addresses],
            reason=SuppressionReason.UNSUBSCRIBE,
            lifted_at=None,
        ).update(lifted_at=at, lifted_by_label="The recipient")
        return
    Suppression.objects.bulk_create(
        [
            Suppression(
                workspace_id=contact.workspace_id, channel=channel, value=address,
                reason=SuppressionReason.UNSUBSCRIBE, purpose=Purpose.MARKETING, at=at,
                by_label="The recipient",
            )
            for channel, address in addresses
        ],
        ignore_conflicts=True,
    )  # fmt: skip
