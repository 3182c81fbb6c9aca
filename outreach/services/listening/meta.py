"""Meta's calls about conversations: receipts, and what people write on Instagram and Messenger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from outreach.models import EventKind, MessageChannel, OutreachMessage
from outreach.services.hearing import Heard, hear
from outreach.services.listening.answers import Media, Written, listen
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent

KINDS: Final = ("page.messaging", "instagram.messaging")
_CHANNELS: Final = {"page": MessageChannel.FACEBOOK, "instagram": MessageChannel.INSTAGRAM}


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in receipts and messages of one page or Instagram account."""
    heard: list[Heard] = []
    for event in events:
        for channel, update in _updates(event):
            heard += _receipts(connection, channel, update, _told_at(update, event))
    hear(workspace=connection.workspace, events=heard, now=now)
    listen(workspace=connection.workspace, written=written_in(events))
    return {}


def written_in(events: Sequence[InboundEvent]) -> list[Written]:
    """Return what people wrote, of all that was told."""
    written = [
        _written(channel, update, _told_at(update, event), event)
        for event in events
        for channel, update in _updates(event)
    ]
    return [one for one in written if one is not None]


def _told_at(update: Mapping[str, Any], event: InboundEvent) -> datetime:
    """Nothing happened after we heard of it, whatever a clock says."""
    return min(_moment(update.get("timestamp"), event.received_at), event.received_at)


def _updates(event: InboundEvent) -> Iterator[tuple[MessageChannel, dict[str, Any]]]:
    payload = json.loads(event.body)
    channel = _CHANNELS.get(payload.get("object", ""))
    for entry in payload.get("entry", []) if channel else []:
        for update in entry.get("messaging", []):
            if isinstance(update, dict) and channel:
                yield channel, update


def _moment(stamp: object, otherwise: datetime) -> datetime:
    if isinstance(stamp, int) and 0 < stamp < 1 << 43:
        return datetime.fromtimestamp(stamp / 1000, UTC)
    return otherwise


def _receipts(
    connection: Connection, channel: MessageChannel, update: Mapping[str, Any], at: datetime
) -> Iterator[Heard]:
    for mid in _part(update, "delivery").get("mids") or []:
        yield _heard(connection, EventKind.DELIVERED, str(mid), at)
    read = _part(update, "read")
    if mid := read.get("mid"):
        yield _heard(connection, EventKind.OPENED, str(mid), at)
    elif "watermark" in read:
        # Messenger says up to when they read, not what.
        until = _moment(read["watermark"], at)
        reader = str(_part(update, "sender").get("id", ""))
        for name in _unread(connection, channel, reader, until):
            yield _heard(connection, EventKind.OPENED, name, at)


def _unread(
    connection: Connection, channel: MessageChannel, reader: str, until: datetime
) -> list[str]:
    rows = OutreachMessage.objects.filter(
        workspace=connection.workspace_id, channel=channel, point__address=reader,
        sent_at__lte=until, opened_at=None,
    )  # fmt: skip
    return list(rows.exclude(provider_message_id="").values_list("provider_message_id", flat=True))


def _heard(connection: Connection, kind: EventKind, mid: str, at: datetime) -> Heard:
    return Heard(kind=kind, at=at, key=f"{connection.pk}:{kind}:{mid}", provider_message_id=mid)


def _written(
    channel: MessageChannel, update: Mapping[str, Any], at: datetime, event: InboundEvent
) -> Written | None:
    message, postback = _part(update, "message"), _part(update, "postback")
    referral = (
        _part(update, "referral") or _part(message, "referral") or _part(postback, "referral")
    )
    sender = str(_part(update, "sender").get("id", ""))
    if message.get("is_echo") or not sender or not (message or postback or referral):
        return None
    return Written(
        channel=channel,
        address=sender,
        text=str(message.get("text") or postback.get("title") or ""),
        at=at,
        key=str(message.get("mid") or event.dedup_key),
        from_ad=referral.get("source") == "ADS" or bool(referral.get("ad_id")),
        media=tuple(_media(message)),
    )


def _media(message: Mapping[str, Any]) -> Iterator[Media]:
    attachments = message.get("attachments")
    for one in attachments if isinstance(attachments, list) else []:
        if isinstance(one, dict):
            payload = _part(one, "payload")
            yield Media(
                str(one.get("type") or "file"), str(payload.get("url") or ""),
                str(payload.get("title") or ""),
            )  # fmt: skip


def _part(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}
