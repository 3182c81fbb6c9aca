"""What waiting may cost in each conversation: written when something is read, and every night."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import pgbulk
from django.core.cache import cache
from django.db import transaction

from inbox.models import Conversation
from inbox.selectors.promises import unclosed_in_batches
from inbox.selectors.worth import worth_of
from inbox.services.promising import reference_for, reference_key, reorder
from inbox.services.topics import TOPIC
from workspaces.models import Workspace
from workspaces.services.live import bump

_BATCH: Final = 500


@transaction.atomic
def value(conversations: Collection[int], *, now: datetime) -> int:
    """Write what is at risk in conversations, and where they stand by it; how many changed."""
    rows = list(
        Conversation.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=conversations, merged_into=None)
        .select_related("contact__person")
        .order_by("pk")
    )
    changed = 0
    for workspace_id in {row.workspace_id for row in rows}:
        own = [row for row in rows if row.workspace_id == workspace_id]
        worth = worth_of(workspace_id, [row.contact for row in own])
        for row in own:
            at_risk = worth[row.contact_id].at_risk
            changed += row.value_at_risk != at_risk
            row.value_at_risk, row.valued_at = at_risk, now
    reorder(rows)
    if rows:
        pgbulk.update(Conversation, rows, ["value_at_risk", "valued_at", "order_key"])
    return changed


def value_open(*, now: datetime) -> int:
    """Value all that is not closed anew, and what an ordinary customer is; how many changed."""
    return sum(_value(workspace, now) for workspace in Workspace.objects.open().order_by("pk"))


def _value(workspace: Workspace, now: datetime) -> int:
    before = reference_for(workspace.pk)
    changed = sum(value(ids, now=now) for ids in unclosed_in_batches(workspace, _BATCH))
    cache.delete(reference_key(workspace.pk))
    if reference_for(workspace.pk) != before:
        for ids in unclosed_in_batches(workspace, _BATCH):
            _reorder(ids)
        changed += 1
    if changed:
        bump(workspace.pk, TOPIC)
    return changed


@transaction.atomic
def _reorder(conversations: Collection[int]) -> None:
    locked = Conversation.objects.select_for_update(no_key=True).filter(pk__in=conversations)
    rows = list(locked.order_by("pk"))
    reorder(rows)
    pgbulk.update(Conversation, rows, ["order_key"])
