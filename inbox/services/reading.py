"""What messages are read as, and what follows at once: spam is closed, a wish to leave carried out.

The message's row is the queue: what has no reading yet is read in batches, right after it arrived
or by the next sweep.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

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
    InboxChannel,
    Intent,
)
from inbox.selectors.replies import handling_of
from inbox.services.classifying import Read, read_all
from inbox.services.drafting import draft_for
from inbox.services.following import follow_up
from inbox.services.leaving import leave
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC, UNCONFIRMED
from outreach.engine.opt_out import wish_of
from workspaces.services.live import bump

logger = logging.getLogger(__name__)

#: What is older stays unread: nobody wants a machine's word on it any more.
_LOOKS_BACK: Final = timedelta(days=2)
BATCH: Final = 64
#: After a first and a second failure a message is left alone until it is so old.
_WAITS: Final = (timedelta(minutes=1), timedelta(minutes=5))
GIVEN_UP: Final = "No machine could read this: a person has to."


def read_new(*, now: datetime, limit: int = BATCH) -> int:
    """Read messages that arrived lately and were not read yet; returns how many were tried.

    Two workers may read the same one; the first one's reading stays. One that cannot be read holds
    up nobody else: it is tried three times, then a person reads it.
    """
    rows = list(_unread(now)[:limit])
    if not rows:
        return 0
    started = time.perf_counter()
    found = _read_each(rows)
    ms = (time.perf_counter() - started) * 1000 / len(rows)
    kept: set[int] = set()
    for row, reading in zip(rows, found, strict=True):
        if reading is None or not _take_in(row, reading, ms=ms, now=now):
            _count_failure(row, now)
        else:
            kept.add(row.conversation_id)
    follow_up(kept, now=now)
    return len(rows)


def _unread(now: datetime) -> Any:
    tries = Q(failed_reads=0)
    for count, wait in enumerate(_WAITS, 1):
        tries |= Q(failed_reads=count, received_at__lte=now - wait)
    return (
        CustomerResponse.objects.filter(
            tries, direction=Direction.IN, read_at=None, received_at__gt=now - _LOOKS_BACK,
            at__gt=now - 2 * _LOOKS_BACK,
        )
        .select_related("workspace", "conversation__contact", "point")
        .order_by("received_at", "pk")
    )  # fmt: skip


def _read_each(rows: Sequence[CustomerResponse]) -> list[Read | None]:
    """Read all together; where that fails, each by itself, and nothing of the one that breaks."""
    texts, workspaces = [row.text or row.subject for row in rows], [r.workspace_id for r in rows]
    try:
        return [*read_all(texts, workspaces)]
    except Exception:
        logger.exception("messages cannot be read", extra={"responses": [row.pk for row in rows]})
    if len(rows) == 1:
        return [None]
    return [one for row in rows for one in _read_each([row])]


def _take_in(row: CustomerResponse, reading: Read, *, ms: float, now: datetime) -> bool:
    """Keep a reading and draft an answer; whether the message is done with."""
    try:
        is_new = _keep(row, reading, ms=ms, now=now)
    except Exception:
        logger.exception("a reading cannot be kept", extra={"response": row.pk})
        return False
    if is_new:
        try:
            # After the transaction: the gate locks proposals before conversations.
            draft_for(row, now=now)
        except Exception:
            # It is read: what is left is a person's to write.
            logger.exception("an answer cannot be drafted", extra={"response": row.pk})
    return True


def _count_failure(row: CustomerResponse, now: datetime) -> None:
    """Try again later; after three tries say that a person has to read it."""
    rows = CustomerResponse.objects.filter(pk=row.pk, read_at=None)
    rows.update(failed_reads=F("failed_reads") + 1)
    if rows.filter(failed_reads__gt=len(_WAITS)).update(
        read_at=now, is_flagged=True, flag_reason=GIVEN_UP
    ):
        bump(row.workspace_id, TOPIC)


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
    CustomerResponse.objects.filter(pk=row.pk, read_at=None).update(read_at=kept.read_at)
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
        if _is_bare_stop(row) and not _others_wait(conversation, row):
            _close(
                conversation, "They sent a stop word; their network lets no answer through.", now
            )
    if handling.closes and _is_all_spam(conversation):
        _close(conversation, " ".join(handling.reasons), now)


def _close(conversation: Conversation, why: str, now: datetime) -> None:
    before = conversation.status
    conversation.status, conversation.closed_at = ConversationStatus.CLOSED, now
    conversation.snoozed_until = None
    conversation.save(update_fields=["status", "closed_at", "snoozed_until", "updated_at"])
    ConversationEvent.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, at=now,
        kind=HappenedKind.CLOSED, by_label=MACHINE, before={"status": before},
        after={"status": ConversationStatus.CLOSED, "why": why},
    )  # fmt: skip


def _is_bare_stop(row: CustomerResponse) -> bool:
    """Whether it is a stop word and nothing else, where a carrier hears it too."""
    is_heard = row.channel in (InboxChannel.SMS, InboxChannel.WHATSAPP)
    wish = wish_of(row.text)
    return is_heard and (wish.action, wish.by, wish.confidence) == ("opt_out", "word", 1.0)


def _others_wait(conversation: Conversation, row: CustomerResponse) -> bool:
    earlier = conversation.responses.filter(direction=Direction.IN, is_auto=False, pk__lt=row.pk)
    last = earlier.order_by("pk").last()
    return (
        last is not None
        and not conversation.responses.filter(direction=Direction.OUT, pk__gt=last.pk).exists()
    )


def _is_all_spam(conversation: Conversation) -> bool:
    """Whether nothing else was ever said: a real conversation is not closed by one odd message."""
    others = conversation.responses.exclude(reading__intent=Intent.SPAM)
    return conversation.status != ConversationStatus.CLOSED and not others.exists()
