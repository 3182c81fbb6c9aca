"""Twilio's calls: what became of texts, and what people write back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs

from outreach.engine.twilio_codes import heard_as
from outreach.models import EventKind, MessageChannel
from outreach.services.hearing import Heard, hear
from outreach.services.listening.answers import Media, Written, listen
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent

_WHATSAPP = "whatsapp:"
_MOST_MEDIA = 10


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in statuses and messages of one account."""
    heard = [_heard(connection, event, _fields(event.body)) for event in events]
    hear(workspace=connection.workspace, events=[one for one in heard if one], now=now)
    listen(workspace=connection.workspace, written=written_in(events))
    return {}


def written_in(events: Sequence[InboundEvent]) -> list[Written]:
    """Return what people wrote, of all that was told."""
    written = [_written(event, _fields(event.body)) for event in events]
    return [one for one in written if one is not None]


def _fields(body: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}


def _status(fields: Mapping[str, str]) -> str:
    return fields.get("MessageStatus") or fields.get("SmsStatus") or ""


def _heard(connection: Connection, event: InboundEvent, fields: Mapping[str, str]) -> Heard | None:
    code = fields.get("ErrorCode", "")
    kind = heard_as(_status(fields), code)
    if not kind:
        return None
    reason = fields.get("ErrorMessage") or (f"Twilio error {code}" if code else "")
    return Heard(
        kind=EventKind(kind),
        # Twilio tells no time: it calls as it happens.
        at=event.received_at,
        key=f"{connection.pk}:{event.dedup_key}",
        provider_message_id=fields.get("MessageSid") or fields.get("SmsSid") or "",
        detail={"reason": reason, "code": code} if reason else {},
    )


def _written(event: InboundEvent, fields: Mapping[str, str]) -> Written | None:
    sender = fields.get("From", "")
    if _status(fields) != "received" or not sender:
        return None
    is_whatsapp = sender.startswith(_WHATSAPP)
    return Written(
        channel=MessageChannel.WHATSAPP if is_whatsapp else MessageChannel.SMS,
        address=sender.removeprefix(_WHATSAPP),
        text=fields.get("Body", ""),
        at=event.received_at,
        key=fields.get("MessageSid", event.dedup_key),
        from_ad=bool(fields.get("ReferralCtwaClid") or fields.get("ReferralSourceId")),
        name=fields.get("ProfileName", ""),
        media=tuple(_media(fields)),
    )


def _media(fields: Mapping[str, str]) -> Iterator[Media]:
    count = fields.get("NumMedia", "")
    for place in range(min(int(count), _MOST_MEDIA) if count.isdecimal() else 0):
        kind = fields.get(f"MediaContentType{place}", "file")
        yield Media(kind, fields.get(f"MediaUrl{place}", ""))
