"""Promises as time goes by: due soon, missed, escalated; told anew when they change."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from inbox.models import UNCLOSED, Conversation, SlaState
from inbox.selectors.promises import rules_of, unclosed_in_batches
from inbox.services.promising import promise
from inbox.services.topics import TOPIC
from workspaces.models import Workspace
from workspaces.services.live import bump

_BATCH: Final = 500
_DAY_S: Final = 24 * 3600


def sweep(*, now: datetime) -> int:
    """Mark what is due soon, missed and escalated; returns how many conversations changed."""
    changed = 0
    for due in (
        Q(sla_state=SlaState.RUNNING, warn_at__lte=now),
        Q(sla_state__in=(SlaState.RUNNING, SlaState.WARNED), due_at__lt=now),
        Q(sla_state=SlaState.BREACHED, escalate_at__lte=now),
    ):
        last: int | None = 0
        while last is not None:
            count, last = _mark(due, last, now)
            changed += count
    return changed


@transaction.atomic
def _mark(due: Q, after: int, now: datetime) -> tuple[int, int | None]:
    """Judge some that are due anew; how many, and after which to go on."""
    rows = list(
        Conversation.objects.select_for_update(skip_locked=True)
        .filter(due, status__in=UNCLOSED, pk__gt=after, workspace__in=Workspace.objects.open())
        .order_by("pk")[:_BATCH]
    )
    if not rows:
        return 0, None
    promise([row.pk for row in rows], now=now)
    for workspace_id in {row.workspace_id for row in rows}:
        bump(workspace_id, TOPIC)
    return len(rows), rows[-1].pk


def renew_changed(*, now: datetime) -> int:
    """Tell due times anew where promises or hours changed; returns how many conversations.

    Which rules were applied last is kept in the cache; without it all is told anew, which changes
    nothing that stands right already.
    """
    return sum(_renew(workspace, now) for workspace in Workspace.objects.open().order_by("pk"))


def _renew(workspace: Workspace, now: datetime) -> int:
    key = f"inbox:rules:{workspace.pk}"
    digest = hashlib.sha256(repr(rules_of(workspace.pk)).encode()).hexdigest()
    if cache.get(key) == digest:
        return 0
    count = 0
    for ids in unclosed_in_batches(workspace, _BATCH):
        with transaction.atomic():
            locked = Conversation.objects.select_for_update().filter(pk__in=ids).order_by("pk")
            promise([row.pk for row in locked], now=now)
        count += len(ids)
    cache.set(key, digest, timeout=_DAY_S)
    if count:
        bump(workspace.pk, TOPIC)
    return count
