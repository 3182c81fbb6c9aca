"""Taking the words about somebody erased out of what the gate keeps.

Rows of the record stay, and so does the hash of what was signed; the database allows exactly this
step (``gate_triggers.PLAN_REDACTED``) and no way back.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from workspaces.gate import StateError
from workspaces.models import (
    ExecutionAttempt,
    Notification,
    Plan,
    Proposal,
    Status,
    WebhookDelivery,
    WebhookFormat,
)
from workspaces.models.gate import OPEN
from workspaces.services.events import PUBLISHED, announce, notice_keys
from workspaces.services.notices import slack_event_id

WHY: Final = "Somebody whom it speaks of was erased."
_EMPTY: Final[dict[str, Any]] = {"request": {}, "result": None, "last_error": "", "waiting_for": ""}


def redact(*, workspace_id: int, proposals: Collection[int], label: str, now: datetime) -> int:
    """Empty proposals, their plans, and what was told of them; returns how many.

    Parameters
    ----------
    label : stands in their place in lists and notices, and names nobody

    Raises
    ------
    StateError : one of them is carried out just now, and reads its words
    """
    rows = list(
        Proposal.objects.filter(workspace=workspace_id, pk__in=proposals)
        .select_for_update(of=("self",)).select_related("workspace").order_by("pk")
    )  # fmt: skip
    if any(row.status == Status.EXECUTING for row in rows):
        raise StateError("Something is said to them just now; erase them in a minute.")
    for row in rows:
        _redact(row, label, now)
    return len(rows)


def _redact(row: Proposal, label: str, now: datetime) -> None:
    row.subject_label = row.summary = row.reason = label
    is_open = row.status in OPEN
    if is_open:
        row.status, row.decided_at = Status.CANCELLED, now
        row.execute_after = row.next_attempt_at = None
    row.decision_reason = WHY if is_open else ""
    for name, value in _EMPTY.items():
        setattr(row, name, value)
    row.save()
    plans = Plan.objects.filter(proposal=row)
    plans.update(body="", evidence={}, predicted=None, why="")
    ExecutionAttempt.objects.filter(plan__in=plans, settled_at__isnull=False).exclude(
        response={}
    ).update(response={})
    _redact_what_was_told(row, label)
    if is_open:
        announce(row, "cancelled", now=now)


def _redact_what_was_told(row: Proposal, label: str) -> None:
    keys = notice_keys(row)
    Notification.objects.filter(
        Q(dedup_key__in=keys) | Q(url__contains=str(row.public_id)), workspace=row.workspace
    ).update(title=label, body="")
    told = WebhookDelivery.objects.filter(endpoint__workspace=row.workspace)
    told.filter(
        endpoint__format=WebhookFormat.SLACK, event_id__in=[slack_event_id(key) for key in keys]
    ).update(body=json.dumps({"text": label}))
    events = [f"{row.public_id}:{event}" for event in PUBLISHED]
    for delivery in told.filter(event_id__in=events):
        message = json.loads(delivery.body)
        message["data"]["summary"] = label
        delivery.body = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        delivery.save(update_fields=["body"])
