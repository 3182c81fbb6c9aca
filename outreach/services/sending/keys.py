"""What makes two messages the same one."""

from __future__ import annotations

from datetime import datetime

from workspaces.models import Workspace


def dedup_key(
    *,
    workspace: Workspace,
    contact: int,
    campaign: int | str | None,
    step: int | None,
    attempt: int,
    at: datetime,
) -> str:
    """Return the key that the database keeps unique: without the channel, of the workspace's day.

    With the channel in it two workers could reach one person on two.
    """
    day = at.astimezone(workspace.zone).date().isoformat()
    parts = (workspace.pk, contact, campaign or "", step or "", attempt, day)
    return ":".join(str(part) for part in parts)
