"""What messages are read as, and what follows at once: spam is closed, a wish to leave carried out.

The message's row is the queue: what has no reading yet is read in batches, right after it arrived
or by the next sweep.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from inbox.engine.drafting_rules import Handling
from inbox.engine.reading.shapes import Reading
from inbox.models import (
    AIClassification,
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Direction,
    HappenedKind,
    Intent,
)
from inbox.selectors.replies import handling_of
from inbox.services.classifying import Read, read_all
from inbox.services.drafting import draft_for
from inbox.services.leaving import leave
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC, UNCONFIRMED
from workspaces.services.live import bump

#: What is older stays unread: nobody wants a machine's word on it any more.
_LOOKS_BACK: Final = timedelta(days=2)
BATCH: Final = 64


def read_new(*, now: datetime, limit: int = BATCH) -> int:
    """Read messages that arrived lately and were not read yet; returns how many.

    Two workers may read the same one; the first one's reading stays.
    """
    rows = list(_unread(now)[:limit])
    if not rows:
        return 0
    started = time.perf_counter()
    readings = read_all(
        [row.text or row.subject for row in rows], [row.workspace_id for row in rows]
    )
    ms = (time.perf_counter() - started) * 1000 / len(rows)
    for row, reading in zip(rows, readings, strict=True):
        if _keep(row, reading, ms=ms, now=now):
            # After the transaction: the gate locks proposals before conversations.
            draft_for(row, now=now)
    return len(rows)


def _unread(now: datetime) -> Any:
    seen = AIClassification.objects.filter(response=OuterRef("pk"))
    return (
        CustomerResponse.objects.filter(
            ~Exists(seen), direction=Direction.IN, received_at__gt=now - _LOOKS_BACK,
            at__gt=now - 2 * _LOOKS_BACK,
        )
        .select_related("workspace", "conversation__contact", "point")
        .order_by("pk")
    )  # fmt: skip


@transaction.atomic
def _keep(row: CustomerResponse, found: Read, *, ms: float, now: datetime) -> bool:
    """Keep a reading and do what follows; whether it is the first of its message.

    Under the lock the words are looked up again: who was erased meanwhile left none to keep, and a
    conversation that was merged is another one.
    """
    reading = found.reading
    conversation = Conversation.objects.select_for_update().get(pk=row.conversation_id)
    said = CustomerResponse.objects.values("text", "subject", "conversation_id").get(pk=row.pk)
    if said != {name: getattr(row, name) for name in said}:
        return False
    kept, is_new = AIClassification.objects.get_or_create(
        response=row, defaults={"workspace": row.workspace, **_columns(reading), "ms": ms,
                                "model": found.model, "version": found.version, "read_at": now},
    )  # fmt: skip
    if not is_new:
        return False
    row.reading, row.conversation = kept, conversation
    handling = handling_of(row)
    if handling.needs_person and handling.reasons:
        kept.needs_person = " ".join(handling.reasons)[:200]
        kept.save(update_fields=["needs_person"])
    _put(conversation, row, reading)
    _follow(conversation, row, handling, now)
    restate([conversation.pk], now=now)
    bump(row.workspace_id, TOPIC)
    return True


def _columns(reading: Reading) -> dict[str, Any]:
    return {
        "intent": reading.intent,
        "confidence": reading.intent_confidence,
        "sentiment": reading.sentiment_score,
        "sentiment_label": reading.sentiment_label,
        "urgency": reading.urgency,
        "language": reading.language,
        "topics": [one[:60] for one in reading.topics],
        "keywords": [one[:60] for one in reading.keywords],
        "entities": {
            "products": list(reading.entities.products),
            "issues": list(reading.entities.issues),
            "requests": list(reading.entities.requests),
        },
        "purchase_score": reading.purchase.score,
        "churn_score": reading.churn_risk,
        "objection_type": reading.objection.type if reading.objection else "",
        "satisfaction": reading.satisfaction,
        "action": reading.next_best_action.action[:60],
        "reasons": list(reading.reasons),
    }


def _put(conversation: Conversation, row: CustomerResponse, reading: Reading) -> None:
    """A conversation is about what they said last."""
    if row.is_auto or (conversation.last_inbound_at or row.at) > row.at:
        return
    conversation.intent, conversation.sentiment = reading.intent, reading.sentiment_score
    conversation.urgency = reading.urgency
    conversation.language = reading.language or conversation.language
    conversation.save(update_fields=["intent", "sentiment", "urgency", "language", "updated_at"])


def _follow(
    conversation: Conversation, row: CustomerResponse, handling: Handling, now: datetime
) -> None:
    """Carry out at once what waits for nobody."""
    # Who typed an address in a form must not end what goes there: a person sees to that.
    if handling.unsubscribes and row.flag_reason != UNCONFIRMED:
        leave(row)
    if handling.closes and _is_all_spam(conversation):
        before = conversation.status
        conversation.status, conversation.closed_at = ConversationStatus.CLOSED, now
        conversation.snoozed_until = None
        conversation.save(update_fields=["status", "closed_at", "snoozed_until", "updated_at"])
        ConversationEvent.objects.create(
            workspace_id=conversation.workspace_id, conversation=conversation, at=now,
            kind=HappenedKind.CLOSED, by_label=MACHINE, before={"status": before},
            after={"status": ConversationStatus.CLOSED, "why": " ".join(handling.reasons)},
        )  # fmt: skip


def _is_all_spam(conversation: Conversation) -> bool:
    """Whether nothing else was ever said: a real conversation is not closed by one odd message."""
    others = conversation.responses.exclude(reading__intent=Intent.SPAM)
    return conversation.status != ConversationStatus.CLOSED and not others.exists()
