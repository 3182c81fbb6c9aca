"""Clearing what has served its time, in batches so that no lock is held for long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from workspaces.models import IdempotencyRecord, InboundEvent, Notification, Session

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)
READ_NOTICE_LIFE: Final = timedelta(days=90)
INBOUND_LIFE: Final = timedelta(days=30)
BATCH: Final = 1000


def clear_expired(*, now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Delete expired rows; returns how many of each table."""
    return {name: _delete(rows, batch=batch) for name, rows in _expired(now)}


def _expired(now: datetime) -> Iterable[tuple[str, QuerySet[Any]]]:
    yield (
        "idempotency records",
        IdempotencyRecord.objects.filter(created_at__lt=now - IDEMPOTENCY_LIFE),
    )
    yield "sessions", Session.objects.filter(expire_date__lt=now)
    yield "read notices", Notification.objects.filter(read_at__lt=now - READ_NOTICE_LIFE)
    # An event that was never processed is evidence of a fault: it stays until somebody looked.
    yield (
        "inbound events",
        InboundEvent.objects.filter(received_at__lt=now - INBOUND_LIFE, processed_at__isnull=False),
    )


def _delete(rows: QuerySet[Any], *, batch: int) -> int:
    total = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        total += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return total
