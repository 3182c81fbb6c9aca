"""Figures of advertising that can be asked what changed them, and failed reads of platforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone

from campaigns.selectors.insight.amounts import Amounts, by_day, rates_for
from campaigns.selectors.insight.columns import COLUMNS
from campaigns.selectors.insight.query import query_of
from campaigns.services.sync_job import SYNC_JOB
from workspaces.boards import SHARES
from workspaces.ledger import Days, Event, Metric, Scoped, register_events, register_metrics
from workspaces.models import JobRun, JobState, Workspace

_FOLLOWS_BUDGET: Final = frozenset(
    {"spend", "impressions", "clicks", "installs", "conversions", "revenue", "pipeline_value"}
)
_MOST_RUNS: Final = 5


def names_of() -> Sequence[tuple[str, str]]:
    """Every column of the dashboards."""
    return [(column.name, column.label) for column in COLUMNS.values()]


def figure_of(workspace: Workspace, name: str, scoped: Scoped, days: Days) -> Metric | None:
    """One of them by day; a day on which nothing was reported has no figure."""
    given = {"from": days[0].isoformat(), "to": days[1].isoformat(), "compare": "no"}
    query = query_of(workspace, {**scoped, **given}, timezone.now())
    found = by_day(query, rates_for(workspace, query.period))
    column, nothing = COLUMNS[name], Amounts()
    is_share = column.kind in SHARES
    values: list[float | None] = []
    for amounts in found.values():
        one = None if amounts == nothing else getattr(amounts, name)
        values.append(None if one is None else float(one) * (100 if is_share else 1))
    return Metric(
        name=name, title=column.label, days=list(found), values=values,
        currency=workspace.currency if column.kind == "money" else "",
        unit=" %" if is_share else "", follows_budget=name in _FOLLOWS_BUDGET,
    )  # fmt: skip


def failed_syncs(
    workspace: Workspace, _scoped: Scoped, since: datetime, until: datetime
) -> Iterator[Event]:
    """Reads of the platforms that failed: figures of those days may be missing."""
    runs = JobRun.objects.filter(
        workspace=workspace, name=SYNC_JOB, state=JobState.FAILED,
        queued_at__gte=since, queued_at__lt=until,
    )  # fmt: skip
    for run in runs.order_by("-queued_at", "-pk")[:_MOST_RUNS]:
        yield Event(run.queued_at, "A sync failed", "Sync", reverse("ad-accounts"))


def register() -> None:
    """Make them known."""
    register_metrics(names_of, figure_of)
    register_events("syncs", failed_syncs)
