"""Marking alerts as read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from campaigns.models import Alert
from campaigns.services.alerts.rules import TOPIC
from workspaces.models import User, Workspace
from workspaces.services.live import bump


def mark_read(
    *, workspace: Workspace, public_ids: Collection[UUID], by: User, now: datetime
) -> int:
    """Mark alerts as read, for everybody; returns how many were not. A repeat changes nothing."""
    changed = Alert.objects.filter(
        workspace=workspace, public_id__in=public_ids, read_at=None
    ).update(read_at=now, read_by=by)
    if changed:
        bump(workspace.pk, TOPIC)
    return changed


def mark_unread(*, alert: Alert) -> None:
    """Take that back."""
    if Alert.objects.filter(pk=alert.pk).exclude(read_at=None).update(read_at=None, read_by=None):
        bump(alert.workspace_id, TOPIC)
