"""When answers are due, by what is promised now; and what was kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import pgbulk
from django.core.cache import cache

from inbox.engine.ordering import Values, ranks, reference_of
from inbox.engine.sla import Due, Outcome, Standing, Turn, evaluate
from inbox.engine.sla_watch import Alarm, alarm
from inbox.models import (
    UNCLOSED,
    Conversation,
    ConversationStatus,
    CustomerResponse,
    HappenedKind,
    SlaState,
)
from inbox.selectors.promises import (
    PROMISED,
    Rules,
    Story,
    rules_of,
    standing_rows,
    stories_of,
)
from inbox.services.marking import Mark, mark

_STATES: Final = {
    Alarm.ESCALATED: SlaState.ESCALATED,
    Alarm.BREACHED: SlaState.BREACHED,
    Alarm.WARNED: SlaState.WARNED,
    Alarm.SOON: SlaState.RUNNING,
    Alarm.NONE: SlaState.RUNNING,
}
#: A reference is told anew every night; a day off it still puts rows in one order.
_REFERENCE_S: Final = 2 * 24 * 3600
_LOOKED_AT: Final = 5_000
_KEPT: Final[Mapping[Outcome, bool | None]] = {Outcome.KEPT: True, Outcome.MISSED: False}
_ROW: Final = [
    "due_at", "warn_at", "escalate_at", "resolve_by", "sla_state", "breached_at", "order_key",
    "waiting_since", "is_escalated",
]  # fmt: skip


def promise(conversations: Collection[int], *, now: datetime) -> None:
    """Write when each conversation is due, and which of its promises were kept.

    The promise to answer hangs on the first message that waits for it; the others have none of
    their own. What is found to be missed or escalated is told once a turn, whoever finds it.
    """
    rows = standing_rows(conversations)
    stories = stories_of(conversations)
    rules: dict[int, Rules] = {}
    changed: list[CustomerResponse] = []
    marks: list[Mark] = []
    for row in rows:
        own = rules.get(row.workspace_id) or rules.setdefault(
            row.workspace_id, rules_of(row.workspace_id)
        )
        story = stories.get(row.pk) or Story()
        standing = evaluate(story.events, own.policy, own.hours_of(row.team))
        before = row.sla_state
        _put(row, story, standing, now)
        marks += [one for one in _marks(row, before, standing, now) if one.key not in story.marks]
        for turn in standing.turns:
            message = story.firsts.get(turn.started_at)
            if message is not None and _put_turn(message, turn, now):
                changed.append(message)
    reorder(rows)
    pgbulk.update(Conversation, rows, _ROW)
    if changed:
        pgbulk.update(CustomerResponse, changed, [*PROMISED])
    mark(marks, now=now)


def _marks(row: Conversation, before: str, standing: Standing, now: datetime) -> list[Mark]:
    """What is to be told of the last turn: that it was missed, and that it is escalated."""
    turn = standing.turns[-1] if standing.turns else None
    if turn is None or row.merged_into_id is not None:
        return []
    is_late = turn.outcome is Outcome.MISSED and turn.ended_at is not None
    is_over = row.sla_state in (SlaState.BREACHED, SlaState.ESCALATED)
    if not is_late and not is_over:
        return []
    at = turn.ended_at if is_late and turn.ended_at is not None else now
    told = [Mark(row, HappenedKind.BREACHED, turn.started_at, at, before)]
    if row.sla_state == SlaState.ESCALATED:
        told.append(Mark(row, HappenedKind.ESCALATED, turn.started_at, at, before))
    return told


def _put(row: Conversation, story: Story, standing: Standing, now: datetime) -> None:
    turn = standing.waiting_for_us
    is_open = row.status != ConversationStatus.CLOSED
    due = turn.due if turn is not None and is_open else Due()
    row.due_at, row.warn_at, row.escalate_at = due.due_at, due.warn_at, due.escalate_at
    row.sla_state = _STATES[alarm(due, now)] if due.due_at is not None else SlaState.NONE
    is_over = row.sla_state in (SlaState.BREACHED, SlaState.ESCALATED)
    row.breached_at = due.due_at if is_over else None
    row.waiting_since = turn.started_at if turn is not None and is_open else None
    row.is_escalated = is_open and (row.sla_state == SlaState.ESCALATED or story.is_escalated)
    resolution = standing.resolution
    if not is_open or resolution is None:
        row.resolve_by = None
    elif story.since is None:
        row.resolve_by = resolution.due.due_at


def _put_turn(message: CustomerResponse, turn: Turn, now: datetime) -> bool:
    """Write a turn's promise on its first message; whether that changed anything."""
    is_over = turn.due.due_at is not None and (
        turn.outcome is Outcome.MISSED or (turn.ended_at is None and now > turn.due.due_at)
    )
    told: dict[str, Any] = {
        "due_at": turn.due.due_at,
        "is_kept": _KEPT.get(turn.outcome) if turn.due.due_at is not None else None,
        "breached_at": turn.due.due_at if is_over else None,
        "sla_target_minutes": _minutes(turn),
    }
    before = {name: getattr(message, name) for name in told}
    for name, value in told.items():
        setattr(message, name, value)
    return before != told


def _minutes(turn: Turn) -> int | None:
    """Minutes on the wall that the promise gives."""
    if turn.due.due_at is None:
        return None
    return max(0, round((turn.due.due_at - turn.started_at).total_seconds() / 60))


def reorder(rows: Collection[Conversation]) -> None:
    """Put the most expensive to wait for first. What nobody knows is worth what others are."""
    for workspace_id in {row.workspace_id for row in rows}:
        own = [row for row in rows if row.workspace_id == workspace_id]
        values = Values(
            ltv=np.array([row.value_at_risk or np.nan for row in own], np.float64),
            churn_risk=np.ones(len(own)), reference=reference_for(workspace_id),
        )  # fmt: skip
        found = ranks(
            values, _moments([r.due_at for r in own]), _moments([r.last_message_at for r in own])
        )
        for row, key in zip(own, found, strict=True):
            row.order_key = float(key)


def reference_key(workspace_id: int) -> str:
    """Where the reference of a workspace is kept."""
    return f"inbox:reference:{workspace_id}"


def reference_for(workspace_id: int) -> float:
    """What an ordinary customer of a workspace has at risk, as it was last looked at."""
    kept = cache.get(reference_key(workspace_id))
    if kept is not None:
        return float(kept)
    known = Conversation.objects.filter(
        workspace=workspace_id, status__in=UNCLOSED, value_at_risk__gt=0
    )
    values = list(known.order_by("-pk").values_list("value_at_risk", flat=True)[:_LOOKED_AT])
    at_risk = np.array(values, np.float64)
    found = reference_of(at_risk, np.ones(at_risk.size))
    cache.set(reference_key(workspace_id), found, timeout=_REFERENCE_S)
    return found


def _moments(times: list[datetime | None]) -> Any:
    plain = [at.replace(tzinfo=None) if at is not None else "NaT" for at in times]
    return np.array(plain, "datetime64[us]")
