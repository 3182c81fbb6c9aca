"""Direct messages on X, as `outreach.webhooks_x` stored them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from outreach.models import MessageChannel
from outreach.services.listening.answers import Written, listen
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent

KINDS: Final = ("x.dm",)


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in what people write to an account; X tells neither of deliveries nor of readings."""
    listen(workspace=connection.workspace, written=written_in(events))
    return {}


def written_in(events: Sequence[InboundEvent]) -> list[Written]:
    """Return what people wrote, of all that was told."""
    return [_written(one) for one in events]


def _written(event: InboundEvent) -> Written:
    told = json.loads(event.body)
    return Written(
        channel=MessageChannel.TWITTER,
        address=told["sender"],
        text=told["text"],
        at=min(_moment(told["at"], event.received_at), event.received_at),
        key=f"x:{told['id']}",
    )


def _moment(told: object, otherwise: datetime) -> datetime:
    """When it was written: milliseconds, or ISO 8601."""
    text = str(told or "")
    try:
        if text.isdecimal() and len(text) <= 14:
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if found.tzinfo else found.replace(tzinfo=UTC)
