"""What waits for an answer of theirs that does not come: closed after some days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    HappenedKind,
    InboxPolicy,
)
from inbox.services.desk import close
from inbox.services.topics import MACHINE
from workspaces.gate import Proposer
from workspaces.models import Workspace

_BATCH: Final = 500
_LEAVING: Final = (Delivery.SCHEDULED, Delivery.BY_HAND)


def close_silent(*, now: datetime) -> int:
    """Close what has waited for so many days as the policy says; how many.

    Some of each workspace at a time: the next run goes on.
    """
    waiting = Conversation.objects.filter(status=ConversationStatus.WAITING)
    places = waiting.filter(last_message_at__lte=now - timedelta(days=1))
    own = {one.workspace_id: one for one in InboxPolicy.objects.all()}
    closed = 0
    for workspace in Workspace.objects.filter(
        pk__in=places.order_by().values("workspace")
    ).order_by("pk"):
        policy = own.get(workspace.pk) or InboxPolicy(workspace=workspace)
        before = now - timedelta(days=policy.close_waiting_after_days)
        ids = list(_silent(workspace, before).values_list("pk", flat=True)[:_BATCH])
        if ids:
            rows = Conversation.objects.filter(workspace=workspace, pk__in=ids)
            done = close(rows=rows, workspace=workspace, by=Proposer.rule(MACHINE), now=now)
            closed += len(done.changed)
    return closed


def _silent(workspace: Workspace, before: datetime) -> QuerySet[Conversation]:
    """In which nobody wrote, and which nobody set to wait, since a moment; the oldest first."""
    touched = ConversationEvent.objects.filter(
        conversation=OuterRef("pk"), kind__in=(HappenedKind.WAITING, HappenedKind.UNDONE),
        at__gt=before,
    )  # fmt: skip
    leaving = CustomerResponse.objects.filter(conversation=OuterRef("pk"), delivery__in=_LEAVING)
    rows = Conversation.objects.filter(
        ~Exists(touched), ~Exists(leaving), workspace=workspace, merged_into=None,
        archived_at=None, status=ConversationStatus.WAITING, last_message_at__lte=before,
    )  # fmt: skip
    return rows.order_by("last_message_at", "pk")
