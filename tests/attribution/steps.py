"""Clicks and conversions for tests, through the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attribution.models import Click, Conversion
from attribution.services.tracking import AdNamed, Sender, Worth, record_conversion, track_click
from workspaces.models import Workspace

COMPONENTS = {
    "screen": "1170x2532", "time_zone": "Europe/Berlin", "device": "iPhone", "os": "iOS 18",
    "browser": "Safari 18",
}  # fmt: skip


def click(
    workspace: Workspace, at: datetime, *, key: str = "", ad: str = "", now: datetime | None = None,
    **sender: Any,
) -> Click:  # fmt: skip
    """Track a click; consent unless said otherwise."""
    row, _ = track_click(
        workspace=workspace, named=AdNamed(ad=ad), sender=Sender(**{"consent": True, **sender}),
        clicked_at=at, now=now or at, click_id=key,
    )  # fmt: skip
    return row


def convert(
    workspace: Workspace, at: datetime, *, key: str = "order-1", click_id: str = "",
    value: str = "0", now: datetime | None = None, **sender: Any,
) -> Conversion:  # fmt: skip
    """Record a conversion; consent unless said otherwise."""
    row, _ = record_conversion(
        workspace=workspace,
        conversion_id=key,
        worth=Worth(type="purchase", converted_at=at, value=value, click_id=click_id),
        sender=Sender(**{"consent": True, **sender}),
        now=now or at,
    )
    return row


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)
