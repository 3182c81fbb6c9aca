"""Days and cohorts of the app's users, as they were counted by ``services/installs/rollups``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When

from attribution.models import AppCohort, AppDay, InstallSource, UserInstall
from campaigns import metrics
from campaigns.models import DailyOrganicMetric
from campaigns.selectors.channel_days import ROLLS_UP
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.insight.sums import Retention, Sums
from workspaces.models import Workspace
from workspaces.periods import Period

_ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Use(Sums):
    """Users of a day, or of several: then ``active`` counts a user once for each day."""

    installs: int = 0
    active: int = 0
    active_30: int = 0
    sessions: int = 0


@dataclass(frozen=True)
class Users(Retention):
    """Installs of a cohort, or of several; what is too early to know is left out of ``known``."""

    users: int = 0
    payers: int = 0
    revenue: Decimal = _ZERO
    valued: int = 0
    value_180: Decimal = _ZERO

    @property
    def payer_rate(self) -> Decimal | None:
        """Share that paid so far."""
        return metrics.payer_rate(Decimal(self.payers), self.users)

    @property
    def arpu(self) -> Decimal | None:
        """Revenue for each user so far."""
        return metrics.arpu(self.revenue, self.users)

    @property
    def arppu(self) -> Decimal | None:
        """Revenue for each user who paid."""
        return metrics.arppu(self.revenue, self.payers)

    @property
    def ltv(self) -> Decimal | None:
        """Value of 180 days, of those whose value is known."""
        return metrics.arpu(self.value_180, self.valued)


def use_by_day(workspace: Workspace, period: Period, *, source: str) -> dict[date, Use | None]:
    """Users of every day; ``None`` before the first day with any, and after the newest."""
    rows: Any = (
        AppDay.objects.filter(
            workspace=workspace, source=source, day__gte=period.since, day__lte=period.until
        )
        .values("day")
        .annotate(**{one.name: Sum(one.name) for one in fields(Use)})
        .order_by()
    )
    found = {row["day"]: Use(*(row[one.name] for one in fields(Use))) for row in rows}
    oldest, newest = min(found, default=date.max), max(found, default=date.min)
    return {day: found.get(day, Use()) if oldest <= day <= newest else None for day in period}


def users_by_day(query: InsightQuery, period: Period, *, source: str) -> dict[date, Users]:
    """Cohorts of every day; those of one campaign are counted from its installs."""
    if query.campaign:
        rows: QuerySet[Any, Any] = _of_campaign(query)
    else:
        rows = AppCohort.objects.filter(workspace=query.workspace, source=source)
        if query.channel:
            rows = of_channel(rows, query.channel)
    rows = rows.filter(installed_on__gte=period.since, installed_on__lte=period.until)
    sums = _LIVE if query.campaign else SUMS
    found = {
        row["installed_on"]: Users.of(row)
        for row in rows.values("installed_on").annotate(**sums).order_by()
    }
    return {day: found.get(day, Users()) for day in period}


def of_channel(rows: QuerySet[Any, Any], channel: str) -> QuerySet[Any, Any]:
    """Rows of a channel, with its parts."""
    slugs = [channel, *(part for part, whole in ROLLS_UP.items() if whole == channel)]
    return rows.filter(channel__in=slugs)


def whole_channel() -> Case:
    """Channel that a row counts under."""
    parts = (When(channel=part, then=Value(whole)) for part, whole in ROLLS_UP.items())
    return Case(*parts, default=F("channel"), output_field=CharField())


def organic_installs(
    metric_days: Mapping[date, DailyOrganicMetric], use: Mapping[date, Use | None]
) -> dict[date, int]:
    """Organic installs of each day: as reported, else as the app counted them."""
    return {
        day: metric_days[day].organic_installs if day in metric_days else own.installs if own else 0
        for day, own in use.items()
    }


def organic_by_day(workspace: Workspace, period: Period) -> dict[date, int]:
    """Organic installs of every day: as reported, else as the app counted them. One query."""
    days: dict[str, Any] = {
        "workspace": workspace, "day__gte": period.since, "day__lte": period.until,
    }  # fmt: skip
    reported = DailyOrganicMetric.objects.filter(**days).annotate(
        is_reported=Value(1), number=F("organic_installs")
    )
    counted = AppDay.objects.filter(source=InstallSource.ORGANIC, **days).values("day").order_by()
    counted = counted.annotate(is_reported=Value(0), number=Sum("installs"))
    columns = ("is_reported", "day", "number")
    rows = counted.values_list(*columns).union(reported.values_list(*columns), all=True)
    found = {day: number for _, day, number in sorted(rows)}
    return {day: found.get(day, 0) for day in period}


def metric_days_of(workspace: Workspace, period: Period) -> dict[date, DailyOrganicMetric]:
    """Days without ads that were reported."""
    rows = DailyOrganicMetric.objects.filter(
        workspace=workspace, day__gte=period.since, day__lte=period.until
    )
    return {row.day: row for row in rows}


def _of_campaign(query: InsightQuery) -> QuerySet[UserInstall]:
    return UserInstall.objects.filter(workspace=query.workspace, campaign=query.campaign)


#: Sums of cohorts, named as the fields of ``Users``.
SUMS: Final[dict[str, Any]] = {
    **{f"sum_{name}": Sum(name) for name in
       ("users", "payers", "revenue", "valued", "value_180")},
    **{f"sum_retained_{day}": Sum(f"retained_{day}") for day in (1, 7, 30)},
    **{
        f"sum_known_{day}": Sum("users", filter=Q(**{f"retained_{day}__isnull": False}))
        for day in (1, 7, 30)
    },
}  # fmt: skip
# The same of installs.
_LIVE: Final[dict[str, Any]] = {
    "sum_users": Count("pk"),
    "sum_payers": Count("pk", filter=Q(is_payer=True)),
    "sum_revenue": Sum("revenue_total"),
    "sum_valued": Count("ltv_180_days"),
    "sum_value_180": Sum("ltv_180_days"),
    **{
        f"sum_retained_{day}": Count("pk", filter=Q(**{f"active_on_day_{day}": True}))
        for day in (1, 7, 30)
    },
    **{f"sum_known_{day}": Count(f"active_on_day_{day}") for day in (1, 7, 30)},
}
