"""Rows of messages to other systems, written in the transaction of what they tell of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from workspaces.models import WebhookDelivery, WebhookEndpoint, WebhookFormat, Workspace

_EVENT_ID = re.compile(r"[A-Za-z0-9_:-]{1,80}")


def enqueue(
    *,
    workspace: Workspace,
    format: WebhookFormat,  # the column's name
    event_type: str,
    bodies: Mapping[str, str],
    now: datetime,
) -> None:
    """Write deliveries of messages, by their ids, to a format's endpoints that want their type."""
    for event_id in bodies:
        if not _EVENT_ID.fullmatch(event_id):
            raise ValueError(f"event id {event_id!r}: use 1 to 80 letters, digits, '_', ':' or '-'")
    endpoints = WebhookEndpoint.objects.filter(workspace=workspace, format=format, is_enabled=True)
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                endpoint=endpoint,
                event_type=event_type,
                event_id=event_id,
                body=body,
                next_attempt_at=now,
                created_at=now,
            )
            for endpoint in endpoints
            if not endpoint.event_types or event_type in endpoint.event_types
            for event_id, body in bodies.items()
        ],
        ignore_conflicts=True,
    )
