"""The rows that queries see: every resource with what belongs to it, as flat field names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account, Entity
from sandbox.google.errors import OperationError
from sandbox.google.gaql import Query, Row
from sandbox.traffic import AdDay
from sandbox.web import JsonObject, as_object

MICROS = 1_000_000
STATUSES = {"active": "ENABLED", "paused": "PAUSED", "archived": "REMOVED", "deleted": "REMOVED"}
RESOURCES = ("customer", "campaign", "campaign_budget", "ad_group", "ad_group_ad")
_METRICS = (
    *("impressions", "clicks", "engagements", "cost_micros", "conversions"),
    *("conversions_value", "all_conversions", "all_conversions_value", "ctr", "average_cpc"),
)


class Rows:
    """The rows of one account."""

    def __init__(self, context: Context, account: Account) -> None:
        self._context, self._account = context, account
        entities = context.store.entities(account)
        self._by_kind: dict[str, dict[str, Entity]] = {
            kind: {e.id: e for e in entities if e.kind == kind}
            for kind in ("campaign", "adset", "ad", "budget")
        }

    def of(self, query: Query) -> list[Row]:
        """Return all rows of the query's resource, before its conditions.

        Raises
        ------
        OperationError : unknown resource or field, metrics without a period
        """
        if query.resource not in RESOURCES:
            raise OperationError(
                "queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"No resource {query.resource}."
            )
        rows = self._resource_rows(query.resource)
        wants_metrics = any(
            field.startswith(("metrics.", "segments.")) for field in query.mentioned
        )
        if wants_metrics:
            rows = self._with_metrics(rows, query)
        known = _KNOWN[query.resource] | ({f"metrics.{m}" for m in _METRICS} | {"segments.date"})
        unknown = sorted(query.mentioned - known)
        if unknown:
            raise OperationError(
                "queryError", "UNRECOGNIZED_FIELD", f"Unrecognized field in the query: {unknown[0]}"
            )
        return rows

    def _resource_rows(self, resource: str) -> list[Row]:
        customer = self._customer()
        if resource == "customer":
            return [customer]
        kind = {"campaign": "campaign", "ad_group": "adset", "ad_group_ad": "ad"}.get(
            resource, "budget"
        )
        return [customer | self._fields(entity) for entity in self._by_kind[kind].values()]

    def _customer(self) -> JsonObject:
        return {
            "customer.id": self._account.id,
            "customer.resource_name": f"customers/{self._account.id}",
            "customer.descriptive_name": self._account.name,
            "customer.currency_code": self._account.currency,
            "customer.time_zone": self._account.timezone,
            "customer.status": "ENABLED",
            "customer.manager": False,
        }

    def _fields(self, entity: Entity) -> JsonObject:
        if entity.kind == "budget":
            return self._budget(entity)
        if entity.kind == "campaign":
            budget = self._by_kind["budget"].get(entity.budget_id)
            return self._campaign(entity) | (self._budget(budget) if budget else {})
        parent = self._by_kind["campaign" if entity.kind == "adset" else "adset"][entity.parent_id]
        own = self._adset(entity, parent) if entity.kind == "adset" else self._ad(entity, parent)
        return self._fields(parent) | own

    def _budget(self, budget: Entity) -> JsonObject:
        users = [
            campaign
            for campaign in self._by_kind["campaign"].values()
            if campaign.budget_id == budget.id and campaign.status != "deleted"
        ]
        fields: JsonObject = {
            "campaign_budget.resource_name": self._name("campaignBudgets", budget.id),
            "campaign_budget.id": budget.id,
            "campaign_budget.name": budget.name,
            "campaign_budget.status": "REMOVED" if budget.status == "deleted" else "ENABLED",
            "campaign_budget.explicitly_shared": bool(budget.extra.get("explicitly_shared", False)),
            "campaign_budget.reference_count": str(len(users)),
            "campaign_budget.period": "DAILY" if budget.daily_budget else "CUSTOM_PERIOD",
        }
        if budget.daily_budget is not None:
            fields["campaign_budget.amount_micros"] = micros(budget.daily_budget)
        if budget.lifetime_budget is not None:
            fields["campaign_budget.total_amount_micros"] = micros(budget.lifetime_budget)
        return fields

    def _campaign(self, campaign: Entity) -> JsonObject:
        fields: JsonObject = {
            "campaign.resource_name": self._name("campaigns", campaign.id),
            "campaign.id": campaign.id,
            "campaign.name": campaign.name,
            "campaign.status": STATUSES[campaign.status],
            "campaign.primary_status": _primary(campaign.status),
            "campaign.campaign_budget": self._name("campaignBudgets", campaign.budget_id),
            "campaign.advertising_channel_type": campaign.extra.get("channel", "SEARCH"),
            "campaign.bidding_strategy_type": campaign.bid_strategy or "MAXIMIZE_CONVERSIONS",
        }
        for field, seeded in (("start_date_time", "starts_on"), ("end_date_time", "ends_on")):
            if seeded in campaign.extra:
                fields[f"campaign.{field}"] = f"{campaign.extra[seeded]} 00:00:00"
        return fields

    def _adset(self, adset: Entity, campaign: Entity) -> JsonObject:
        fields: JsonObject = {
            "ad_group.resource_name": self._name("adGroups", adset.id),
            "ad_group.id": adset.id,
            "ad_group.name": adset.name,
            "ad_group.status": STATUSES[adset.status],
            "ad_group.primary_status": _primary(adset.status, campaign.status),
            "ad_group.campaign": self._name("campaigns", campaign.id),
            "ad_group.type": adset.extra.get("type", "SEARCH_STANDARD"),
        }
        if adset.bid is not None:
            fields["ad_group.cpc_bid_micros"] = micros(adset.bid)
        return fields

    def _ad(self, ad: Entity, adset: Entity) -> JsonObject:
        creative = as_object(ad.extra.get("creative"))
        campaign = self._by_kind["campaign"][adset.parent_id]
        return {
            "ad_group_ad.resource_name": self._name("adGroupAds", f"{adset.id}~{ad.id}"),
            "ad_group_ad.ad.id": ad.id,
            "ad_group_ad.ad.name": ad.name,
            "ad_group_ad.ad.type": creative.get("type", "RESPONSIVE_SEARCH_AD"),
            "ad_group_ad.ad_group": self._name("adGroups", adset.id),
            "ad_group_ad.status": STATUSES[ad.status],
            "ad_group_ad.primary_status": _primary(ad.status, adset.status, campaign.status),
        }

    def _name(self, collection: str, entity_id: str) -> str:
        return f"customers/{self._account.id}/{collection}/{entity_id}"

    def _with_metrics(self, rows: list[Row], query: Query) -> list[Row]:
        first, last = _period(query)
        days = self._context.traffic.rows(self._account, first, last, self._context.now)
        by_day = "segments.date" in query.fields
        found: list[Row] = []
        for row in rows:
            mine = [day for day in days if _belongs(day, row, query.resource)]
            groups: dict[str, list[AdDay]] = {}
            for day in mine:
                groups.setdefault(day.day.isoformat() if by_day else "", []).append(day)
            # Without a day in SELECT the condition on it has done its work: a date inside it
            # stands for the whole period.
            found.extend(
                {**row, "segments.date": on or last.isoformat(), **self._metrics(part)}
                for on, part in sorted(groups.items())
            )
        return found

    def _metrics(self, days: list[AdDay]) -> JsonObject:
        funnel = as_object(as_object(self._account.extra.get("traffic")).get("funnel"))
        is_pipeline = funnel.get("mode", "pipeline") == "pipeline"
        clicks = sum(day.clicks for day in days)
        impressions = sum(day.impressions for day in days)
        spend = sum((day.spend for day in days), Decimal(0))
        conversions = sum(day.conversions for day in days)
        value = sum(
            (day.pipeline_value if is_pipeline else day.revenue for day in days), Decimal(0)
        )
        return {
            "metrics.impressions": str(impressions),
            "metrics.clicks": str(clicks),
            "metrics.engagements": str(sum(day.engagement for day in days)),
            "metrics.cost_micros": micros(spend),
            "metrics.conversions": float(conversions),
            "metrics.conversions_value": float(value),
            "metrics.all_conversions": float(conversions),
            "metrics.all_conversions_value": float(value),
            "metrics.ctr": clicks / impressions if impressions else 0.0,
            "metrics.average_cpc": float(spend * MICROS / clicks) if clicks else 0.0,
        }


def micros(amount: Decimal) -> str:
    """Write an amount as int64 in JSON: micros as text."""
    return str(int(amount * MICROS))


def _primary(*statuses: str) -> str:
    """Own status first, then those above."""
    if "deleted" in statuses or "archived" in statuses:
        return "REMOVED"
    return "PAUSED" if "paused" in statuses else "ELIGIBLE"


def _belongs(day: AdDay, row: Row, resource: str) -> bool:
    if resource == "ad_group_ad":
        return day.ad_id == row["ad_group_ad.ad.id"]
    if resource == "ad_group":
        return day.adset_id == row["ad_group.id"]
    return resource == "customer" or day.campaign_id == row.get("campaign.id")


def _period(query: Query) -> tuple[date, date]:
    low, high = date(2000, 1, 1), date(2100, 1, 1)
    found = False
    try:
        for condition in query.conditions:
            if condition.field == "segments.date":
                found = True
                values = [date.fromisoformat(value) for value in condition.values]
                if condition.operator in ("=", ">=", "between"):
                    low = max(low, values[0])
                if condition.operator in ("=", "<=", "between"):
                    high = min(high, values[-1])
    except ValueError as error:
        raise OperationError(
            "queryError", "INVALID_VALUE_WITH_BETWEEN_OPERATOR", str(error)
        ) from None
    if not found:
        raise OperationError(
            "queryError", "EXPECTED_FILTERS_ON_DATE_RANGE", "Give a range of segments.date."
        )
    return low, high


_CUSTOMER = {
    f"customer.{name}"
    for name in (
        *("id", "resource_name", "descriptive_name", "currency_code", "time_zone", "status"),
        "manager",
    )
}
_BUDGET = {
    f"campaign_budget.{name}"
    for name in (
        *("resource_name", "id", "name", "status", "explicitly_shared", "reference_count"),
        *("period", "amount_micros", "total_amount_micros"),
    )
}
_CAMPAIGN = {
    f"campaign.{name}"
    for name in (
        *("resource_name", "id", "name", "status", "primary_status", "campaign_budget"),
        *("advertising_channel_type", "bidding_strategy_type", "start_date_time", "end_date_time"),
    )
}
_ADSET = {
    f"ad_group.{name}"
    for name in (
        *("resource_name", "id", "name", "status", "primary_status", "campaign", "type"),
        "cpc_bid_micros",
    )
}
_AD = {
    f"ad_group_ad.{name}"
    for name in (
        *("resource_name", "ad.id", "ad.name", "ad.type", "ad_group", "status"),
        "primary_status",
    )
}
_KNOWN = {
    "customer": _CUSTOMER,
    "campaign_budget": _CUSTOMER | _BUDGET,
    "campaign": _CUSTOMER | _BUDGET | _CAMPAIGN,
    "ad_group": _CUSTOMER | _BUDGET | _CAMPAIGN | _ADSET,
    "ad_group_ad": _CUSTOMER | _BUDGET | _CAMPAIGN | _ADSET | _AD,
}
