"""Consent as it holds: the newest word per channel and purpose."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from outreach.models import Consent, Contact

#: Channel and purpose.
About = tuple[str, str]


def newest(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    """Newest of each contact, channel and purpose."""
    about = ("workspace", "contact", "channel", "purpose")
    return rows.order_by(*about, "-at", "-id").distinct(*about)


def current_consents(contact: Contact, at: datetime | None = None) -> dict[About, Consent]:
    """Return what holds for a contact, now or at a moment."""
    return consents_of(contact.workspace_id, [contact.pk], at).get(contact.pk, {})


def consents_of(
    workspace_id: int, contacts: Collection[int], at: datetime | None = None
) -> dict[int, dict[About, Consent]]:
    """Return what holds for many contacts at once."""
    rows = Consent.objects.filter(workspace=workspace_id, contact__in=contacts)
    if at is not None:
        rows = rows.filter(at__lte=at)
    found: dict[int, dict[About, Consent]] = {}
    for row in newest(rows):
        found.setdefault(row.contact_id, {})[row.channel, row.purpose] = row
    return found


def history_of(contact: Contact) -> QuerySet[Consent]:
    """Everything a contact ever said, the newest first."""
    return Consent.objects.filter(
        workspace=contact.workspace_id, contact=contact
    ).order_by("-at", "-id")  # fmt: skip
