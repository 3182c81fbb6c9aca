"""One conversation that is about two things."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from inbox.models import (
    Conversation,
    ConversationStatus,
    CustomerResponse,
    Direction,
    HappenedKind,
    ReplyDraft,
)
from inbox.services.desk.acting import Act, DeskError, lock, no_sense, write
from inbox.services.desk.moving import drafts_void
from inbox.services.restating import restate
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.permissions import require

#: What a new conversation has of the one that it comes out of.
_SAME: Final = (
    "assignee_id", "team", "tags", "posture", "intent", "sentiment", "urgency", "language",
    "campaign_id", "message_id", "value_at_risk",
)  # fmt: skip


def split(
    *,
    conversation: Conversation,
    responses: QuerySet[CustomerResponse],
    by: Proposer,
    now: datetime,
) -> Conversation:
    """Give some of their messages a conversation of their own; our answers go with them.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : it is closed or merged, the messages are not of it, or none would be left
    """
    workspace = conversation.workspace
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Splitting")
    act = Act(workspace, HappenedKind.SPLIT, by, now)
    with transaction.atomic():
        asked = list(responses.order_by("at", "pk"))
        drafts = ReplyDraft.objects.filter(workspace=workspace, answers__in=[r.pk for r in asked])
        drafts_void(drafts=drafts, why="The conversation was split.", now=now)
        state = lock(workspace, [conversation.pk])[conversation.pk]
        if why := no_sense(state):
            raise DeskError(why)
        theirs = _theirs(conversation, asked)
        made = _made(Conversation.objects.get(pk=conversation.pk), theirs[0])
        stands = CustomerResponse.objects.filter(conversation=conversation)
        moved = [one.pk for one in theirs]
        stands.filter(answers__in=moved).update(conversation=made)
        stands.filter(pk__in=moved).update(conversation=made)
        restate([conversation.pk, made.pk], now=now)
        _tell(act, state["id"], made.pk, moved)
    made.refresh_from_db()
    return made


def _theirs(
    conversation: Conversation, asked: Collection[CustomerResponse]
) -> list[CustomerResponse]:
    """Those of the chosen messages that they wrote, looked up under the lock."""
    stands = CustomerResponse.objects.filter(conversation=conversation)
    chosen = list(
        stands.filter(pk__in=[one.pk for one in asked]).select_related("point").order_by("at", "pk")
    )
    if not chosen or len(chosen) < len(asked):
        raise DeskError("Choose messages of this conversation.", "responses")
    theirs = [one for one in chosen if one.direction == Direction.IN]
    known = {one.pk for one in theirs}
    if any(one.answers_id not in known for one in chosen if one.direction == Direction.OUT):
        raise DeskError("An answer goes with what it answers; choose that too.", "responses")
    if stands.filter(direction=Direction.IN).count() == len(theirs):
        raise DeskError("Leave at least one of their messages here.", "responses")
    return theirs


def _made(conversation: Conversation, first: CustomerResponse) -> Conversation:
    """The new conversation is with whoever wrote its first message, by the way that they took."""
    return Conversation.objects.create(
        workspace=conversation.workspace, contact_id=first.point.contact_id,
        channel=first.channel, subject=first.subject[:300] or conversation.subject,
        status=ConversationStatus.OPEN, opened_at=first.at, last_message_at=first.at,
        **{name: getattr(conversation, name) for name in _SAME},
    )  # fmt: skip


def _tell(act: Act, source: int, made: int, moved: list[int]) -> None:
    states = lock(act.workspace, [source, made])
    events = [
        act.event(states[source], {}, into=made, responses=moved),
        act.event(states[made], {}, out_of=source),
    ]
    write(act, events, {})
