"""What a person makes of a message: opened, and meant as something else than it was read."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox.models import (
    AIClassification,
    Conversation,
    CustomerResponse,
    Direction,
    HappenedKind,
    Intent,
)
from inbox.services.desk.acting import Act, DeskError, Done, changes, lock, write
from inbox.services.restating import restate
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require


def correct_reading(
    *, response: CustomerResponse, intent: str, by: Proposer, now: datetime
) -> Done:
    """Say what a message was meant as. It teaches the model; the last one names the conversation.

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
    with transaction.atomic():
        state = lock(workspace, [response.conversation_id])[response.conversation_id]
        readings = AIClassification.objects.filter(workspace=workspace, response=response)
        if not readings.update(corrected_intent=intent, corrected_by=by.user, corrected_at=now):
            raise DeskError("Nothing has read this message yet.")
        wanted = {"intent": intent} if _is_last(response) else {}
        event = act.event(state, changes(state, wanted), message=response.pk, meant=intent)
        done = write(act, [event], {})
        # A complaint is answered sooner.
        restate([response.conversation_id], now=now)
        return done


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
