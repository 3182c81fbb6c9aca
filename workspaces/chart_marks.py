"""Changes on charts of days: each day with some is marked, and leads to them in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from workspaces.cache import kept
from workspaces.charts import Change, LineChart
from workspaces.ledger import is_metric
from workspaces.models import Workspace
from workspaces.selectors_ledger import LedgerFilter, changes_by_day


def marked(
    charts: Sequence[LineChart], *, workspace: Workspace, scoped: Mapping[str, str] | None = None
) -> list[LineChart]:
    """Charts with the changes of their days; ``scoped`` narrows them as the page is narrowed.

    One query for all of them, its answer kept for a minute. Days are the workspace's; those of an
    account far away may differ by one.
    """
    days = days_of(charts)
    if days is None:
        return list(charts)
    since, until = days
    narrowed = tuple((name, value) for name, value in (scoped or {}).items() if value)
    counts = _kept(workspace, LedgerFilter(since=since, until=until, scoped=narrowed))
    return [with_changes(chart, counts, dict(narrowed)) for chart in charts]


def _kept(workspace: Workspace, asked: LedgerFilter) -> dict[date, int]:
    """Changes by day as of the last minute: charts are drawn on many pages, and tell of days."""

    def read() -> dict[str, int]:
        found = changes_by_day(workspace, asked)
        return {day.isoformat(): count for day, count in found.items()}

    name = f"chart-marks:{workspace.pk}:{asked.since}:{asked.until}:{asked.scoped}"
    return {date.fromisoformat(day): count for day, count in kept(name, read).items()}


def days_of(charts: Iterable[LineChart]) -> tuple[date, date] | None:
    """First and last day of all; none where nothing is drawn."""
    drawn = [(one.first_day, one.last_day) for one in charts if one.first_day and one.last_day]
    if not drawn:
        return None
    return min(first for first, _ in drawn), max(last for _, last in drawn)


def with_changes(
    chart: LineChart, counts: Mapping[date, int], scoped: Mapping[str, str]
) -> LineChart:
    """One chart with so many changes on its days."""
    changes = []
    for day, count in sorted(counts.items()):
        x = chart.place_of(day)
        if x is not None and chart.has_data:
            query = urlencode({**scoped, "from": day.isoformat(), "to": day.isoformat()})
            label, why = f"{day:%d %b}: {_said(count)}", _why(chart, day, scoped)
            changes.append(Change(x, label, _ledger(query), day, why))
    total = sum(counts[one.day] for one in changes)
    return replace(chart, changes=tuple(changes), changed=_said(total) if total else "")


def _ledger(query: str) -> str:
    return f"{reverse('ledger')}?{query}"


def _why(chart: LineChart, day: date, scoped: Mapping[str, str]) -> str:
    """Where to ask what changed the figure; its name may be followed by what it is of."""
    name = chart.name.partition("-")[0]
    if not is_metric(name):
        return ""
    query = urlencode({**scoped, "metric": name, "day": day.isoformat()})
    return f"{reverse('ledger-explain')}?{query}"


def _said(count: int) -> str:
    return f"{count:,} change{'' if count == 1 else 's'}"
