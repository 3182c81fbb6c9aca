"""Sites, and when they were heard of last."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from attribution.models import Site, WebEvent


def with_last_event(sites: QuerySet[Site]) -> QuerySet[Site]:
    """Sites with ``last_event_at``, read with them."""
    events = WebEvent.objects.filter(workspace=OuterRef("workspace"), site=OuterRef("pk"))
    newest = events.order_by("-day", "-event_id").values("received_at")[:1]
    return sites.annotate(last_event_at=Subquery(newest))


def last_event_of(site: Site) -> datetime | None:
    """When an event of a site came in last; ``None`` while the first is awaited."""
    return (
        WebEvent.objects.filter(workspace_id=site.workspace_id, site=site)
        .order_by("-day", "-event_id")
        .values_list("received_at", flat=True)
        .first()
    )
