"""Sites, and when they were heard of last."""

from __future__ import annotations

from datetime import datetime

from attribution.models import Site, WebEvent


def last_event_of(site: Site) -> datetime | None:
    """When an event of a site came in last; ``None`` while the first is awaited."""
    return (
        WebEvent.objects.filter(workspace_id=site.workspace_id, site=site)
        .order_by("-day", "-event_id")
        .values_list("received_at", flat=True)
        .first()
    )
