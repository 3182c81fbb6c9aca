"""What waits for an answer of theirs that does not come: closed after some days."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
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
from inbox.services.chores import do_each
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
    own = {
        one.workspace_id: one
        for one in InboxPolicy.objects.filter(workspace__in=Workspace.objects.open())
    }
    return do_each(
        partial(_close_some, one, own.get(one.pk) or InboxPolicy(workspace=one), now)
        for one in Workspace.objects.open().order_by("pk")
    )


def _close_some(workspace: Workspace, policy: InboxPolicy, now: datetime) -> int:
    before = now - timedelta(days=policy.close_waiting_after_days)
    ids = list(_silent(workspace, before).values_list("pk", flat=True)[:_BATCH])
    if not ids:
        return 0
    rows = _silent(workspace, before).filter(pk__in=ids)
    by = Proposer.rule(MACHINE)
    done = close(rows=rows, workspace=workspace, by=by, now=now, while_waiting=True)
    return len(done.changed)


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
