"""Acts that change columns of conversations: who, which team, how it stands, what is tagged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from inbox.models import Conversation, ConversationStatus, HappenedKind, Posture, ReplyDraft, Team
from inbox.services.desk.acting import (
    MOST,
    NO_PROMISE,
    Act,
    DeskError,
    Done,
    State,
    act_on,
    ids_of,
    no_sense,
)
from inbox.services.desk.moving import drafts_void
from inbox.services.marking import tell_leads
from inbox.services.restating import restate
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank

Rows = QuerySet[Conversation]

#: Tags of a conversation, and letters of a tag.
MOST_TAGS: Final = 20
LONGEST_TAG: Final = 40
LONGEST_SNOOZE: Final = timedelta(days=366)


def assign(
    *, rows: Rows, workspace: Workspace, to: User | None, by: Proposer, now: datetime
) -> Done:
    """Give conversations to a member who may answer, or to nobody.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : the other one may not answer here, or every row refuses
    """
    if to is not None and not _may_answer(to, workspace, now):
        raise DeskError("Choose a member who may answer: an agent or more.", "assignee")
    act = Act(workspace, HappenedKind.ASSIGNED, by, now)
    wanted = {"assignee_id": to.pk if to else None}
    return act_on(rows, act, judge=no_sense, to=lambda _: wanted, what="Assigning")


def _may_answer(user: User, workspace: Workspace, now: datetime) -> bool:
    rank = effective_rank(user=user, workspace=workspace, now=now)
    return user.is_active and rank >= Role.AGENT.rank


def set_team(*, rows: Rows, workspace: Workspace, team: str, by: Proposer, now: datetime) -> Done:
    """Give conversations to a team."""
    if team not in Team.values:
        raise DeskError(f"Choose among {', '.join(Team.values)}.", "team")
    act = Act(workspace, HappenedKind.TEAM, by, now)
    with transaction.atomic():
        done = act_on(
            rows, act, judge=no_sense, to=lambda _: {"team": team}, what="Giving to a team"
        )
        # It may have other hours.
        restate(done.changed, now=now)
    return done


def wait(*, rows: Rows, workspace: Workspace, by: Proposer, now: datetime) -> Done:
    """Wait for the customer: until they write, nothing is promised."""
    act = Act(workspace, HappenedKind.WAITING, by, now)
    wanted = {"status": ConversationStatus.WAITING, "snoozed_until": None}
    with transaction.atomic():
        done = act_on(
            rows, act, judge=no_sense, to=lambda _: wanted, what="Waiting for the customer"
        )
        restate(done.changed, now=now)
    return done


def escalate(*, rows: Rows, workspace: Workspace, by: Proposer, now: datetime) -> Done:
    """Call those who lead, until somebody answers."""
    act = Act(workspace, HappenedKind.ESCALATED, by, now)
    wanted = {"is_escalated": True}
    with transaction.atomic():
        done = act_on(rows, act, judge=no_sense, to=lambda _: wanted, what="Escalating")
        called = Conversation.objects.filter(pk__in=done.changed).select_related("assignee")
        tell_leads(list(called), now=now, by=by.label)
    return done


def set_posture(
    *, rows: Rows, workspace: Workspace, posture: str, by: Proposer, now: datetime
) -> Done:
    """Say what the machine may do in conversations."""
    if posture not in Posture.values:
        raise DeskError(f"Choose among {', '.join(Posture.values)}.", "posture")
    act = Act(workspace, HappenedKind.POSTURE, by, now)
    wanted = {"posture": posture}
    return act_on(rows, act, judge=no_sense, to=lambda _: wanted, what="Telling the machine")


def add_tags(
    *, rows: Rows, workspace: Workspace, tags: Iterable[str], by: Proposer, now: datetime
) -> Done:
    """Tag conversations; closed ones too."""
    new = tags_of(tags)

    def judge(state: State) -> str:
        if len({*state["tags"], *new}) > MOST_TAGS:
            return f"It would have more than {MOST_TAGS} tags."
        return no_sense(state, closed=True)

    def to(state: State) -> dict[str, Any]:
        return {"tags": [*state["tags"], *(one for one in new if one not in state["tags"])]}

    act = Act(workspace, HappenedKind.TAGGED, by, now)
    return act_on(rows, act, judge=judge, to=to, what="Tagging")


def remove_tags(
    *, rows: Rows, workspace: Workspace, tags: Iterable[str], by: Proposer, now: datetime
) -> Done:
    """Take tags off conversations; closed ones too."""
    gone = set(tags_of(tags))

    def to(state: State) -> dict[str, Any]:
        return {"tags": [one for one in state["tags"] if one not in gone]}

    act = Act(workspace, HappenedKind.TAGGED, by, now)
    return act_on(
        rows, act, judge=lambda state: no_sense(state, closed=True), to=to, what="Tagging"
    )


def tags_of(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: small letters, each once.

    Raises
    ------
    DeskError : none is given, or one is no tag
    """
    found = list(dict.fromkeys(" ".join(one.lower().split()) for one in tags))
    wrong = [one for one in found if not one or len(one) > LONGEST_TAG or "\x00" in one]
    if wrong or not found or len(found) > MOST_TAGS:
        raise DeskError(f"Give 1 to {MOST_TAGS} tags of 1 to {LONGEST_TAG} letters each.", "tags")
    return found


@transaction.atomic
def close(
    *, rows: Rows, workspace: Workspace, by: Proposer, now: datetime, while_waiting: bool = False
) -> Done:
    """Close conversations: nothing is promised about them any more, and drafts are withdrawn.

    An answer that is on its way goes out. ``while_waiting`` leaves those as they are that wait for
    the customer no more by the time they are locked.
    """
    ids = ids_of(rows)
    wanted = {
        **NO_PROMISE, "status": ConversationStatus.CLOSED, "closed_at": now,
        "snoozed_until": None, "waiting_since": None,
    }  # fmt: skip

    def to(state: State) -> dict[str, Any]:
        is_left = while_waiting and state["status"] != ConversationStatus.WAITING
        return {} if is_left or state["status"] == ConversationStatus.CLOSED else wanted

    drafts = ReplyDraft.objects.filter(workspace=workspace, conversation__in=ids)
    drafts_void(drafts=drafts, why="The conversation was closed.", now=now)
    act = Act(workspace, HappenedKind.CLOSED, by, now)
    chosen = Conversation.objects.filter(workspace=workspace, pk__in=ids)
    done = act_on(
        chosen, act, judge=lambda state: no_sense(state, closed=True), to=to, what="Closing"
    )
    _miss(act)
    return done


def _miss(act: Act) -> None:
    """Note the promises that were over when it was closed: they were missed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_customerresponse r SET is_kept = FALSE, breached_at = r.due_at"
            "  FROM inbox_conversationevent e"
            " WHERE e.workspace_id = %s AND e.batch = %s AND r.direction = 'in'"
            "   AND r.conversation_id = e.conversation_id AND r.due_at < %s"
            "   AND r.due_at = (e.before->>'due_at')::timestamptz AND r.is_kept IS NULL",
            [act.workspace.pk, act.batch, act.now],
        )


@transaction.atomic
def reopen(*, rows: Rows, workspace: Workspace, by: Proposer, now: datetime) -> Done:
    """Open closed conversations again; those that wait or sleep too."""
    wanted = {"status": ConversationStatus.OPEN, "closed_at": None, "snoozed_until": None}
    act = Act(workspace, HappenedKind.REOPENED, by, now)
    done = act_on(
        rows, act, judge=lambda state: no_sense(state, closed=True), to=lambda _: wanted,
        what="Opening again",
    )  # fmt: skip
    restate(done.changed, now=now)
    return done


def snooze(
    *, rows: Rows, workspace: Workspace, until: datetime, by: Proposer, now: datetime
) -> Done:
    """Put conversations out of sight until a moment, or until they write."""
    if until.tzinfo is None:
        raise DeskError("Say in which time zone.", "until")
    if not now < until <= now + LONGEST_SNOOZE:
        raise DeskError("Choose a moment in the future, within a year.", "until")
    wanted = {"status": ConversationStatus.SNOOZED, "snoozed_until": until}
    act = Act(workspace, HappenedKind.SNOOZED, by, now)
    return act_on(rows, act, judge=no_sense, to=lambda _: wanted, what="Snoozing")


def wake_due(*, now: datetime) -> int:
    """Open what has slept long enough; how many."""
    due = Conversation.objects.filter(
        status=ConversationStatus.SNOOZED,
        snoozed_until__lte=now,
        workspace__in=Workspace.objects.open(),
    ).order_by("snoozed_until", "pk")
    places = set(due.values_list("workspace_id", flat=True)[:MOST])
    wanted = {"status": ConversationStatus.OPEN, "snoozed_until": None}

    def to(state: State) -> dict[str, Any]:
        until = state["snoozed_until"]
        return wanted if until is not None and until <= now else {}

    by = Proposer.rule("Countersign")
    woken = 0
    for workspace in Workspace.objects.filter(pk__in=places).order_by("pk"):
        act = Act(workspace, HappenedKind.WOKEN, by, now)
        rows = due.filter(workspace=workspace)[:MOST]
        woken += len(act_on(rows, act, judge=lambda _: "", to=to, what="Waking").changed)
    return woken
