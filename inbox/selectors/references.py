"""Messages of ours that something refers to, or that it may answer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from outreach.models import ContactPoint, OutreachMessage
from outreach.services.listening.answers import ANSWERED_WITHIN
from workspaces.models import Workspace


def named_by(workspace: Workspace, refers: Collection[str]) -> dict[str, OutreachMessage]:
    """Messages of ours that something refers to, by the provider's id of them."""
    if not refers:
        return {}
    ours = {key: ref for ref in refers if (key := _key_in(ref))}
    # Mail servers write ids in angles, and readers of mails without.
    named = {f"<{ref}>": ref for ref in refers} | {ref: ref for ref in refers}
    rows = OutreachMessage.objects.filter(
        Q(provider_message_id__in=named) | Q(public_id__in=ours), workspace=workspace
    ).select_related("campaign", "inbox_response")
    return {ours.get(row.public_id) or named[row.provider_message_id]: row for row in rows}


def _key_in(reference: str) -> UUID | None:
    """Name that we gave to a mail ourselves: providers keep it where they take one."""
    try:
        return UUID(reference.strip("<>").partition("@")[0])
    except ValueError:
        return None


def last_to(
    workspace: Workspace, points: Collection[ContactPoint], now: datetime
) -> dict[int, OutreachMessage]:
    """The last message that was sent to each address of late."""
    rows = OutreachMessage.objects.filter(
        workspace=workspace, contact__in={one.contact_id for one in points},
        point__in=[one.pk for one in points], sent_at__gt=now - ANSWERED_WITHIN,
    )  # fmt: skip
    rows = rows.order_by("point", "-sent_at").distinct("point").select_related("campaign")
    return {row.point_id: row for row in rows}
