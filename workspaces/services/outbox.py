"""Rows of messages to other systems, written in the transaction of what they tell of."""

from __future__ import annotations

import re
from datetime import datetime

from workspaces.models import WebhookDelivery, WebhookEndpoint, WebhookFormat, Workspace

_EVENT_ID = re.compile(r"[A-Za-z0-9_:-]{1,80}")


def enqueue(
    *,
    workspace: Workspace,
    format: WebhookFormat,  # the column's name
    event_type: str,
    event_id: str,
    body: str,
    now: datetime,
) -> None:
    """Write the deliveries of one message to the endpoints of a format that asked for its type."""
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
        ],
        ignore_conflicts=True,
    )
