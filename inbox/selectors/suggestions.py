"""Pairs of contacts that may be one person, as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from inbox.models import Conversation, IdentitySuggestion, SuggestionStatus
from outreach.models import Contact, ContactPoint
from workspaces.models import Workspace


@dataclass(frozen=True)
class Side:
    """One of the two, and what they had to do with us."""

    contact: Contact
    points: Sequence[ContactPoint]
    conversations: int
    last_at: datetime | None

    @property
    def who(self) -> str:
        """Their name, else their first address."""
        first = next((one.address for one in self.points), "")
        return self.contact.name or first or "Somebody without a name"


@dataclass(frozen=True)
class Pair:
    """Two that may be one."""

    row: IdentitySuggestion
    sides: tuple[Side, Side]

    @property
    def can_ask(self) -> bool:
        """Whether somebody may be asked once more."""
        apart = (SuggestionStatus.REFUSED, SuggestionStatus.TAKEN_BACK)
        return self.row.status in apart and bool(self.row.evidence)

    @property
    def can_part(self) -> bool:
        """Whether joining them here can be taken back."""
        return self.row.status == SuggestionStatus.CONFIRMED and self.row.merge_id is not None


def suggestions_of(
    workspace: Workspace, *, is_open: bool, contact: UUID | None = None
) -> QuerySet[IdentitySuggestion]:
    """Pairs that wait, the newest first, or that were decided, the last first."""
    rows = _open(workspace) if is_open else _all(workspace).exclude(status=SuggestionStatus.OPEN)
    if contact is not None:
        rows = rows.filter(Q(first__public_id=contact) | Q(second__public_id=contact))
    order = "-created_at" if is_open else "-decided_at"
    return rows.select_related("first__standing", "second__standing", "decided_by").order_by(
        order, "-pk"
    )


def count_open(workspace: Workspace) -> int:
    """How many wait."""
    return _open(workspace).count()


def asked_about(contact: Contact) -> QuerySet[IdentitySuggestion]:
    """Pairs of which somebody has to say whether this contact is the same person as the other."""
    return _open(contact.workspace_id).filter(Q(first=contact) | Q(second=contact))


def pairs_of(rows: Sequence[IdentitySuggestion]) -> list[Pair]:
    """The rows with both sides, in three queries together."""
    keys = {key for row in rows for key in (row.first_id, row.second_id)}
    points: dict[int, list[ContactPoint]] = {}
    for point in ContactPoint.objects.filter(contact__in=keys).order_by("channel", "position"):
        points.setdefault(point.contact_id, []).append(point)
    talks = {
        contact: (count, last_at)
        for contact, count, last_at in Conversation.objects.filter(
            contact__in=keys, merged_into=None
        )
        .values("contact")
        .annotate(count=Count("pk"), last_at=Max("last_message_at"))
        .values_list("contact", "count", "last_at")
    }

    def side(contact: Contact) -> Side:
        return Side(contact, points.get(contact.pk, ()), *talks.get(contact.pk, (0, None)))

    return [Pair(row, (side(row.first), side(row.second))) for row in rows]


def _all(workspace: Any) -> QuerySet[IdentitySuggestion]:
    return IdentitySuggestion.objects.filter(workspace=workspace)


def _open(workspace: Any) -> QuerySet[IdentitySuggestion]:
    """Of whom one was erased, nothing speaks for it any more."""
    return _all(workspace).filter(status=SuggestionStatus.OPEN).exclude(evidence=[])
