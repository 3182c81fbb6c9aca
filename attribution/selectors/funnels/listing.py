"""Funnels side by side: how many got through each of them, and where most are lost."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q, QuerySet

from attribution.models import FunnelDefinition
from attribution.selectors.funnels.board import worst_of
from attribution.selectors.funnels.results import usual_period
from attribution.selectors.funnels.shapes import share
from workspaces.boards import change_of
from workspaces.models import Workspace
from workspaces.periods import Period

PAGE_SIZE: Final = 20
_KEPT_S: Final = 6 * 3_600
# As on a funnel's own page: each person once, by the furthest step of the period.
_LEVELS: Final = """
SELECT funnel_id, is_now, level, count(*)
  FROM (SELECT funnel_id, entered_on >= %(since)s AS is_now, max(level) AS level
          FROM attribution_funnelentry
         WHERE workspace_id = %(workspace)s AND funnel_id = ANY(%(funnels)s)
           AND entered_on >= %(start)s AND entered_on <= %(until)s
         GROUP BY funnel_id, 2, visitor_key) f
 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class FunnelRow:
    """One funnel of the list."""

    funnel: FunnelDefinition
    entered: int
    completed: int
    rate: float | None
    change: str
    worst: str
    drop_off: float | None
    alerts: int


@dataclass(frozen=True)
class FunnelList:
    """One page of funnels; counts are of all that fit the search."""

    rows: list[FunnelRow]
    active: int
    archived: int
    number: int
    pages: int
    period: Period

    @property
    def earlier(self) -> int | None:
        """Number of the page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def later(self) -> int | None:
        """Number of the next page."""
        return self.number + 1 if self.number < self.pages else None


def funnels_of(workspace: Workspace) -> QuerySet[FunnelDefinition]:
    """All funnels of a workspace, with what their pages need."""
    return FunnelDefinition.objects.filter(workspace=workspace).select_related("workspace", "site")


def list_of(
    workspace: Workspace, *, now: datetime, is_active: bool, search: str, number: int
) -> FunnelList:
    """One page of the funnels that fit, over the usual days."""
    found = funnels_of(workspace)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(site__name__icontains=search))
    counts = found.aggregate(active=Count("pk", filter=Q(is_active=True)), all=Count("pk"))
    shown = counts["active"] if is_active else counts["all"] - counts["active"]
    pages = max(1, -(-shown // PAGE_SIZE))
    number = min(number, pages)
    open_alerts = Count("alerts", filter=Q(alerts__resolved_at=None))
    rows = found.filter(is_active=is_active).annotate(open_alerts=open_alerts)
    first = (number - 1) * PAGE_SIZE
    funnels = list(rows.order_by("name", "pk")[first : first + PAGE_SIZE])
    period = usual_period(FunnelDefinition(workspace=workspace), now=now)
    reached = _reached(workspace, funnels, period)
    return FunnelList(
        rows=[_row(funnel, reached) for funnel in funnels],
        active=counts["active"],
        archived=counts["all"] - counts["active"],
        number=number,
        pages=pages,
        period=period,
    )


def _row(funnel: Any, reached: dict[tuple[int, bool], list[int]]) -> FunnelRow:
    nobody = [0] * len(funnel.step_names)
    here, was = (_filled(reached.get((funnel.pk, is_now)), nobody) for is_now in (True, False))
    rate = share(here[-1], here[0])
    worst, lost = worst_of(funnel.step_names, here)
    return FunnelRow(
        funnel=funnel,
        entered=here[0],
        completed=here[-1],
        rate=rate,
        change=change_of(rate, share(was[-1], was[0])),
        worst=worst if lost else "–",
        drop_off=lost or None,
        alerts=funnel.open_alerts,
    )


def _filled(levels: list[int] | None, nobody: list[int]) -> list[int]:
    """People per step, also where the entries are those of an older definition."""
    return ((levels or []) + nobody)[: len(nobody)]


def _reached(
    workspace: Workspace, funnels: Sequence[FunnelDefinition], period: Period
) -> dict[tuple[int, bool], list[int]]:
    """People who reached each step of each funnel, in the period and the one before it."""
    start = period.since - (period.until - period.since) - timedelta(days=1)
    given: dict[str, Any] = {
        "workspace": workspace.pk, "funnels": [funnel.pk for funnel in funnels],
        "since": period.since, "until": period.until, "start": start,
    }  # fmt: skip

    def read() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(_LEVELS, given)
            return list(cursor.fetchall())

    rows = cache.get_or_set(_name(funnels, start), read, _KEPT_S) if funnels else []
    counts: dict[tuple[int, bool], dict[int, int]] = defaultdict(dict)
    for funnel, is_now, level, people in rows or []:
        counts[funnel, is_now][level] = people
    return {
        key: [
            sum(people for level, people in levels.items() if level >= step)
            for step in range(1, max(levels) + 1)
        ]
        for key, levels in counts.items()
    }


def _name(funnels: Sequence[FunnelDefinition], start: date) -> str:
    counted = [f"{one.pk}:{one.version}:{one.refreshed_at}" for one in funnels]
    text = " ".join([start.isoformat(), *counted])
    return f"funnels:{hashlib.sha256(text.encode()).hexdigest()[:40]}"
