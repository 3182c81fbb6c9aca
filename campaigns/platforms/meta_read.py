"""Meta's answers, translated: which fields are asked for and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from campaigns.platforms.adapter import incomplete, invalid
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
    LearningStatus,
)
from campaigns.platforms.meta_wire import LABEL, offset_of
from workspaces.platforms.payload import amount, day, decimal, mapping, moment, rows, text, whole

EDGES: Mapping[str, str] = {"campaign": "campaigns", "adset": "adsets", "ad": "ads"}
_BUDGETS = "daily_budget,lifetime_budget"
_FIELDS: Mapping[str, str] = {
    "campaign": f"id,name,status,effective_status,objective,bid_strategy,{_BUDGETS},"
    "start_time,stop_time",
    "adset": f"id,name,status,effective_status,campaign_id,bid_amount,bid_strategy,{_BUDGETS},"
    f"optimization_goal,start_time,end_time,learning_stage_info,campaign{{{_BUDGETS}}}",
    "ad": f"id,name,status,effective_status,campaign_id,adset_id,campaign{{{_BUDGETS}}},"
    f"adset{{{_BUDGETS}}},"
    "creative{id,title,body,call_to_action_type,object_type,image_url,thumbnail_url}",
}
_STATUSES: Mapping[str, EntityStatus] = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "ARCHIVED": "archived",
    "DELETED": "removed",
}
_LEARNING: Mapping[str, LearningStatus] = {
    "LEARNING": "learning",
    "SUCCESS": "stable",
    "FAIL": "limited",
}
_ACCOUNT_STATUSES: Mapping[int, str] = {
    1: "active",
    2: "disabled",
    3: "unsettled",
    7: "pending risk review",
    8: "pending settlement",
    9: "in grace period",
    100: "pending closure",
    101: "closed",
}


def fields_of(level: EntityLevel) -> str:
    """Return the fields to ask for."""
    if level not in _FIELDS:
        raise invalid(f"Meta has no {level} of its own; budgets sit on campaigns and ad sets.")
    return _FIELDS[level]


def insight_fields(level: InsightLevel) -> str:
    """Return the insight fields; an id below the level asked for is an error at Meta."""
    ids = ("campaign_id", "adset_id", "ad_id")[: ("campaign", "adset", "ad").index(level) + 1]
    counts = "impressions,reach,clicks,inline_post_engagement,spend,actions,action_values"
    return f"{','.join(ids)},{counts},account_currency,date_start"


def account_state(
    data: Mapping[str, object], account_id: str, money_offset: int | None
) -> AccountState:
    """Translate an ad account."""
    currency, status = text(data.get("currency")), whole(data.get("account_status"))
    if not data.get("id") or not currency:
        raise incomplete(LABEL, "the account's currency")
    return AccountState(
        external_id=account_id,
        name=text(data.get("name")),
        currency=currency,
        timezone=text(data.get("timezone_name")),
        status=_ACCOUNT_STATUSES.get(status, f"status {status}"),
        money_offset=money_offset,
    )


def entity_state(
    data: Mapping[str, object], level: EntityLevel, account: AccountState
) -> EntityState:
    """Translate a campaign, ad set or ad."""
    status = _STATUSES.get(text(data.get("status")))
    if status is None or not data.get("id"):
        raise incomplete(LABEL, f"id and status of the {level}")
    ref = EntityRef(level, text(data["id"]), account.external_id)
    return EntityState(
        ref=ref,
        name=text(data.get("name")),
        status=status,
        effective_status=text(data.get("effective_status")),
        currency=account.currency,
        daily_budget=_major(data.get("daily_budget"), account),
        lifetime_budget=_major(data.get("lifetime_budget"), account),
        bid=_major(data.get("bid_amount"), account),
        parent_campaign_id=text(data.get("campaign_id")),
        parent_adset_id=text(data.get("adset_id")),
        budget_ref=_budget_owner(data, ref),
        objective=text(data.get("objective")) or text(data.get("optimization_goal")),
        bid_strategy=text(data.get("bid_strategy")),
        learning=_learning(mapping(data.get("learning_stage_info"))),
        creative=_creative(mapping(data.get("creative"))),
        starts_on=day(data.get("start_time")),
        ends_on=day(data.get("stop_time")) or day(data.get("end_time")),
    )


def insight_row(
    row: Mapping[str, object], level: InsightLevel, conversion_action: str
) -> InsightRow:
    """Translate one row; amounts are in major units here, unlike budgets."""
    on, currency = day(row.get("date_start")), text(row.get("account_currency"))
    if on is None or not currency:
        raise incomplete(LABEL, "day and currency of an insight")
    return InsightRow(
        day=on,
        level=level,
        campaign_id=text(row.get("campaign_id")),
        adset_id=text(row.get("adset_id")),
        ad_id=text(row.get("ad_id")),
        impressions=whole(row.get("impressions")),
        reach=whole(row.get("reach")),
        clicks=whole(row.get("clicks")),
        engagement=whole(row.get("inline_post_engagement")),
        spend=amount(row.get("spend")),
        conversions=_action(row.get("actions"), conversion_action),
        revenue=_action(row.get("action_values"), conversion_action),
        currency=currency,
    )


def _action(actions: object, wanted: str) -> Decimal:
    found = (item for item in rows(actions) if item.get("action_type") == wanted)
    return amount(next(found, {}).get("value"))


def _major(value: object, account: AccountState) -> Decimal | None:
    # Meta writes "0" for the budget kind that is not in use.
    units = decimal(value)
    return units / offset_of(account.currency, account.money_offset) if units else None


def _has_budget(node: Mapping[str, object]) -> bool:
    return bool(decimal(node.get("daily_budget")) or decimal(node.get("lifetime_budget")))


def _budget_owner(data: Mapping[str, object], ref: EntityRef) -> EntityRef | None:
    """A budget sits on the campaign or on its ad sets, never on both."""
    if _has_budget(data):
        return ref
    if _has_budget(mapping(data.get("campaign"))):
        return EntityRef("campaign", text(data.get("campaign_id")), ref.account_id)
    if _has_budget(mapping(data.get("adset"))):
        return EntityRef("adset", text(data.get("adset_id")), ref.account_id)
    return None


def _learning(info: Mapping[str, object]) -> LearningState | None:
    if not info:
        return None
    conversions = decimal(info.get("conversions"))
    return LearningState(
        status=_LEARNING.get(text(info.get("status")), "unknown"),
        conversions=None if conversions is None else int(conversions),
        last_significant_edit_at=moment(info.get("last_sig_edit_ts")),
    )


def _creative(data: Mapping[str, object]) -> CreativeState | None:
    if not data.get("id"):
        return None
    return CreativeState(
        external_id=text(data["id"]),
        headline=text(data.get("title")),
        primary_text=text(data.get("body")),
        call_to_action=text(data.get("call_to_action_type")),
        format=text(data.get("object_type")).lower(),
        media_url=text(data.get("image_url")) or text(data.get("thumbnail_url")),
    )
