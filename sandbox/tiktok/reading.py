"""TikTok's lists and reports."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from sandbox.context import Context, utc_text
from sandbox.entities import Account, Entity, Kind
from sandbox.tiktok.envelope import BAD_PARAMETER, fail
from sandbox.traffic import AdDay
from sandbox.web import JsonObject, as_object

NODES: dict[str, Kind] = {"campaign": "campaign", "adgroup": "adset", "ad": "ad"}
OPERATION_STATUS = {
    "active": "ENABLE",
    "paused": "DISABLE",
    "archived": "DELETE",
    "deleted": "DELETE",
}
REPORT_DAYS = 30
HIGHEST_PAGE_SIZE = 1000
_TIME = "%Y-%m-%d %H:%M:%S"


def advertisers(context: Context, accounts: list[Account]) -> JsonObject:
    """Answer `advertiser/info/`."""
    wanted = as_strings(json_param(context, "advertiser_ids", list))
    rows = [
        {
            "advertiser_id": account.id,
            "name": account.name,
            "currency": account.currency,
            "timezone": account.timezone,
            "display_timezone": account.timezone,
            "status": "STATUS_ENABLE",
        }
        for account in accounts
        if account.id in wanted
    ]
    return {"list": rows}


def entities(context: Context, account: Account, node: str) -> JsonObject:
    """Answer `{node}/get/`."""
    filtering = as_object(json_param(context, "filtering", dict))
    by_id = {entity.id: entity for entity in context.store.entities(account)}
    shows_deleted = str(filtering.get("primary_status", "")).endswith("STATUS_DELETE")
    rows: list[JsonObject] = []
    for entity in by_id.values():
        chain = _chain(entity, by_id)
        ids = {f"{name}_ids": e.id for name, e in zip(_names(node), chain[::-1], strict=False)}
        is_wanted = all(
            not isinstance(filtering.get(key), list) or value in as_strings(filtering[key])
            for key, value in ids.items()
        )
        asked_by_id = f"{node}_ids" in filtering
        is_shown = (entity.status == "deleted") == shows_deleted or asked_by_id
        if entity.kind == NODES[node] and is_wanted and is_shown:
            rows.append(_SHOWN[node](context, account, entity, chain))
    return page(context, rows)


def _names(node: str) -> list[str]:
    """Node names from the campaign down to this one."""
    names = list(NODES)
    return names[: names.index(node) + 1]


def _chain(entity: Entity, by_id: dict[str, Entity]) -> list[Entity]:
    """The entity and those above it, nearest first."""
    chain = [entity]
    while chain[-1].parent_id in by_id:
        chain.append(by_id[chain[-1].parent_id])
    return chain


def _campaign(
    context: Context, account: Account, campaign: Entity, chain: list[Entity]
) -> JsonObject:
    return {
        **_common(account, "campaign", campaign, chain),
        **_budget(campaign),
        "objective_type": campaign.extra.get("objective", "LEAD_GENERATION"),
    }


def _adgroup(context: Context, account: Account, adset: Entity, chain: list[Entity]) -> JsonObject:
    bids_by_conversion = adset.bid_strategy in ("BID_TYPE_CUSTOM", "")
    bid = float(adset.bid or 0)
    return {
        **_common(account, "adgroup", adset, chain),
        **_budget(adset),
        "scheduled_budget": float(context.store.scheduled(adset, "daily_budget") or 0),
        "campaign_id": chain[1].id,
        "campaign_name": chain[1].name,
        "bid_type": adset.bid_strategy or "BID_TYPE_NO_BID",
        "bid_price": 0.0 if bids_by_conversion else bid,
        "conversion_bid_price": bid if bids_by_conversion else 0.0,
        "optimization_goal": adset.extra.get("optimization_goal", "LEAD_GENERATION"),
        "schedule_start_time": f"{adset.extra.get('starts_on', '2026-01-01')} 00:00:00",
        "schedule_end_time": f"{adset.extra.get('ends_on', '2036-01-01')} 00:00:00",
    }


def _ad(context: Context, account: Account, ad: Entity, chain: list[Entity]) -> JsonObject:
    creative = as_object(ad.extra.get("creative"))
    return {
        **_common(account, "ad", ad, chain),
        "adgroup_id": chain[1].id,
        "campaign_id": chain[2].id,
        "ad_text": creative.get("body", ""),
        "ad_format": creative.get("format", "SINGLE_VIDEO"),
        "call_to_action": creative.get("call_to_action_type", "LEARN_MORE"),
        "video_id": creative.get("id", f"v{ad.id}"),
    }


_SHOWN = {"campaign": _campaign, "adgroup": _adgroup, "ad": _ad}


def _common(account: Account, node: str, entity: Entity, chain: list[Entity]) -> JsonObject:
    return {
        "advertiser_id": account.id,
        f"{node}_id": entity.id,
        f"{node}_name": entity.name,
        "operation_status": OPERATION_STATUS[entity.status],
        "secondary_status": _secondary(node, chain),
        "create_time": utc_text(entity.created_at, _TIME),
        "modify_time": utc_text(entity.created_at, _TIME),
    }


def _secondary(node: str, chain: list[Entity]) -> str:
    """Return what really happens; the own switch first, then those above."""
    prefix = node.upper()
    if any(entity.status in ("deleted", "archived") for entity in chain):
        return f"{prefix}_STATUS_DELETE"
    above = {"adset": "ADGROUP", "campaign": "CAMPAIGN", "ad": "AD"}
    for entity in chain:
        if entity.status == "paused":
            return (
                f"{prefix}_STATUS_DISABLE"
                if entity is chain[0]
                else f"{prefix}_STATUS_{above[entity.kind]}_DISABLE"
            )
    return "CAMPAIGN_STATUS_ENABLE" if node == "campaign" else f"{prefix}_STATUS_DELIVERY_OK"


def _budget(entity: Entity) -> JsonObject:
    if entity.daily_budget is not None:
        return {"budget": float(entity.daily_budget), "budget_mode": "BUDGET_MODE_DAY"}
    if entity.lifetime_budget is not None:
        return {"budget": float(entity.lifetime_budget), "budget_mode": "BUDGET_MODE_TOTAL"}
    return {"budget": 0.0, "budget_mode": "BUDGET_MODE_INFINITE"}


# Reports


def report(context: Context, account: Account) -> JsonObject:
    """Answer `report/integrated/get/` for the basic report."""
    query = context.request.query
    level = query.get("data_level", "").removeprefix("AUCTION_").lower()
    dimensions = as_strings(json_param(context, "dimensions", list))
    metrics = as_strings(json_param(context, "metrics", list)) or ["spend", "impressions"]
    if level not in (*NODES, "advertiser") or query.get("report_type") != "BASIC":
        raise fail(BAD_PARAMETER, "report_type or data_level is not valid.")
    if set(dimensions) - {f"{level}_id", "stat_time_day"}:
        raise fail(BAD_PARAMETER, f"dimensions {dimensions} do not fit data_level {level}.")
    first, last = _period(query)
    groups: dict[tuple[str, str], list[AdDay]] = {}
    for day in context.traffic.rows(account, first, last, context.now):
        entity_id = _ids(account, day)[f"{level}_id"] if f"{level}_id" in dimensions else ""
        on = day.day.isoformat() if "stat_time_day" in dimensions else ""
        groups.setdefault((entity_id, on), []).append(day)
    rows: list[JsonObject] = [
        {
            "dimensions": _dimensions(level, entity_id, on),
            "metrics": _metrics(account, days, metrics, level),
        }
        for (entity_id, on), days in sorted(groups.items())
    ]
    return page(context, rows)


def _period(query: dict[str, str]) -> tuple[date, date]:
    try:
        first = date.fromisoformat(query.get("start_date", ""))
        last = date.fromisoformat(query.get("end_date", ""))
    except ValueError:
        raise fail(BAD_PARAMETER, "start_date and end_date are like 2026-01-31.") from None
    if last < first or (last - first).days >= REPORT_DAYS:
        raise fail(BAD_PARAMETER, f"The time span cannot exceed {REPORT_DAYS} days.")
    return first, last


def _ids(account: Account, day: AdDay) -> dict[str, str]:
    return {
        "advertiser_id": account.id,
        "campaign_id": day.campaign_id,
        "adgroup_id": day.adset_id,
        "ad_id": day.ad_id,
    }


def _dimensions(level: str, entity_id: str, on: str) -> JsonObject:
    shown: JsonObject = {}
    if entity_id:
        shown[f"{level}_id"] = entity_id
    if on:
        shown["stat_time_day"] = f"{on} 00:00:00"
    return shown


def _metrics(account: Account, days: list[AdDay], wanted: list[str], level: str) -> JsonObject:
    """Return the wanted metrics; all values are text, and parents' ids count as metrics."""

    def total(name: str) -> Decimal:
        return Decimal(sum(getattr(day, name) for day in days))

    engagement = total("engagement") - total("clicks")
    values: dict[str, object] = {
        "spend": f"{total('spend'):.2f}",
        "impressions": str(total("impressions")),
        "reach": str(total("reach")),
        "clicks": str(total("clicks")),
        "likes": str(engagement - engagement // 5 - engagement // 10),
        "comments": str(engagement // 10),
        "shares": str(engagement // 5),
        "conversion": str(total("conversions")),
        "sales_lead": str(total("conversions")),
        "total_sales_lead_value": f"{total('pipeline_value'):.2f}",
        "complete_payment": str(total("sales")),
        "total_complete_payment_rate": f"{total('revenue'):.2f}",
        "currency": account.currency,
    }
    for name in list(NODES)[: list(NODES).index(level)] if level in NODES else []:
        values[f"{name}_id"] = _ids(account, days[0])[f"{name}_id"]
    unknown = [name for name in wanted if name not in values]
    if unknown:
        raise fail(BAD_PARAMETER, f"metrics: {unknown[0]} is not valid.")
    return {name: values[name] for name in wanted}


# Parameters and pages


def json_param(context: Context, name: str, kind: type) -> object:
    """Read a parameter that carries JSON; empty when it is not there."""
    text = context.request.query.get(name)
    if text is None:
        empty: object = kind()
        return empty
    try:
        value: object = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise fail(BAD_PARAMETER, f"{name} must be a JSON {kind.__name__}.")
    return value


def as_strings(value: object) -> list[str]:
    """Return a list of texts; ids may come as numbers."""
    return [str(item) for item in value] if isinstance(value, list) else []


def page(context: Context, rows: list[JsonObject]) -> JsonObject:
    """Cut one page."""
    try:
        number = int(context.request.query.get("page", "1"))
        size = int(context.request.query.get("page_size", "10"))
    except ValueError:
        raise fail(BAD_PARAMETER, "page and page_size must be numbers.") from None
    if number < 1 or not 1 <= size <= HIGHEST_PAGE_SIZE:
        raise fail(BAD_PARAMETER, f"page_size lies between 1 and {HIGHEST_PAGE_SIZE}.")
    info: JsonObject = {
        "page": number,
        "page_size": size,
        "total_number": len(rows),
        "total_page": -(-len(rows) // size),
    }
    return {"list": rows[(number - 1) * size : number * size], "page_info": info}
