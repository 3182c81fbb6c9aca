"""What was done at once is undone at once, where nothing else changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from inbox.models import ConversationEvent, HappenedKind
from inbox.services.desk.acting import COLUMNS, Act, DeskError, Done, State, lock, plain, write
from inbox.services.desk.moving import take_apart
from inbox.services.restating import restate
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

_PUT_BACK: Final = frozenset(
    {
        HappenedKind.ASSIGNED,
        HappenedKind.TEAM,
        HappenedKind.TAGGED,
        HappenedKind.CLOSED,
        HappenedKind.REOPENED,
        HappenedKind.SNOOZED,
        HappenedKind.WOKEN,
        HappenedKind.POSTURE,
        HappenedKind.ESCALATED,
        HappenedKind.WAITING,
        HappenedKind.UNDONE,
    }
)
#: Those that move no clock.
_TIMELESS: Final = frozenset(
    {HappenedKind.ASSIGNED, HappenedKind.TAGGED, HappenedKind.POSTURE, HappenedKind.ESCALATED}
)  # fmt: skip
_SINCE: Final = "It was changed since; look at it first."


def undo(*, workspace: Workspace, batch: UUID, by: Proposer, now: datetime) -> Done:
    """Put back what an act changed. An undo is an act too: undone, the first is done again.

    A conversation that was changed since is left as it is, and counted as refused. Withdrawn
    drafts stay withdrawn.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : there is no such act, it cannot be undone, or all of it was changed since
    """
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Undoing")
    events = list(ConversationEvent.objects.filter(workspace=workspace, batch=batch).order_by("pk"))
    if not events:
        raise DeskError("There is no such act here.", "batch")
    if events[0].kind == HappenedKind.MERGED:
        sources = [one.conversation_id for one in events if "responses" in one.after]
        return take_apart(workspace=workspace, ids=sources, by=by, now=now)
    if events[0].kind not in _PUT_BACK:
        raise DeskError(_HOW.get(HappenedKind(events[0].kind), "This cannot be undone."), "batch")
    with transaction.atomic():
        return _put_back(Act(workspace, HappenedKind.UNDONE, by, now), events)


_HOW: Final = {
    HappenedKind.SPLIT: "Merge it back instead.",
    HappenedKind.UNMERGED: "Merge them again instead.",
    HappenedKind.READING: "Say again what it was meant as instead.",
}


def _put_back(act: Act, events: Sequence[ConversationEvent]) -> Done:
    states = lock(act.workspace, [one.conversation_id for one in events])
    refused: Counter[str] = Counter()
    undone = []
    for one in events:
        state = states[one.conversation_id]
        if _is_as_left(state, one):
            before = {name: one.before[name] for name in COLUMNS if name in one.before}
            undone.append(act.event(state, before, undoes=str(one.batch)))
        else:
            refused[_SINCE] += 1
    done = write(act, undone, refused)
    if events[0].kind not in _TIMELESS:
        restate(done.changed, now=act.now)
    return done


def _is_as_left(state: State, event: ConversationEvent) -> bool:
    """Whether a conversation stands as the event left it, and is one to work in."""
    if state["archived_at"] is not None or state["merged_into_id"] is not None:
        return False
    return all(plain(state[name]) == event.after[name] for name in COLUMNS if name in event.after)
