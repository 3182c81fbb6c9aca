"""Paths and names of events that were really seen lately, to choose a step from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Sum

from attribution.models import WebDay
from workspaces.models import Workspace

DAYS: Final = 30
MOST: Final = 200
_SHOWN: Final = (WebDay.Dimension.PAGE, WebDay.Dimension.EVENT)


def suggestions_of(workspace: Workspace, *, now: datetime) -> list[tuple[str, str]]:
    """Each with what it is, those of most visitors first."""
    rows = (
        WebDay.objects.filter(
            workspace=workspace,
            site__workspace=workspace,
            dimension__in=_SHOWN,
            day__gte=now.astimezone(workspace.zone).date() - timedelta(days=DAYS),
        )
        .exclude(key="")
        .values("dimension", "key")
        .annotate(people=Sum("visitors"))
        .order_by("-people", "key")[:MOST]
    )
    return [(row["key"], WebDay.Dimension(row["dimension"]).label) for row in rows]
