"""Google's rows, translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from campaigns.platforms.adapter import incomplete
from campaigns.platforms.base import (
    AccountState,
    CreativeState,
    EntityLevel,
    EntityRef,
    EntityState,
    EntityStatus,
    InsightLevel,
    InsightRow,
    LearningState,
)
from campaigns.platforms.google_wire import LABEL, from_micros
from workspaces.platforms.payload import amount, day, mapping, text, whole

_NODES: Mapping[EntityLevel, str] = {
    "campaign": "campaign",
    "adset": "adGroup",
    "ad": "adGroupAd",
    "budget": "campaignBudget",
}
_STATUSES: Mapping[str, EntityStatus] = {
    "ENABLED": "active",
    "PAUSED": "paused",
    "REMOVED": "removed",
}


def account_state(row: Mapping[str, object], account_id: str) -> AccountState:
    """Translate a customer."""
    customer = mapping(row.get("customer"))
    currency = text(customer.get("currencyCode"))
    if not currency:
        raise incomplete(LABEL, "the account's currency")
    return AccountState(
        external_id=account_id,
        name=text(customer.get("descriptiveName")),
        currency=currency,
        timezone=text(customer.get("timeZone")),
        status=text(customer.get("status")).lower(),
    )


def entity_state(
    row: Mapping[str, object],
    level: EntityLevel,
    account: AccountState,
    sharing: Mapping[str, Sequence[str]],
) -> EntityState:
    """Translate a row of one level; ``sharing`` has the campaigns of each budget."""
    node, budget = mapping(row.get(_NODES[level])), mapping(row.get("campaignBudget"))
    campaign, adset = mapping(row.get("campaign")), mapping(row.get("adGroup"))
    external_id = _external_id(level, node, adset)
    status = _STATUSES.get(text(node.get("status")))
    if status is None or not external_id:
        raise incomplete(LABEL, f"id and status of the {level}")
    budget_id = text(budget.get("id")) or text(campaign.get("campaignBudget")).rpartition("/")[2]
    primary = text(node.get("primaryStatus"))
    return EntityState(
        ref=EntityRef(level, external_id, account.external_id),
        name=text(node.get("name")) or text(mapping(node.get("ad")).get("name")),
        status=status,
        effective_status=primary or text(node.get("status")),
        currency=account.currency,
        daily_budget=from_micros(budget.get("amountMicros")),
        lifetime_budget=from_micros(budget.get("totalAmountMicros")),
        bid=from_micros(node.get("cpcBidMicros")),
        parent_campaign_id=text(campaign.get("id")) if level in {"adset", "ad"} else "",
        parent_adset_id=text(adset.get("id")) if level == "ad" else "",
        budget_ref=EntityRef("budget", budget_id, account.external_id) if budget_id else None,
        budget_shared_by=tuple(sharing.get(budget_id, ())),
        objective=text(node.get("advertisingChannelType")),
        bid_strategy=text(node.get("biddingStrategyType")),
        learning=LearningState("learning") if primary == "LEARNING" else None,
        creative=_creative(mapping(node.get("ad"))),
        starts_on=day(node.get("startDateTime")),
        ends_on=day(node.get("endDateTime")),
    )


def insight_row(row: Mapping[str, object], level: InsightLevel) -> InsightRow:
    """Translate one day of one entity; Google tells no reach here."""
    metrics, ad = mapping(row.get("metrics")), mapping(mapping(row.get("adGroupAd")).get("ad"))
    adset_id = text(mapping(row.get("adGroup")).get("id"))
    ad_id = text(ad.get("id"))
    on = day(mapping(row.get("segments")).get("date"))
    currency = text(mapping(row.get("customer")).get("currencyCode"))
    if on is None or not currency:
        raise incomplete(LABEL, "day and currency of a row")
    return InsightRow(
        day=on,
        level=level,
        campaign_id=text(mapping(row.get("campaign")).get("id")),
        adset_id=adset_id,
        ad_id=f"{adset_id}~{ad_id}" if ad_id else "",
        impressions=whole(metrics.get("impressions")),
        reach=0,
        clicks=whole(metrics.get("clicks")),
        engagement=whole(metrics.get("engagements")),
        spend=from_micros(metrics.get("costMicros")) or amount(0),
        conversions=amount(metrics.get("conversions")),
        revenue=amount(metrics.get("conversionsValue")),
        currency=currency,
    )


def _external_id(
    level: EntityLevel, node: Mapping[str, object], adset: Mapping[str, object]
) -> str:
    if level != "ad":
        return text(node.get("id"))
    ad_id, adset_id = text(mapping(node.get("ad")).get("id")), text(adset.get("id"))
    return f"{adset_id}~{ad_id}" if ad_id and adset_id else ""


def _creative(ad: Mapping[str, object]) -> CreativeState | None:
    if not ad.get("id"):
        return None
    return CreativeState(external_id=text(ad["id"]), format=text(ad.get("type")).lower())
