"""How every act on conversations is carried out: locked, judged, told, written, all as sets.

The events are written first and the rows are set from them by one statement. So what the story says
is what happened, and an undo is an act whose end is an earlier beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from inbox.models import Conversation, ConversationEvent, ConversationStatus, HappenedKind, SlaState
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require
from workspaces.services.refusals import RefusedError

#: Conversations that one act takes.
MOST: Final = 5_000

#: Columns that acts change, and that an undo puts back.
COLUMNS: Final = (
    "status", "assignee_id", "team", "tags", "posture", "intent", "unread", "waiting_since",
    "snoozed_until", "closed_at", "sla_state", "due_at", "warn_at", "escalate_at", "resolve_by",
    "breached_at", "merged_into_id", "is_escalated",
)  # fmt: skip

#: Nothing is promised about a conversation.
NO_PROMISE: Final[Mapping[str, Any]] = {
    "sla_state": SlaState.NONE, "due_at": None, "warn_at": None, "escalate_at": None,
    "resolve_by": None, "breached_at": None, "is_escalated": False,
}  # fmt: skip

State = dict[str, Any]


class DeskError(RefusedError):
    """The act makes no sense here; ``field`` says what was wrong with the request, if anything."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Done:
    """What an act did. ``refused`` counts by the reason, in sentences."""

    batch: UUID
    changed: tuple[int, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """Who does what, when, and as part of which batch."""

    workspace: Workspace
    kind: HappenedKind
    by: Proposer
    now: datetime
    batch: UUID = field(default_factory=uuid7)

    def event(self, state: State, after: State, **told: Any) -> ConversationEvent:
        """One line of a story: columns before and after, and what else is to be known."""
        return ConversationEvent(
            workspace=self.workspace, conversation_id=state["id"], kind=self.kind, at=self.now,
            by=self.by.user, by_label=self.by.label[:150], batch=self.batch,
            before={name: plain(state[name]) for name in after},
            after={**{name: plain(value) for name, value in after.items()}, **told},
        )  # fmt: skip


def plain(value: Any) -> Any:
    """Value of a column as an event keeps it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def changes(state: State, wanted: Mapping[str, Any]) -> State:
    """Those of the wanted values that are other ones than the row's."""
    return {name: value for name, value in wanted.items() if state[name] != value}


def no_sense(state: State, *, closed: bool = False) -> str:
    """Why nothing is done with a conversation; empty when something may be.

    ``closed`` tells that the act is one for closed conversations too.
    """
    if state["merged_into_id"] is not None:
        return "It was merged into another conversation; work there, or take it apart first."
    if state["archived_at"] is not None:
        return "It is archived."
    if state["status"] == ConversationStatus.CLOSED and not closed:
        return "It is closed; open it again first."
    return ""


def ids_of(rows: QuerySet[Conversation]) -> list[int]:
    """Keys of the rows to act on.

    Raises
    ------
    DeskError : they are too many for one act
    """
    ids = list(rows.values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise DeskError(f"Choose at most {MOST:,} conversations at once.")
    return ids


def lock(workspace: Workspace, ids: Collection[int]) -> dict[int, State]:
    """Lock conversations of the workspace in the order of their keys; their columns, by key."""
    # Messages and events that point here may go on being written: the key stays.
    rows = Conversation.objects.select_for_update(no_key=True).filter(
        workspace=workspace, pk__in=ids
    )
    return {row["id"]: row for row in rows.order_by("pk").values("id", "archived_at", *COLUMNS)}


def act_on(
    rows: QuerySet[Conversation],
    act: Act,
    *,
    judge: Callable[[State], str],
    to: Callable[[State], Mapping[str, Any]],
    what: str,
) -> Done:
    """Carry an act out on each row that allows it, and leave the others.

    Parameters
    ----------
    judge : why a row refuses; empty when it does not
    to : the columns that a row gets
    what : the act, as a refused person reads it

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : every row refuses, or they are too many
    """
    require(Role.AGENT, by=act.by, workspace=act.workspace, now=act.now, what=what)
    ids = ids_of(rows)
    with transaction.atomic():
        events: list[ConversationEvent] = []
        refused: Counter[str] = Counter()
        for state in lock(act.workspace, ids).values():
            if why := judge(state):
                refused[why] += 1
            elif after := changes(state, to(state)):
                events.append(act.event(state, after))
        return write(act, events, refused)


def write(act: Act, events: Collection[ConversationEvent], refused: Mapping[str, int]) -> Done:
    """Tell the events and set the rows as they say, in the caller's transaction.

    Raises
    ------
    DeskError : there are only refusals
    """
    if refused and not events:
        raise DeskError(max(refused, key=lambda why: refused[why]))
    if events:
        ConversationEvent.objects.bulk_create(events, batch_size=1_000)
        _apply(act.workspace.pk, act.batch)
        bump(act.workspace.pk, TOPIC)
    changed = tuple(event.conversation_id for event in events)
    return Done(act.batch, changed, dict(refused))


_SET: Final = f"""
UPDATE inbox_conversation c
   SET ({", ".join(COLUMNS)}, updated_at) = (
       SELECT {", ".join(f"r.{name}" for name in COLUMNS)}, now()
         FROM jsonb_populate_record(c, e.after) r)
  FROM inbox_conversationevent e
 WHERE e.workspace_id = %s AND e.batch = %s
   AND c.workspace_id = e.workspace_id AND c.id = e.conversation_id
"""  # noqa: S608  # the names are ours


def _apply(workspace_id: int, batch: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, [workspace_id, batch])
