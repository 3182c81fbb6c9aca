"""What the pages of campaigns and their parts show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum

from campaigns import metrics
from campaigns.models import (
    Ad,
    AdAccount,
    AdChangeHistory,
    AdSet,
    Campaign,
    DailyPerformance,
    EntityType,
    PendingAdChange,
)
from campaigns.selectors.series import value_metric
from campaigns.selectors.subjects import MODELS, Entity
from workspaces.charts import LineChart, line_chart
from workspaces.models import BusinessMode, Workspace
from workspaces.models.gate import OPEN
from workspaces.selectors import convert

_DAYS = 28
_HISTORY = 20
_CHILDREN = 100
_ZERO = Decimal(0)
_SUMS = ("impressions", "clicks", "spend", "conversions", "revenue", "pipeline_value")


@dataclass(frozen=True)
class Figures:
    """Amounts of a period and the ratios of them."""

    spend: Decimal
    impressions: int
    clicks: int
    conversions: Decimal
    value: Decimal
    ctr: float | None
    cpc: Decimal | None
    cpa: Decimal | None
    roas: Decimal | None


@dataclass(frozen=True)
class CampaignLine:
    """One campaign of the list."""

    campaign: Campaign
    figures: Figures


@dataclass(frozen=True)
class EntityPage:
    """One campaign, ad set or ad with all that its page shows."""

    entity: Entity
    entity_type: EntityType
    account: AdAccount
    campaign: Campaign
    figures: Figures
    charts: list[LineChart]
    children: list[Entity]
    child_type: str
    open_changes: list[PendingAdChange]
    history: list[AdChangeHistory]
    zone_note: str


def find_entity(*, workspace: Workspace, entity_type: str, public_id: UUID) -> Entity | None:
    """An entity of this workspace, ``None`` for anyone else's."""
    model = MODELS.get(entity_type)
    if model is None:
        return None
    joins = ["account__workspace"]
    joins += [] if model is Campaign else ["campaign"]
    joins += ["ad_set", "creative"] if model is Ad else []
    return (
        model.objects.filter(workspace=workspace, public_id=public_id)
        .select_related(*joins)
        .first()
    )


def last_days(zone_name: str, now: datetime) -> tuple[date, date]:
    """The last 28 full reporting days in an account's zone, both ends included."""
    yesterday = now.astimezone(ZoneInfo(zone_name)).date() - timedelta(days=1)
    return yesterday - timedelta(days=_DAYS - 1), yesterday


def figures_of(sums: Mapping[str, Any], value_field: str) -> Figures:
    """Ratios of summed amounts, by the definitions of ``campaigns.metrics``."""
    values = {name: sums.get(name) or _ZERO for name in _SUMS}
    spend, clicks, shown = values["spend"], int(values["clicks"]), int(values["impressions"])
    value = values[value_field]
    return Figures(
        spend=spend,
        impressions=shown,
        clicks=clicks,
        conversions=values["conversions"],
        value=value,
        ctr=metrics.ctr(clicks, shown),
        cpc=metrics.cpc(spend, clicks),
        cpa=metrics.cpa(spend, values["conversions"]),
        roas=metrics.roas(value, spend),
    )


def value_field(workspace: Workspace) -> str:
    """Which amount counts as what a campaign earned."""
    return "pipeline_value" if workspace.mode == BusinessMode.PIPELINE else "revenue"


def campaign_lines(
    *, workspace: Workspace, campaigns: list[Campaign], now: datetime
) -> list[CampaignLine]:
    """Figures of the last 28 full days of some campaigns, one query for all."""
    accounts = {campaign.account_id: campaign.account for campaign in campaigns}
    found: dict[int, Mapping[str, Any]] = {
        row["campaign"]: row
        for row in _period(list(accounts.values()), now)
        .filter(campaign__in=campaigns)
        .values("campaign")
        .annotate(**{name: Sum(name) for name in _SUMS})
        .order_by()
    }
    field = value_field(workspace)
    return [CampaignLine(c, figures_of(found.get(c.pk, {}), field)) for c in campaigns]


def _period(accounts: list[AdAccount], now: datetime) -> QuerySet[DailyPerformance]:
    """Rows of the last 28 full days of each account, at its summing level only."""
    days = Q(pk__in=[])
    for zone in {account.time_zone for account in accounts}:
        since, until = last_days(zone, now)
        days |= Q(account__time_zone=zone, day__gte=since, day__lte=until)
    return DailyPerformance.objects.filter(
        days, account__in=accounts, level=F("account__summing_level")
    )


@dataclass(frozen=True)
class Totals:
    """Figures of a whole workspace in one currency."""

    currency: str
    figures: Figures


def totals_of(*, workspace: Workspace, now: datetime) -> list[Totals]:
    """Sum of all accounts in the workspace's currency; one line a currency without a rate."""
    accounts = list(AdAccount.objects.filter(workspace=workspace, archived_at=None))
    rows = list(
        _period(accounts, now)
        .values("account__currency")
        .annotate(**{name: Sum(name) for name in _SUMS})
        .order_by("account__currency")
    )
    field = value_field(workspace)
    converted = [_in_workspace_currency(workspace, row, now.date()) for row in rows]
    if any(row is None for row in converted):
        return [Totals(row["account__currency"], figures_of(row, field)) for row in rows]
    total = {name: sum((row[name] for row in converted if row), _ZERO) for name in _SUMS}
    return [Totals(workspace.currency, figures_of(total, field))]


def _in_workspace_currency(
    workspace: Workspace, row: Mapping[str, Any], on: date
) -> dict[str, Decimal] | None:
    currency = row["account__currency"]
    rate = convert(workspace=workspace, amount=Decimal(1), currency=currency, on=on)
    if rate is None:
        return None
    money = {"spend", "revenue", "pipeline_value"}
    return {name: Decimal(row[name] or 0) * (rate if name in money else 1) for name in _SUMS}


def zone_note(account: AdAccount, workspace: Workspace) -> str:
    """Sentence where the platform's days are not the workspace's."""
    if account.time_zone == workspace.time_zone:
        return ""
    return f"Days are those of {account.name} ({account.time_zone}), as the platform reports them."


def entity_page(
    *, entity: Entity, workspace: Workspace, now: datetime, is_by_score: bool = False
) -> EntityPage:
    """Read what the page of an entity shows; an ad set's ads by name, or the best first."""
    entity_type = next(EntityType(key) for key, model in MODELS.items() if type(entity) is model)
    account = entity.account
    since, until = last_days(account.time_zone, now)
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    rows = _daily(entity, entity_type, account, since, until)
    field = value_field(workspace)
    sums = {name: sum((row[name] for row in rows.values()), _ZERO) for name in _SUMS}
    children, child_type = _children(entity, is_by_score=is_by_score)
    changes = PendingAdChange.objects.filter(entity_type=entity_type, entity_id=entity.pk)
    return EntityPage(
        entity=entity,
        entity_type=entity_type,
        account=account,
        campaign=entity if isinstance(entity, Campaign) else entity.campaign,
        figures=figures_of(sums, field),
        charts=_charts(account, days, rows, field),
        children=children,
        child_type=child_type,
        open_changes=list(
            changes.filter(workspace=workspace, proposal__status__in=OPEN)
            .select_related("proposal__current_plan")
            .order_by("-proposal_id")
        ),
        history=list(
            AdChangeHistory.objects.filter(
                account=account, entity_type=entity_type, entity_id=entity.pk
            )
            .select_related("proposal")
            .order_by("-completed_at", "-pk")[:_HISTORY]
        ),
        zone_note=zone_note(account, workspace),
    )


def _daily(
    entity: Entity, entity_type: EntityType, account: AdAccount, since: date, until: date
) -> dict[date, Mapping[str, Any]]:
    """Sums by day, at one level only, so that nothing is counted twice."""
    owner = {EntityType.CAMPAIGN: "campaign", EntityType.ADSET: "ad_set", EntityType.AD: "ad"}
    level = account.summing_level
    if entity_type == EntityType.AD:
        level = "ad"
    elif entity_type == EntityType.ADSET and level == "campaign":
        level = "ad_set"
    rows = (
        DailyPerformance.objects.filter(
            account=account, level=level, day__gte=since, day__lte=until
        )
        .filter(**{owner[entity_type]: entity.pk})
        .values("day")
        .annotate(**{name: Sum(name) for name in _SUMS})
        .order_by("day")
    )
    return {row["day"]: row for row in rows}


def _charts(
    account: AdAccount, days: list[date], rows: dict[date, Mapping[str, Any]], field: str
) -> list[LineChart]:
    def series(name: str) -> list[float | None]:
        if not rows:
            return [None] * len(days)
        return [float(rows[day][name]) if day in rows else 0.0 for day in days]

    shares = [
        metrics.ctr(row["clicks"] * 100, row["impressions"]) if (row := rows.get(day)) else None
        for day in days
    ]
    value = value_metric(account)
    drawn = [
        line_chart(title="Spend", days=days, values=series("spend"), currency=account.currency),
        line_chart(title="Clicks", days=days, values=series("clicks")),
        line_chart(title="CTR", days=days, values=shares, suffix=" %"),
    ]
    if value != "clicks":
        title = field.replace("_", " ").capitalize()
        drawn.append(
            line_chart(title=title, days=days, values=series(field), currency=account.currency)
        )
    return drawn


def _children(entity: Entity, *, is_by_score: bool) -> tuple[list[Entity], str]:
    if isinstance(entity, Campaign):
        ad_sets = AdSet.objects.filter(campaign=entity, archived_at=None).order_by("name", "pk")
        return list(ad_sets[:_CHILDREN]), EntityType.ADSET
    if isinstance(entity, AdSet):
        score = [F("creative__performance_score").desc(nulls_last=True)] if is_by_score else []
        ads = Ad.objects.filter(ad_set=entity, archived_at=None).order_by(*score, "name", "pk")
        ads = ads.select_related("creative")
        return list(ads[:_CHILDREN]), EntityType.AD
    return [], ""
