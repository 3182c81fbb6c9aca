"""Promises as time goes by: due soon, missed, escalated; told anew when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, Q

from inbox.models import (
    UNCLOSED,
    Conversation,
    ConversationEvent,
    Direction,
    HappenedKind,
    SlaState,
)
from inbox.selectors.promises import rules_of
from inbox.services.promising import promise
from inbox.services.taking import MACHINE
from inbox.services.topics import TOPIC
from workspaces.models import Workspace
from workspaces.services.live import bump

_BATCH: Final = 500
_DAY_S: Final = 24 * 3600


def sweep(*, now: datetime) -> int:
    """Mark what is due soon, missed and escalated; returns how many conversations changed."""
    steps = (
        (Q(sla_state=SlaState.RUNNING, warn_at__lte=now), SlaState.WARNED, None),
        (
            Q(sla_state__in=(SlaState.RUNNING, SlaState.WARNED), due_at__lt=now),
            SlaState.BREACHED,
            HappenedKind.BREACHED,
        ),
        (
            Q(sla_state=SlaState.BREACHED, escalate_at__lte=now),
            SlaState.ESCALATED,
            HappenedKind.ESCALATED,
        ),
    )
    return sum(_step(due, state, kind, now) for due, state, kind in steps)


def _step(due: Q, state: SlaState, kind: HappenedKind | None, now: datetime) -> int:
    changed = 0
    while rows := _mark(due, state, kind, now):
        changed += rows
    return changed


@transaction.atomic
def _mark(due: Q, state: SlaState, kind: HappenedKind | None, now: datetime) -> int:
    rows = list(
        Conversation.objects.select_for_update(skip_locked=True)
        .filter(due, status__in=UNCLOSED)
        .order_by("pk")[:_BATCH]
    )
    if not rows:
        return 0
    ids = [row.pk for row in rows]
    values: dict[str, Any] = {"sla_state": state}
    if state == SlaState.BREACHED:
        values["breached_at"] = F("due_at")
    if state == SlaState.ESCALATED:
        values["is_escalated"] = True
    Conversation.objects.filter(pk__in=ids).update(**values)
    if state == SlaState.BREACHED:
        _mark_messages(ids)
    if kind is not None:
        ConversationEvent.objects.bulk_create(
            ConversationEvent(
                workspace_id=row.workspace_id, conversation=row, kind=kind, at=now,
                by_label=MACHINE, before={"sla": row.sla_state}, after={"sla": state},
            )
            for row in rows
        )  # fmt: skip
    for workspace_id in {row.workspace_id for row in rows}:
        bump(workspace_id, TOPIC)
    return len(rows)


def _mark_messages(conversations: list[int]) -> None:
    """The message whose promise it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_customerresponse r SET breached_at = r.due_at"
            " FROM inbox_conversation c"
            " WHERE c.id = ANY(%s) AND r.conversation_id = c.id AND r.direction = %s"
            " AND r.due_at = c.due_at AND r.breached_at IS NULL",
            [conversations, Direction.IN],
        )


def renew_changed(*, now: datetime) -> int:
    """Tell due times anew where promises or hours changed; returns how many conversations.

    Which rules were applied last is kept in the cache; without it all is told anew, which changes
    nothing that stands right already.
    """
    return sum(_renew(workspace, now) for workspace in Workspace.objects.order_by("pk"))


def _renew(workspace: Workspace, now: datetime) -> int:
    key = f"inbox:rules:{workspace.pk}"
    digest = hashlib.sha256(repr(rules_of(workspace.pk)).encode()).hexdigest()
    if cache.get(key) == digest:
        return 0
    count = 0
    for ids in _unclosed(workspace):
        with transaction.atomic():
            locked = Conversation.objects.select_for_update().filter(pk__in=ids).order_by("pk")
            promise([row.pk for row in locked], now=now)
        count += len(ids)
    cache.set(key, digest, timeout=_DAY_S)
    if count:
        bump(workspace.pk, TOPIC)
    return count


def _unclosed(workspace: Workspace) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = Conversation.objects.filter(
            workspace=workspace, status__in=UNCLOSED, pk__gt=last
        ).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:_BATCH])
        if not ids:
            return
        yield ids
        last = ids[-1]
