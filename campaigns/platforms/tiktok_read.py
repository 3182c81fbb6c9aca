"""TikTok's rows, translated."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from campaigns.platforms.tiktok_wire import LABEL
from workspaces.platforms.payload import amount, day, decimal, mapping, text, whole

#: Level → the name that paths and fields carry at TikTok.
NODES: Mapping[EntityLevel, str] = {"campaign": "campaign", "adset": "adgroup", "ad": "ad"}
_STATUSES: Mapping[str, EntityStatus] = {
    "ENABLE": "active",
    "DISABLE": "paused",
    "DELETE": "removed",
}
_DAILY_MODES = frozenset({"BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"})
_COUNTS = ("spend", "impressions", "reach", "clicks", "likes", "comments", "shares")


def metrics_of(level: InsightLevel, conversion: str, revenue: str) -> list[str]:
    """Return the metrics to ask for; parents' ids come as metrics at TikTok."""
    parents = {"campaign": [], "adset": ["campaign_id"], "ad": ["campaign_id", "adgroup_id"]}
    return [*_COUNTS, conversion, revenue, *parents[level]]


def account_state(row: Mapping[str, object], account_id: str) -> AccountState:
    """Translate an advertiser."""
    currency, zone = text(row.get("currency")), text(row.get("timezone"))
    if not currency:
        raise incomplete(LABEL, "the account's currency")
    return AccountState(
        external_id=account_id,
        name=text(row.get("name")),
        currency=currency,
        timezone=zone,
        status=text(row.get("status")).removeprefix("STATUS_").lower(),
    )


def zone_of(account: AccountState) -> ZoneInfo:
    """Return the account's time zone, which decides when a daily budget takes effect."""
    try:
        return ZoneInfo(account.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise incomplete(LABEL, "a known time zone") from None


def entity_state(
    row: Mapping[str, object], level: EntityLevel, account: AccountState
) -> EntityState:
    """Translate a campaign, ad group or ad."""
    node = NODES[level]
    external_id = text(row.get(f"{node}_id"))
    secondary = text(row.get("secondary_status"))
    status = _STATUSES.get(text(row.get("operation_status")))
    if secondary.endswith("_STATUS_DELETE"):
        status = "removed"
    if status is None or not external_id:
        raise incomplete(LABEL, f"id and status of the {level}")
    ref = EntityRef(level, external_id, account.external_id)
    is_daily = text(row.get("budget_mode")) in _DAILY_MODES
    budget = _positive(row.get("budget")) if level != "ad" else None
    return EntityState(
        ref=ref,
        name=text(row.get(f"{node}_name")),
        status=status,
        effective_status=secondary or text(row.get("operation_status")),
        currency=account.currency,
        daily_budget=budget if is_daily else None,
        lifetime_budget=None if is_daily else budget,
        scheduled_daily_budget=_positive(row.get("scheduled_budget")) if is_daily else None,
        bid=_positive(row.get("conversion_bid_price")) or _positive(row.get("bid_price")),
        parent_campaign_id=text(row.get("campaign_id")) if level != "campaign" else "",
        parent_adset_id=text(row.get("adgroup_id")) if level == "ad" else "",
        budget_ref=_budget_owner(row, ref, has_budget=budget is not None),
        objective=text(row.get("objective_type")) or text(row.get("optimization_goal")),
        bid_strategy=text(row.get("bid_type")),
        creative=_creative(row) if level == "ad" else None,
        starts_on=day(row.get("schedule_start_time")),
        ends_on=day(row.get("schedule_end_time")),
    )


def insight_row(
    row: Mapping[str, object],
    level: InsightLevel,
    currency: str,
    conversion: str,
    revenue: str,
) -> InsightRow:
    """Translate one day of one entity."""
    dimensions, metrics = mapping(row.get("dimensions")), mapping(row.get("metrics"))
    ids = {name: text(dimensions.get(name)) or text(metrics.get(name)) for name in _ID_NAMES}
    on = day(dimensions.get("stat_time_day"))
    if on is None or not ids[f"{NODES[level]}_id"]:
        raise incomplete(LABEL, "day and id of a report row")
    return InsightRow(
        day=on,
        level=level,
        campaign_id=ids["campaign_id"],
        adset_id=ids["adgroup_id"],
        ad_id=ids["ad_id"],
        impressions=whole(metrics.get("impressions")),
        reach=whole(metrics.get("reach")),
        clicks=whole(metrics.get("clicks")),
        engagement=sum(whole(metrics.get(name)) for name in ("likes", "comments", "shares")),
        spend=amount(metrics.get("spend")),
        conversions=amount(metrics.get(conversion)),
        revenue=amount(metrics.get(revenue)),
        currency=currency,
    )


_ID_NAMES = ("campaign_id", "adgroup_id", "ad_id")


def _positive(value: object) -> Decimal | None:
    # TikTok writes 0 for a budget, a bid or a schedule that is not set.
    return decimal(value) or None


def _budget_owner(
    row: Mapping[str, object], ref: EntityRef, *, has_budget: bool
) -> EntityRef | None:
    if has_budget:
        return ref
    # An ad group may go without a budget only when its campaign has one; of an ad TikTok
    # does not tell which of the two it is.
    campaign_id = text(row.get("campaign_id"))
    is_below = ref.level == "adset" and campaign_id
    return EntityRef("campaign", campaign_id, ref.account_id) if is_below else None


def _creative(row: Mapping[str, object]) -> CreativeState:
    return CreativeState(
        external_id=text(row.get("video_id")) or text(row.get("ad_id")),
        primary_text=text(row.get("ad_text")),
        call_to_action=text(row.get("call_to_action")),
        format=text(row.get("ad_format")).lower(),
    )
