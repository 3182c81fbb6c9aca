"""LinkedIn's rows, translated.

A campaign group is our campaign, a campaign our ad set, a creative our ad: budgets and bids sit
where the rest of the product expects them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

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
)
from campaigns.platforms.linkedin_wire import LABEL, id_of
from workspaces.platforms.payload import amount, decimal, mapping, text, whole

#: Level → (path below the account, kind in its names, finder, pivot of reports).
NODES: Mapping[EntityLevel, tuple[str, str, str, str]] = {
    "campaign": ("adCampaignGroups", "sponsoredCampaignGroup", "search", "CAMPAIGN_GROUP"),
    "adset": ("adCampaigns", "sponsoredCampaign", "search", "CAMPAIGN"),
    "ad": ("creatives", "sponsoredCreative", "criteria", "CREATIVE"),
}
#: Reports and schedules of LinkedIn know no other zone.
TIME_ZONE = "UTC"
_STATUSES: Mapping[str, EntityStatus] = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "DRAFT": "paused",
    "ARCHIVED": "archived",
    "COMPLETED": "archived",
    "CANCELED": "archived",
    "PENDING_DELETION": "removed",
    "REMOVED": "removed",
}
_COUNTS = ("impressions", "clicks", "totalEngagements", "approximateMemberReach")


def metrics_of(conversion: str, revenue: str) -> list[str]:
    """Return the fields to ask for."""
    return ["dateRange", "pivotValues", *_COUNTS, "costInLocalCurrency", conversion, revenue]


def pivots_of(level: InsightLevel) -> list[str]:
    """Return the level's pivot and those above it: a row must name its parents."""
    levels: tuple[InsightLevel, ...] = ("campaign", "adset", "ad")
    return [NODES[above][3] for above in levels[: levels.index(level) + 1]]


def account_state(row: Mapping[str, object]) -> AccountState:
    """Translate an ad account."""
    currency, external_id = text(row.get("currency")), text(row.get("id"))
    if not currency or not external_id:
        raise incomplete(LABEL, "id and currency of the account")
    return AccountState(
        external_id=external_id,
        name=text(row.get("name")),
        currency=currency,
        timezone=TIME_ZONE,
        status=text(row.get("status")).lower(),
    )


def entity_state(
    row: Mapping[str, object], level: EntityLevel, account: AccountState, campaign_id: str = ""
) -> EntityState:
    """Translate a campaign group, campaign or creative.

    ``campaign_id``: group of a creative, which names only its campaign.
    """
    is_ad = level == "ad"
    word = text(row.get("intendedStatus" if is_ad else "status"))
    external_id, status = id_of(row.get("id")), _STATUSES.get(word)
    if status is None or not external_id:
        raise incomplete(LABEL, f"id and status of the {level}")
    ref = EntityRef(level, external_id, account.external_id)
    daily = _money(row, "dailyBudget", account.currency)
    lifetime = _money(row, "totalBudget", account.currency)
    group_id = campaign_id if is_ad else id_of(row.get("campaignGroup"))
    schedule = mapping(row.get("runSchedule"))
    return EntityState(
        ref=ref,
        name=text(row.get("name")) or external_id,
        status=status,
        effective_status=_effective(row, word, is_ad=is_ad),
        currency=account.currency,
        daily_budget=daily,
        lifetime_budget=lifetime,
        # LinkedIn writes 0 for a bid that it sets itself.
        bid=_money(row, "unitCost", account.currency) or None,
        parent_campaign_id=group_id,
        parent_adset_id=id_of(row.get("campaign")) if is_ad else "",
        budget_ref=_budget_owner(ref, group_id, has_budget=bool(daily or lifetime)),
        objective=text(row.get("objectiveType")),
        bid_strategy=text(row.get("optimizationTargetType")),
        creative=_creative(row, external_id) if is_ad else None,
        starts_on=_day(schedule.get("start")),
        ends_on=_day(schedule.get("end")),
    )


def insight_row(
    row: Mapping[str, object], level: InsightLevel, currency: str, conversion: str, revenue: str
) -> InsightRow:
    """Translate one day of one entity."""
    ids = _pivot_ids(row)
    start = mapping(mapping(row.get("dateRange")).get("start"))
    try:
        on = date(*(whole(start.get(part)) for part in ("year", "month", "day")))
    except ValueError:
        raise incomplete(LABEL, "the day of a report row") from None
    if not ids[NODES[level][1]]:
        raise incomplete(LABEL, f"the {level} of a report row")
    return InsightRow(
        day=on,
        level=level,
        campaign_id=ids["sponsoredCampaignGroup"],
        adset_id=ids["sponsoredCampaign"],
        ad_id=ids["sponsoredCreative"],
        impressions=whole(row.get("impressions")),
        reach=whole(row.get("approximateMemberReach")),
        clicks=whole(row.get("clicks")),
        engagement=whole(row.get("totalEngagements")),
        spend=amount(row.get("costInLocalCurrency")),
        conversions=amount(row.get(conversion)),
        revenue=amount(row.get(revenue)),
        currency=currency,
    )


def _pivot_ids(row: Mapping[str, object]) -> dict[str, str]:
    """Ids by the kind in their names: nothing says in which order the pivots come back."""
    ids = {kind: "" for _, kind, _, _ in NODES.values()}
    values = row.get("pivotValues")
    for name in values if isinstance(values, list) else []:
        kind, _, external_id = text(name).removeprefix("urn:li:").partition(":")
        if kind in ids:
            ids[kind] = external_id
    return ids


def _money(row: Mapping[str, object], field: str, currency: str) -> Decimal | None:
    """Read a decimal in major units; it must be in the account's currency."""
    given = row.get(field)
    if given is None:
        return None
    money = mapping(given)
    value = decimal(money.get("amount"))
    if value is None or text(money.get("currencyCode")) != currency:
        raise incomplete(LABEL, f"{field} as an amount in {currency}")
    return value


def _effective(row: Mapping[str, object], word: str, *, is_ad: bool) -> str:
    """Return the first reason against serving, or that it serves."""
    given = row.get("servingHoldReasons" if is_ad else "servingStatuses")
    reasons = [text(reason) for reason in given] if isinstance(given, list) else []
    return next(
        (reason for reason in reasons if reason != "RUNNABLE"), "RUNNABLE" if given else word
    )


def _budget_owner(ref: EntityRef, group_id: str, *, has_budget: bool) -> EntityRef | None:
    if has_budget:
        return ref
    # A campaign without a budget spends its group's; a creative's owner is not told.
    is_below = ref.level == "adset" and group_id
    return EntityRef("campaign", group_id, ref.account_id) if is_below else None


def _creative(row: Mapping[str, object], external_id: str) -> CreativeState:
    content = mapping(row.get("content"))
    ad = mapping(content.get("textAd"))
    return CreativeState(
        external_id=id_of(content.get("reference")) or external_id,
        headline=text(ad.get("headline")) or text(row.get("name")),
        primary_text=text(ad.get("description")),
        call_to_action=text(mapping(row.get("leadgenCallToAction")).get("label")),
    )


def _day(milliseconds: object) -> date | None:
    at = decimal(milliseconds)
    try:
        return None if at is None else datetime.fromtimestamp(int(at) / 1000, UTC).date()
    except (OverflowError, ValueError, OSError):
        return None
