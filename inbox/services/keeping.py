"""Readings kept, many at once, and what follows of them in the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pgbulk
from django.db import transaction
from django.db.models import OuterRef, Subquery

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
    Urgency,
)
from inbox.selectors.replies import SAID, handling_of
from inbox.services.classifying import Read
from inbox.services.leaving import leave
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC, UNCONFIRMED
from outreach.engine.opt_out import wish_of
from workspaces.services.live import bump

Found = Sequence[tuple[CustomerResponse, Read]]
#: What nobody has to answer below a post, unless it sounds unhappy.
_GLAD: Final = frozenset({Intent.COMPLIMENT, Intent.FEEDBACK, Intent.OTHER})
_NOT_SAD: Final = -0.2
#: What ends a conversation, and what takes an end back.
_ENDS: Final = (
    HappenedKind.CLOSED, HappenedKind.REOPENED, HappenedKind.UNDONE, HappenedKind.FAILED,
    HappenedKind.RATED,
)  # fmt: skip


@transaction.atomic
def keep_all(found: Found, *, ms: float, now: datetime) -> list[CustomerResponse]:
    """Keep readings and do what follows; returns the messages that had none before.

    Under the lock the words are looked up again: who was erased meanwhile left none to keep, and a
    conversation that was merged is another one. Some statements for any number of them.
    """
    conversations = _locked(found)
    new: list[tuple[CustomerResponse, Reading, Handling]] = []
    for row, read in _unchanged(found):
        row.conversation = conversations[row.conversation_id]
        row.reading = AIClassification(
            response=row, workspace_id=row.workspace_id, **_columns(read.reading), ms=ms,
            model=read.model, version=read.version, read_at=now,
        )  # fmt: skip
        handling = handling_of(row)
        if handling.needs_person:
            row.reading.needs_person = " ".join(handling.reasons)[:200]
        new.append((row, read.reading, handling))
    AIClassification.objects.bulk_create(row.reading for row, _, _ in new)
    read_at = AIClassification.objects.filter(response=OuterRef("pk")).values("read_at")
    CustomerResponse.objects.filter(
        pk__in=[row.pk for row, _ in found], read_at=None, reading__isnull=False
    ).update(read_at=Subquery(read_at))
    if new:
        _follow_all(new, now)
    return [row for row, _, _ in new]


def _locked(found: Found) -> dict[int, Conversation]:
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("contact")
    ids = {row.conversation_id for row, _ in found}
    return {row.pk: row for row in rows.filter(pk__in=ids).order_by("pk")}


def _unchanged(found: Found) -> Found:
    """Those whose words are still what was read, and that have no reading yet."""
    ids = [row.pk for row, _ in found]
    said = set(
        CustomerResponse.objects.filter(pk__in=ids).values_list(
            "pk", "text", "subject", "conversation_id"
        )
    )
    known = AIClassification.objects.filter(response__in=ids).values_list("response", flat=True)
    read = set(known)
    return [
        (row, one)
        for row, one in found
        if row.pk not in read and (row.pk, row.text, row.subject, row.conversation_id) in said
    ]


def _follow_all(
    new: Sequence[tuple[CustomerResponse, Reading, Handling]], now: datetime
) -> None:  # fmt: skip
    changed = {
        row.conversation_id: row.conversation
        for row, reading, _ in new
        if _put(row.conversation, row, reading)
    }
    if changed:
        fields = ["intent", "sentiment", "urgency", "language"]
        pgbulk.update(Conversation, [changed[pk] for pk in sorted(changed)], fields)
    # Whose wishes are carried out are locked in one order, too.
    for row, _, handling in sorted(new, key=lambda one: one[0].point.contact_id):
        _follow(row.conversation, row, handling, now)
    restate({row.conversation_id for row, _, _ in new}, now=now)
    for workspace_id in {row.workspace_id for row, _, _ in new}:
        bump(workspace_id, TOPIC)


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


def _put(conversation: Conversation, row: CustomerResponse, reading: Reading) -> bool:
    """A conversation is about what they said last; whether that was this."""
    if row.is_auto or (conversation.last_inbound_at or row.at) > row.at:
        return False
    conversation.intent, conversation.sentiment = reading.intent, reading.sentiment_score
    conversation.urgency = reading.urgency
    conversation.language = reading.language or conversation.language
    return True


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
    elif _asks_nothing(row) and not _others_wait(conversation, row):
        _close(conversation, "A comment that asks for nothing.", now)


def _close(conversation: Conversation, why: str, now: datetime) -> None:
    """Close it; what somebody closed or put off before it was read stays as they left it."""
    before = conversation.status
    if before in (ConversationStatus.CLOSED, ConversationStatus.SNOOZED):
        return
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


def _asks_nothing(row: CustomerResponse) -> bool:
    """Whether it is a comment to be glad of, and not one to answer: most below a post are."""
    return (
        row.channel == InboxChannel.COMMENT
        and row.reading.intent in _GLAD
        and row.reading.urgency != Urgency.HIGH
        and row.reading.sentiment >= _NOT_SAD
        and "?" not in row.text
    )


def _others_wait(conversation: Conversation, row: CustomerResponse) -> bool:
    """Whether anything else they wrote, before or after, is still to be answered or to be read.

    What was there when somebody closed it waits no more, unless that was taken back.
    """
    others = conversation.responses.filter(direction=Direction.IN, is_auto=False).exclude(pk=row.pk)
    said = conversation.responses.filter(SAID, direction=Direction.OUT)
    answer = said.order_by("-pk").first()
    if answer is not None:
        others = others.filter(pk__gt=answer.pk)
    # The workspace is named for its index.
    ended = conversation.events.filter(workspace=conversation.workspace_id, kind__in=_ENDS)
    last = ended.exclude(kind=HappenedKind.REOPENED, by_label=MACHINE).order_by("-pk").first()
    if last is not None and last.kind == HappenedKind.CLOSED:
        others = others.exclude(received_at__lte=last.at)
    return any(not _is_over_by_itself(one) for one in others.select_related("reading"))


def _is_over_by_itself(row: CustomerResponse) -> bool:
    return hasattr(row, "reading") and (_asks_nothing(row) or _is_bare_stop(row))


def _is_all_spam(conversation: Conversation) -> bool:
    """Whether nothing else was ever said: a real conversation is not closed by one odd message."""
    others = conversation.responses.exclude(reading__intent=Intent.SPAM)
    return not others.exists()
