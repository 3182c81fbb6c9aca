"""What is heard of messages: from providers, from opened pictures and links, from answers.

Each thing counts once, whoever tells it how often and in whatever order; what it leads to (counts,
suppressions, consent, touches, webhooks) is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import pgbulk
from django.db import transaction
from django.db.models import Q

from outreach.engine.story import TIMED, Story, Told, firsts
from outreach.models import (
    UNSENT,
    EventKind,
    MessageEvent,
    MessageStatus,
    OutreachMessage,
    OutreachTask,
)
from outreach.services.consequences import Change, draw
from workspaces.models import Workspace
from workspaces.services.live import bump

TOPIC: Final = "outreach"
_KEY_LENGTH: Final = 200
_NOT_CALLED: Final = (MessageStatus.PENDING, MessageStatus.SCHEDULED)
_SAVED: Final = (
    "status", "sent_at", "open_count", "click_count", "links_clicked", "error", "error_kind",
    "claimed_by", "lease_until", "is_unsure",
    *(f"{kind}_at" for kind in TIMED if kind != "sent"),
)  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One thing that was heard. Which message: by our id, or by the provider's name for it.

    ``key`` is the same for every repetition; ``detail`` is kept beside it (``url`` of a click,
    ``reason`` of a bounce, ``text`` of a reply).
    """

    kind: EventKind
    at: datetime
    key: str
    message: UUID | None = None
    provider_message_id: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def hear(*, workspace: Workspace, events: Collection[Heard], now: datetime) -> int:
    """Take in what was heard; returns how much of it was new.

    Of messages that are not this workspace's, nothing is kept.
    """
    if not events:
        return 0
    with transaction.atomic():
        found = _messages(workspace, events)
        new = _fresh(workspace, [one for one in events if _message_of(one, found)])
        if not new:
            return 0
        changes = [_taken(message, told) for message, told in _by_message(new, found)]
        _store(changes, now)
        _keep(workspace, new, found)
        draw(workspace=workspace, changes=changes, now=now)
    bump(workspace.pk, TOPIC)
    return len(new)


_Found = tuple[Mapping[UUID, OutreachMessage], Mapping[str, OutreachMessage]]


def _messages(workspace: Workspace, events: Collection[Heard]) -> _Found:
    """Lock what the events are about, in the order of keys."""
    rows = list(
        OutreachMessage.objects.filter(
            Q(public_id__in={one.message for one in events if one.message})
            | Q(provider_message_id__in={e.provider_message_id for e in events} - {""}),
            workspace=workspace,
        )
        .select_related("point", "contact__person", "campaign")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    return (
        {row.public_id: row for row in rows},
        {row.provider_message_id: row for row in rows if row.provider_message_id},
    )


def _message_of(event: Heard, found: _Found) -> OutreachMessage | None:
    by_id, by_name = found
    if event.message is not None:
        return by_id.get(event.message)
    return by_name.get(event.provider_message_id)


def _fresh(workspace: Workspace, events: Sequence[Heard]) -> list[Heard]:
    """Those that were not heard before; their messages are locked, so nobody adds one now."""
    once = {one.key[:_KEY_LENGTH]: one for one in reversed(events)}
    known = MessageEvent.objects.filter(workspace=workspace, key__in=once)
    for key in known.values_list("key", flat=True):
        del once[key]
    return sorted(once.values(), key=lambda one: (one.at, one.key))


def _by_message(
    events: Sequence[Heard], found: _Found
) -> list[tuple[OutreachMessage, list[Heard]]]:
    told: dict[int, tuple[OutreachMessage, list[Heard]]] = {}
    for event in events:
        message = _message_of(event, found)
        if message is not None:
            told.setdefault(message.pk, (message, []))[1].append(event)
    return [told[pk] for pk in sorted(told)]


def story_of(message: OutreachMessage) -> Story:
    """What a message's row says of it."""
    times = {kind: getattr(message, f"{kind}_at") for kind in TIMED}
    return Story(
        times={kind: at for kind, at in times.items() if at is not None},
        opens=message.open_count,
        clicks=message.click_count,
        links=message.links_clicked,
    )


def _taken(message: OutreachMessage, events: list[Heard]) -> Change:
    before = story = story_of(message)
    for event in events:
        story = story.after(Told(event.kind, event.at, str(event.detail.get("url", ""))))
    if "sent" not in story.times and story.status not in ("", "failed"):
        # News of what we have not noted as sent yet: it did go out.
        story = story.after(Told("sent", message.call_sent_at or events[0].at))
    new = firsts(before, story)
    _write(message, story, events)
    return Change(message, new, events)


def _write(message: OutreachMessage, story: Story, events: Sequence[Heard]) -> None:
    for kind, at in story.times.items():
        if kind != "sent" or message.sent_at is None:
            setattr(message, f"{kind}_at", at)
    message.open_count, message.click_count = story.opens, story.clicks
    message.links_clicked = dict(story.links)
    if status := story.status:
        _move(message, MessageStatus(status))
        message.is_unsure = False
        message.claimed_by, message.lease_until = "", None
    reasons = [str(one.detail["reason"]) for one in events if one.detail.get("reason")]
    if reasons and message.status in (*UNSENT, MessageStatus.BOUNCED):
        message.error = reasons[-1][:500]
        message.error_kind = str(events[-1].detail.get("code", ""))[:20] or message.error_kind


def _move(message: OutreachMessage, status: MessageStatus) -> None:
    """Put a message where the news says it is, whatever we thought of it.

    One that was put back, or lies with a person to send, was out already: it goes through the
    states that every message takes. What was cancelled stays so, and the news of it counts.
    """
    if message.status == MessageStatus.CANCELLED:
        return
    if message.status in _NOT_CALLED and status != MessageStatus.FAILED:
        rows = OutreachMessage.objects.filter(pk=message.pk)
        rows.filter(status=MessageStatus.PENDING).update(status=MessageStatus.SCHEDULED)
        rows.update(status=MessageStatus.SENDING, lease_until=message.send_at)
    message.status = status


def _store(changes: Sequence[Change], now: datetime) -> None:
    pgbulk.update(OutreachMessage, [one.message for one in changes], list(_SAVED))
    out = [one.message.pk for one in changes if "sent" in one.new]
    if out:
        # Nobody has to find out any more, or to send it by hand.
        tasks = OutreachTask.objects.filter(message__in=out, done_at=None)
        tasks.update(done_at=now, is_sent=True)


def _keep(workspace: Workspace, events: Sequence[Heard], found: _Found) -> None:
    MessageEvent.objects.bulk_create(
        MessageEvent(
            workspace=workspace,
            message=_message_of(event, found),
            kind=event.kind,
            key=event.key[:_KEY_LENGTH],
            at=event.at,
            detail=dict(event.detail),
        )
        for event in events
    )
