"""The queries (GAQL) that are asked of Google Ads; ids in them have passed `plain_id`."""

# ruff: noqa: S608  # the query language can only read, and only one customer's data

from __future__ import annotations

from collections.abc import Mapping

from campaigns.platforms.base import EntityLevel, InsightLevel

ACCOUNT_QUERY = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, "
    "customer.status FROM customer"
)
_BUDGET = (
    "campaign_budget.id, campaign_budget.name, campaign_budget.status, "
    "campaign_budget.amount_micros, campaign_budget.total_amount_micros, "
    "campaign_budget.explicitly_shared, campaign_budget.reference_count"
)
_SELECT: Mapping[EntityLevel, str] = {
    "campaign": "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, "
    "campaign.advertising_channel_type, campaign.bidding_strategy_type, "
    "campaign.start_date_time, campaign.end_date_time, campaign.campaign_budget, "
    f"{_BUDGET} FROM campaign",
    "adset": "SELECT ad_group.id, ad_group.name, ad_group.status, ad_group.primary_status, "
    "ad_group.cpc_bid_micros, campaign.id, campaign.campaign_budget FROM ad_group",
    "ad": "SELECT ad_group_ad.ad.id, ad_group_ad.ad.name, ad_group_ad.ad.type, "
    "ad_group_ad.status, ad_group_ad.primary_status, ad_group.id, campaign.id, "
    "campaign.campaign_budget FROM ad_group_ad",
    "budget": f"SELECT {_BUDGET} FROM campaign_budget",
}
_STATUS_FIELD: Mapping[EntityLevel, str] = {
    "campaign": "campaign.status",
    "adset": "ad_group.status",
    "ad": "ad_group_ad.status",
    "budget": "campaign_budget.status",
}
_INSIGHT_IDS: Mapping[InsightLevel, tuple[str, str]] = {
    "campaign": ("campaign.id", "campaign"),
    "adset": ("campaign.id, ad_group.id", "ad_group"),
    "ad": ("campaign.id, ad_group.id, ad_group_ad.ad.id", "ad_group_ad"),
}


def entity_query(level: EntityLevel, condition: str = "") -> str:
    """Return the query for one entity, or for all that are not removed."""
    condition = condition or f"{_STATUS_FIELD[level]} != 'REMOVED'"
    return f"{_SELECT[level]} WHERE {condition}"


def sharing_query(*budgets: str) -> str:
    """Return the query for the campaigns that use these budgets, or for those of all budgets."""
    names = ", ".join(f"'{budget}'" for budget in budgets)
    only = f" AND campaign.campaign_budget IN ({names})" if budgets else ""
    return (
        "SELECT campaign.id, campaign.campaign_budget FROM campaign "
        f"WHERE campaign.status != 'REMOVED'{only}"
    )


def insight_query(level: InsightLevel, since: str, until: str) -> str:
    """Return the query for daily numbers."""
    ids, resource = _INSIGHT_IDS[level]
    return (
        f"SELECT segments.date, {ids}, metrics.impressions, metrics.clicks, metrics.engagements, "
        "metrics.cost_micros, metrics.conversions, metrics.conversions_value, "
        f"customer.currency_code FROM {resource} "
        f"WHERE segments.date BETWEEN '{since}' AND '{until}'"
    )
