"""Figures over conversions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from attribution.models import AttributionMethod, Conversion
from workspaces.models import Workspace

USUAL_DAYS = 30


@dataclass(frozen=True)
class ConversionStats:
    """Counts of a period, and money by currency."""

    conversions: int
    attributed: int
    by_method: dict[str, int]
    by_type: dict[str, int]
    value: dict[str, Decimal]
    attributed_value: dict[str, Decimal]

    @property
    def recovery_rate(self) -> float | None:
        """Share with a click; none without conversions."""
        return self.attributed / self.conversions if self.conversions else None


def day_starts(workspace: Workspace, day: date) -> datetime:
    """First moment of a day in the workspace's zone."""
    return datetime.combine(day, time(), tzinfo=workspace.zone)


def converted_on(workspace: Workspace, first: date, last: date) -> QuerySet[Conversion]:
    """Conversions of days, both included, cut in the workspace's zone."""
    return Conversion.objects.filter(
        workspace=workspace,
        converted_at__gte=day_starts(workspace, first),
        converted_at__lt=day_starts(workspace, last + timedelta(days=1)),
    )


def conversion_stats(workspace: Workspace, first: date, last: date) -> ConversionStats:
    """Count a period by method and type; unlike money stays apart."""
    rows = converted_on(workspace, first, last)
    counted = rows.values("method", "type", "currency")
    groups: list[dict[str, Any]] = [
        dict(row) for row in counted.annotate(n=Count("pk"), money=Sum("value"))
    ]
    attributed = [row for row in groups if row["method"] != AttributionMethod.UNATTRIBUTED]
    return ConversionStats(
        conversions=sum(row["n"] for row in groups),
        attributed=sum(row["n"] for row in attributed),
        by_method=_sums(groups, "method", "n"),
        by_type=_sums(groups, "type", "n"),
        value=_sums(groups, "currency", "money"),
        attributed_value=_sums(attributed, "currency", "money"),
    )


def _sums(groups: list[dict[str, Any]], key: str, what: str) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for row in sorted(groups, key=lambda row: str(row[key])):
        sums[row[key]] = sums.get(row[key], 0) + row[what]
    return sums
