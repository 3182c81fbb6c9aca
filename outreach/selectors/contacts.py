"""Contacts as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from outreach.engine import addresses
from outreach.models import Contact, ContactPoint, OutreachMessage
from workspaces.models import Workspace
from workspaces.search import among


def contacts_of(workspace: Workspace) -> QuerySet[Contact]:
    """Everybody, with what a list shows."""
    rows = Contact.objects.filter(workspace=workspace).select_related("person", "standing")
    return rows.prefetch_related("points")


def found_by(rows: QuerySet[Contact], words: str) -> QuerySet[Contact]:
    """Those whose name, address or id begins so; a full name counts by both its words.

    Each of them is looked up by an index, so that a million people take no time.
    """
    text = words.strip()[:120].replace("\0", "")
    if not text:
        return rows
    addresses = ContactPoint.objects.filter(address__startswith=text.lower().removeprefix("@"))
    named = Q(first_name__istartswith=text) | Q(last_name__istartswith=text)
    first, _, last = text.partition(" ")
    if last:
        named |= Q(first_name__istartswith=first, last_name__istartswith=last.strip())
    workspaces = rows.values("workspace")[:1]
    own = addresses.filter(workspace__in=workspaces).values("contact")
    return rows.filter(named | Q(external_id=text) | Q(among(own)))


def at_address(rows: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Those who have an address, in whatever spelling it is asked for."""
    spelled = {text.strip(), text.strip().lower()}
    for channel in ("email", "sms"):
        with suppress(addresses.AddressError):
            spelled.add(addresses.normal(channel, text))
    own = ContactPoint.objects.filter(
        workspace__in=rows.values("workspace")[:1], address__in=sorted(spelled)
    )
    return rows.filter(pk__in=own.values("contact"))


_MOMENTS: Final = (
    ("sent_at", "Sent"), ("delivered_at", "Delivered"), ("opened_at", "Opened"),
    ("clicked_at", "Clicked"), ("replied_at", "Replied"), ("converted_at", "Converted"),
    ("unsubscribed_at", "Unsubscribed"), ("bounced_at", "Bounced"),
    ("complained_at", "Complained"), ("failed_at", "Failed"),
)  # fmt: skip
_BAD: Final = frozenset(("unsubscribed_at", "bounced_at", "complained_at", "failed_at"))


@dataclass(frozen=True)
class Moment:
    """One thing that became of a message."""

    at: datetime
    label: str
    is_bad: bool


def written_to(contact: Contact, most: int) -> Sequence[tuple[OutreachMessage, list[Moment]]]:
    """Return the newest messages to somebody, each with what became of it, in order."""
    rows = OutreachMessage.objects.filter(workspace=contact.workspace_id, contact=contact)
    newest = rows.select_related("campaign").order_by("-pk")[:most]
    return [(row, _moments(row)) for row in newest]


def _moments(message: OutreachMessage) -> list[Moment]:
    found = [
        Moment(at, label, name in _BAD)
        for name, label in _MOMENTS
        if (at := getattr(message, name)) is not None
    ]
    return sorted(found, key=lambda one: one.at)
