"""Celery entry points of the ground floor."""

from workspaces.tasks.heartbeat import heartbeat
from workspaces.tasks.notices import (
    clear_expired,
    deliver_notices,
    deliver_webhooks,
    send_digests,
)

__all__ = [
    "clear_expired",
    "deliver_notices",
    "deliver_webhooks",
    "heartbeat",
    "send_digests",
]
