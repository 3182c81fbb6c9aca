"""What became of those whom ads brought: who came back, and what they paid in their first days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Self

from django.db.models import Q, QuerySet, Sum

from campaigns import metrics
from campaigns.models import DailyPerformance
from campaigns.selectors.insight.amounts import (
    Amounts,
    Rates,
    converted,
    rate_of,
    rows_of,
    summed,
)
from campaigns.selectors.insight.query import InsightQuery
from campaigns.selectors.insight.sums import Retention
from workspaces.periods import Period

RETAINED: Final = (1, 7, 30)
PAID_BACK: Final = (7, 30)
_ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Cohorts(Retention):
    """Installs whose return is known by now, how many returned, and money of their first days.

    ``spend_7`` is what the installs cost whose revenue of seven days is known, with that of ads
    that brought none on the same days.
    """

    revenue_7: Decimal = _ZERO
    revenue_30: Decimal = _ZERO
    spend_7: Decimal = _ZERO
    spend_30: Decimal = _ZERO

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read sums of one day; nothing is known of spend before revenue is."""
        found = super().of(row)
        unknown: dict[str, Any] = {
            f"spend_{days}": _ZERO for days in PAID_BACK if row[f"sum_revenue_{days}"] is None
        }
        return replace(found, **unknown)

    @property
    def roas_7(self) -> Decimal | None:
        """Revenue of the first seven days for each unit of spend."""
        return metrics.roas(self.revenue_7, self.spend_7)

    @property
    def roas_30(self) -> Decimal | None:
        """Revenue of the first thirty days for each unit of spend."""
        return metrics.roas(self.revenue_30, self.spend_30)


@dataclass(frozen=True)
class AdDay:
    """What ads did on a day, or on some, and what became of those whom they brought."""

    amounts: Amounts = field(default_factory=Amounts)
    cohorts: Cohorts = field(default_factory=Cohorts)

    @classmethod
    def all_of(cls, days: Iterable[Self]) -> Self:
        """All of them together."""
        found = list(days)
        return cls(
            Amounts.all_of(day.amounts for day in found),
            Cohorts.all_of(day.cohorts for day in found),
        )


def ad_days(query: InsightQuery, rates: Rates, period: Period) -> dict[date, AdDay]:
    """Every day of a period."""
    rows = _with_cohorts(summed(rows_of(query, rates, period).values("day"), rates), rates)
    found = {row["day"]: AdDay(Amounts.of(row), Cohorts.of(row)) for row in rows.order_by()}
    return {day: found.get(day, AdDay()) for day in period}


def _with_cohorts(
    rows: QuerySet[DailyPerformance, Any], rates: Rates
) -> QuerySet[DailyPerformance, Any]:
    rate = rate_of(rates)
    none = Q(installs=0)
    return rows.annotate(
        **{
            f"sum_known_{day}": Sum("installs", filter=Q(**{f"retained_day_{day}__isnull": False}))
            for day in RETAINED
        },
        **{f"sum_retained_{day}": Sum(f"retained_day_{day}") for day in RETAINED},
        **{f"sum_revenue_{days}": converted(f"revenue_day_{days}", rate) for days in PAID_BACK},
        **{
            f"sum_spend_{days}": converted(
                "spend", rate, Q(**{f"revenue_day_{days}__isnull": False}) | none
            )
            for days in PAID_BACK
        },
    )
