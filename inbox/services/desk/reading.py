"""What a person makes of a message: opened, and meant as something else than it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inbox.models import (
    UNCLOSED,
    AIClassification,
    Conversation,
    CustomerResponse,
    Direction,
    HappenedKind,
    Intent,
)
from inbox.services.desk.acting import Act, DeskError, Done, changes, lock, write
from inbox.services.desk.handling import close
from inbox.services.leaving import leave
from inbox.services.restating import restate
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require


@dataclass(frozen=True)
class Corrected:
    """What a correction did: itself, what followed of it in sentences, and what it closed."""

    done: Done
    remarks: tuple[str, ...] = ()
    closed: Done | None = None


def correct_reading(
    *, response: CustomerResponse, intent: str, by: Proposer, now: datetime
) -> Corrected:
    """Say what a message was meant as. It teaches the model; the last one names the conversation.

    What follows of a reading follows of a correction too: who wants no more messages gets none, and
    a conversation whose last message is spam is closed. What was withdrawn stays withdrawn.

    Raises
    ------
    NotAllowedError : the person is no agent
    DeskError : the intent is unknown, or nothing has read the message yet
    """
    workspace = response.workspace
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Correcting")
    if intent not in Intent.values:
        raise DeskError(f"Choose among {', '.join(Intent.values)}.", "intent")
    act = Act(workspace, HappenedKind.READING, by, now)
    is_spam = intent == Intent.SPAM and _is_last(response)
    with transaction.atomic():
        state = lock(workspace, [response.conversation_id])[response.conversation_id]
        reading = AIClassification.objects.filter(workspace=workspace, response=response).first()
        if reading is None:
            raise DeskError("Nothing has read this message yet.")
        before = reading.corrected_intent or reading.intent
        reading.corrected_intent, reading.corrected_by, reading.corrected_at = intent, by.user, now
        reading.save(update_fields=["corrected_intent", "corrected_by", "corrected_at"])
        wanted = {"intent": intent} if _is_last(response) else {}
        event = act.event(state, changes(state, wanted), message=response.pk, meant=intent)
        done = write(act, [event], {})
        if intent == Intent.UNSUBSCRIBE:
            leave(response)
        # A complaint is answered sooner.
        restate([response.conversation_id], now=now)
    # After the transaction: closing locks proposals before conversations.
    closed = _close(response, by, now) if is_spam else None
    return Corrected(done, _remarks(response, before, intent), closed)


def _close(response: CustomerResponse, by: Proposer, now: datetime) -> Done | None:
    rows = Conversation.objects.filter(
        pk=response.conversation_id, merged_into=None, archived_at=None, status__in=UNCLOSED
    )
    done = close(rows=rows, workspace=response.workspace, by=by, now=now)
    return done if done.changed else None


def _remarks(response: CustomerResponse, before: str, intent: str) -> tuple[str, ...]:
    way = response.point.get_channel_display()
    if intent == Intent.UNSUBSCRIBE:
        return (f"They get no more marketing by {way}.",)
    if before == Intent.UNSUBSCRIBE:
        return (
            f"Marketing by {way} stays withdrawn. If they want it, write down on their page that "
            "they agreed.",
        )
    return ()


def _is_last(response: CustomerResponse) -> bool:
    theirs = CustomerResponse.objects.filter(
        conversation=response.conversation_id, direction=Direction.IN
    )
    return theirs.order_by("-at", "-pk").values_list("pk", flat=True).first() == response.pk


def mark_viewed(
    *, conversation: Conversation, upto: CustomerResponse | None, by: Proposer, now: datetime
) -> int:
    """Note that somebody who answers was shown its messages up to one; how many were new to us.

    What arrived since stays new; without a message everything that stands there was shown.
    """
    require(Role.AGENT, by=by, workspace=conversation.workspace, now=now, what="Opening")
    with transaction.atomic():
        rows = Conversation.objects.select_for_update(no_key=True)
        rows.get(workspace=conversation.workspace, pk=conversation.pk)
        new = CustomerResponse.objects.filter(
            conversation=conversation, direction=Direction.IN, first_viewed_at=None
        )
        shown = new if upto is None else new.filter(pk__lte=upto.pk)
        count, left = shown.update(first_viewed_at=now), new.count()
        if count or conversation.unread != left:
            Conversation.objects.filter(pk=conversation.pk).update(unread=left, updated_at=now)
            bump(conversation.workspace_id, TOPIC)
    return count
