"""Units that meet variants and do things."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from attribution.models import Site, WebEvent
from attribution.services.website.partitions import ensure_days
from experiments.models import ABTest, CountingWork, ExposureDay, MetricDay
from experiments.services.counting.sums_sql import SUMS
from workspaces.ids import uuid7

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # what tests begin with here
LATER = START + timedelta(days=30)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANN, BOB, CID = (UUID(int=number) for number in (1, 2, 3))


def event(
    site: Site, visitor: UUID, at: datetime, name: str = "page_view", **fields: Any
) -> WebEvent:
    """What a browser sent, and that the sessioniser has looked at."""
    ensure_days([at.date()])
    kind = "page_view" if name == "page_view" else "custom"
    facts = {"has_consent": True, "category": "navigation", "is_tagged": False,
             "received_at": at, "currency": "USD", **fields}  # fmt: skip
    row = WebEvent.objects.create(
        workspace_id=site.workspace_id, site=site, event_id=uuid7(), day=at.date(), at=at,
        visitor_key=visitor, type=kind, name=name, **facts,
    )  # fmt: skip
    CountingWork.objects.create(
        workspace_id=site.workspace_id, site=site, unit=str(visitor), since=at
    )
    return row


def meet(site: Site, visitor: UUID, at: datetime, variant: str, **fields: Any) -> WebEvent:
    """A page that shows a variant of the test ``button``."""
    return event(site, visitor, at, variants={"button": variant}, **fields)


def sums(test: ABTest, dimension: str = "total") -> dict[tuple[Any, ...], dict[str, Decimal]]:
    """Figures by metric, variant, key and day; those that are 0 are left out, as are empty rows."""
    rows = MetricDay.objects.filter(test=test, dimension=dimension)
    found = {}
    for row in rows.select_related("metric", "variant"):
        figures = {name: getattr(row, name) for name in ("units", *SUMS) if getattr(row, name)}
        if figures:
            found[row.metric.key, row.variant.key, row.key, row.day] = figures
    return found


def exposed(test: ABTest, dimension: str = "total") -> dict[tuple[Any, ...], tuple[int, int]]:
    """Units, and those in several, by variant, key and day."""
    rows = ExposureDay.objects.filter(test=test, dimension=dimension)
    return {
        (row.variant.key, row.key, row.day): (row.units, row.in_several)
        for row in rows.select_related("variant")
    }


def added(found: dict[tuple[Any, ...], dict[str, Decimal]], metric: str, variant: str) -> Any:
    """The figures of all days of an arm."""
    total: dict[str, Decimal] = {}
    for (key, arm, _, _), figures in found.items():
        if (key, arm) == (metric, variant):
            for name, figure in figures.items():
                total[name] = total.get(name, Decimal(0)) + figure
    return {name: figure for name, figure in total.items() if figure}


def decimals(**figures: Any) -> dict[str, Decimal]:
    """Figures as they are stored."""
    return {name: Decimal(str(figure)) for name, figure in figures.items()}


def days(*numbers: int) -> Iterable[Any]:
    """Days after the start's."""
    return [(START + number * DAY).date() for number in numbers]
