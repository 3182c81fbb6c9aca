"""Events of e-mail providers, as `outreach.webhooks` stored them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from outreach.engine.mail_events import heard_as
from outreach.models import EventKind
from outreach.services.hearing import Heard, hear
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in what a provider tells; of messages that are not ours, nothing."""
    heard = [one for event in events if (one := _heard(connection, event)) is not None]
    hear(workspace=connection.workspace, events=heard, now=now)
    return {}


def _heard(connection: Connection, event: InboundEvent) -> Heard | None:
    told: dict[str, Any] = json.loads(event.body)
    kind = heard_as(
        told["type"], reject_reason=told["reject_reason"], for_now=bool(told["is_for_now"])
    )
    if not kind:
        return None
    return Heard(
        kind=EventKind(kind),
        at=_moment(told["at"], event.received_at),
        key=f"{connection.pk}:{event.dedup_key}",
        message=_touch(told["touch_id"]),
        provider_message_id=str(told["message_id"] or ""),
        detail=_detail(told),
    )


def _moment(text: str | None, received_at: datetime) -> datetime:
    """When it happened; a provider's clock may run ahead, but nothing happened after we heard."""
    if not text:
        return received_at
    return min(datetime.fromisoformat(text), received_at)


def _touch(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _detail(told: Mapping[str, Any]) -> dict[str, Any]:
    reason = told["mta_response"] or told["description"] or told["reject_reason"] or ""
    detail = {"provider": told["provider"], "reason": str(reason)[:500], "url": told["url"] or ""}
    return {name: value for name, value in detail.items() if value}
