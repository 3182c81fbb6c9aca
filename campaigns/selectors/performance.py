"""Sums of performance for lists: rows of each account's summing level only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db.models import F, QuerySet, Sum

from campaigns import metrics
from campaigns.models import AdAccount, Campaign, DailyPerformance
from workspaces.models import Workspace
from workspaces.periods import Period

SUMS: Final = (
    "impressions", "clicks", "engagement", "spend", "conversions", "revenue", "pipeline_value",
    "installs",
)  # fmt: skip
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "day": ("day",),
    "channel": ("campaign__channel",),
    "campaign": ("campaign_id", "campaign__public_id", "campaign__name"),
    "ad": ("ad_id", "ad__public_id", "ad__name"),
}


def days_of(workspace: Workspace, period: Period, level: str = "") -> QuerySet[DailyPerformance]:
    """Days that may be added up; ``level`` where it is known to be that of all accounts."""
    return DailyPerformance.objects.filter(
        workspace=workspace,
        level=level or F("account__summing_level"),
        day__gte=period.since,
        day__lte=period.until,
    )


def grouped(
    rows: QuerySet[DailyPerformance], group: str
) -> QuerySet[DailyPerformance, dict[str, Any]]:
    """Sums by a group and by currency: unlike money is never added.

    Rows also split by whether the account's conversions are usable, so that ratios of test values
    are never shown as results.
    """
    keys = GROUPS[group]
    if group == "ad":
        rows = rows.exclude(ad=None)
    split: QuerySet[DailyPerformance, dict[str, Any]] = rows.values(
        *keys, currency=F("account__currency"), usable=F("account__has_usable_conversions")
    )
    return split.annotate(**{f"sum_{name}": Sum(name) for name in SUMS})


def figures(sums: Mapping[str, Any], *, usable: bool) -> dict[str, Any]:
    """Sums with the product's ratios; those of unusable conversions are unknown."""
    amounts = {name: sums.get(f"sum_{name}") or Decimal(0) for name in SUMS}
    known = amounts if usable else {**amounts, "conversions": None, "revenue": None}
    spend, revenue = amounts["spend"], known["revenue"]
    return {
        **amounts,
        "ctr": metrics.ctr(Decimal(amounts["clicks"]), amounts["impressions"]),
        "cpc": metrics.cpc(spend, amounts["clicks"]),
        "conversion_rate": _ratio(metrics.cvr, known["conversions"], amounts["clicks"]),
        "roas": _ratio(metrics.roas, revenue, spend),
        "roi": _ratio(metrics.roi, revenue, spend),
        "pipeline_roas": _ratio(metrics.roas, amounts["pipeline_value"] if usable else None, spend),
    }


def _ratio(metric: metrics.Metric, above: Decimal | None, below: Decimal) -> Decimal | None:
    return None if above is None else metric(above, below)


def campaign_figures(
    campaigns: Iterable[Campaign], *, workspace: Workspace, period: Period
) -> dict[int, dict[str, Any]]:
    """Figures of some campaigns over a period, by our id, in one query."""
    wanted = list(campaigns)
    rows = grouped(days_of(workspace, period).filter(campaign__in=wanted), "campaign")
    sums = {row["campaign_id"]: row for row in rows}
    accounts: dict[int, AdAccount] = {campaign.pk: campaign.account for campaign in wanted}
    return {
        pk: figures(sums.get(pk, {}), usable=account.has_usable_conversions)
        for pk, account in accounts.items()
    }
