"""Forgetting what a person did on websites; the figures of days stay."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.forms.models import model_to_dict

from attribution.models import (
    FunnelEntry,
    PageView,
    SavedCohortMember,
    SessionWork,
    Visitor,
    WebEvent,
    WebSession,
)


def forget_visitors(*, workspace_id: int, people: Collection[int]) -> int:
    """Delete the visitors of people with all that they did; returns how many events."""
    visitors = Visitor.objects.filter(workspace_id=workspace_id, person__in=people)
    keys = {"workspace_id": workspace_id, "visitor_key__in": [row.key for row in visitors]}
    SessionWork.objects.filter(**keys).delete()
    PageView.objects.filter(**keys).delete()
    WebSession.objects.filter(**keys).delete()
    FunnelEntry.objects.filter(**keys).delete()
    SavedCohortMember.objects.filter(**keys).delete()
    events = WebEvent.objects.filter(**keys).delete()[0]
    visitors.delete()
    return events


def visits_of(*, people: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    """All that is kept of what people did on websites."""
    visitors = Visitor.objects.filter(person__in=people)
    keys = {"workspace_id__in": {row.workspace_id for row in visitors},
            "visitor_key__in": [row.key for row in visitors]}  # fmt: skip
    inner = {"workspace", "site", "person", "visitor"}

    def shown(rows: Any) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in model_to_dict(row).items() if name not in inner}
            for row in rows
        ]

    return {
        "visitors": shown(visitors.order_by("pk")),
        "sessions": shown(WebSession.objects.filter(**keys).order_by("started_at", "pk")),
        "events": shown(WebEvent.objects.filter(**keys).order_by("day", "event_id")),
    }
