"""Telling people and other systems of alerts: one notice for a check, one event for each alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from campaigns.models import Alert, AlertSeverity
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify
from workspaces.services.webhooks_out import publish_all

RANKS: Final = {str(severity): place for place, severity in enumerate(AlertSeverity)}
# What presses less waits for the daily digest, and stands in the app meanwhile.
MAILED: Final = RANKS[AlertSeverity.MEDIUM]
_LISTED: Final = 20


def tell_raised(workspace: Workspace, rows: Sequence[Alert], now: datetime) -> None:
    """One notice of all that a check found, the gravest first, to operators and above."""
    if not rows:
        return
    rows = sorted(rows, key=lambda row: (-RANKS[row.severity], row.message))
    publish_all(
        workspace=workspace,
        event_type="alert.raised",
        data_by_id={_event(row, "raised"): public_data(row) for row in rows},
        now=now,
    )
    title = rows[0].message
    if len(rows) > 1:
        title = f"{len(rows)} alerts. {title}"
    lines = [f"{row.get_severity_display()}: {row.message}." for row in rows[:_LISTED]]
    if len(rows) > _LISTED:
        lines.append(f"And {len(rows) - _LISTED} more.")
    notify(
        workspace=workspace,
        topic="alert.raised",
        title=title,
        body="\n".join(lines),
        url=reverse("alerts"),
        dedup_key="alerts:" + ",".join(_event(row, "raised") for row in rows),
        now=now,
        rank=Role.OPERATOR.rank,
        email=RANKS[rows[0].severity] >= MAILED,
    )


def tell_resolved(workspace: Workspace, rows: Sequence[Alert], now: datetime) -> None:
    """Take back, at other systems, what they were told; people see it in the list."""
    told = {_event(row, "resolved"): public_data(row) for row in rows if row.told_at is not None}
    if told:
        publish_all(workspace=workspace, event_type="alert.resolved", data_by_id=told, now=now)


def _event(row: Alert, what: str) -> str:
    """Same crossing, same id."""
    return f"{row.public_id}:{what}:{int(row.raised_at.timestamp())}"


def public_data(row: Alert) -> dict[str, Any]:
    """What a webhook tells of an alert."""
    return {
        "id": str(row.public_id),
        "alert_type": row.type,
        "rule": row.rule.name,
        "severity": row.severity,
        "channel": row.channel,
        "message": row.message,
        "metric_value": float(row.metric_value),
        "threshold_value": float(row.threshold_value),
        "created_at": row.first_seen_at.isoformat(),
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "resolution": row.resolution,
    }
