"""Putting a signal aside, and taking that back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from campaigns.models import Signal
from workspaces.models import User
from workspaces.services.live import bump


def dismiss_signal(*, signal: Signal, by: User, now: datetime) -> Signal:
    """Put a signal aside; its event is not told again while it lasts. A repeat changes nothing."""
    with transaction.atomic():
        row = Signal.objects.select_for_update().get(pk=signal.pk)
        if row.dismissed_at is None:
            row.dismissed_at, row.dismissed_by = now, by
            row.save(update_fields=["dismissed_at", "dismissed_by", "updated_at"])
            bump(row.workspace_id, "signals")
    return row


def restore_signal(*, signal: Signal) -> Signal:
    """Take a signal back that was put aside. A repeat changes nothing."""
    with transaction.atomic():
        row = Signal.objects.select_for_update().get(pk=signal.pk)
        if row.dismissed_at is not None:
            row.dismissed_at = row.dismissed_by = None
            row.save(update_fields=["dismissed_at", "dismissed_by", "updated_at"])
            bump(row.workspace_id, "signals")
    return row
