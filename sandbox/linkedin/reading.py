"""LinkedIn's accounts, campaign groups, campaigns and creatives, one by one or page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account, Entity, Kind, minor_units
from sandbox.linkedin.errors import bad_query, fail
from sandbox.web import Answer, JsonObject, as_list, as_object

NODES: dict[str, Kind] = {"adCampaignGroups": "campaign", "adCampaigns": "adset", "creatives": "ad"}
STATUSES = {"active": "ACTIVE", "paused": "PAUSED", "archived": "ARCHIVED", "deleted": "REMOVED"}
_FINDERS = {"adCampaignGroups": "search", "adCampaigns": "search", "creatives": "criteria"}
_URNS = {
    "campaign": "sponsoredCampaignGroup",
    "adset": "sponsoredCampaign",
    "ad": "sponsoredCreative",
}
_PAGE, _MOST = 100, {"adCampaignGroups": 1000, "adCampaigns": 1000, "creatives": 100}
_HOLDS = {"campaign": "CAMPAIGN_GROUP_STATUS_HOLD", "adset": "CAMPAIGN_STOPPED", "ad": "STOPPED"}


def urn(kind: str, entity_id: str) -> str:
    """Write the name of an entity as other objects refer to it."""
    return f"urn:li:{_URNS[kind]}:{entity_id}"


def account_urn(account: Account) -> str:
    """Write the name of an account."""
    return f"urn:li:sponsoredAccount:{account.id}"


def account_page(context: Context, accounts: list[Account], query: JsonObject) -> Answer:
    """Answer the finder of accounts."""
    return _cut(context, [shown_account(account) for account in accounts], query, "search", 1000)


def shown_account(account: Account) -> JsonObject:
    """Show an account; LinkedIn has no time zones, its days are those of UTC."""
    return {
        "id": int(account.id),
        "name": account.name,
        "currency": account.currency,
        "status": "ACTIVE",
        "servingStatuses": ["RUNNABLE"],
        "type": "BUSINESS",
        "test": False,
        "reference": f"urn:li:organization:{account.extra.get('organization', 1)}",
    }


def page(context: Context, account: Account, node: str, query: JsonObject) -> Answer:
    """Answer the finder of a level; what is removed is shown only where it is asked for."""
    by_id = {entity.id: entity for entity in context.store.entities(account)}
    statuses, parents = _wanted(node, query)
    rows = [
        _SHOWN[node](account, entity, _chain(entity, by_id))
        for entity in by_id.values()
        if entity.kind == NODES[node]
        and STATUSES[entity.status] in statuses
        and (not parents or _parent_urn(entity) in parents)
    ]
    return _cut(context, rows, query, _FINDERS[node], _MOST[node])


def one(context: Context, account: Account, node: str, key: str) -> Answer:
    """Answer one entity by its key."""
    entity = find(context, account, node, key)
    by_id = {entity.id: entity for entity in context.store.entities(account)}
    return Answer.json(_SHOWN[node](account, entity, _chain(entity, by_id)))


def find(context: Context, account: Account, node: str, key: str) -> Entity:
    """Find an entity; creatives go by their whole name."""
    kind = NODES[node]
    entity_id = key.removeprefix(urn("ad", "")) if kind == "ad" else key
    entity = context.store.entity("linkedin", entity_id, kind)
    if entity is None or entity.account_id != account.id or (kind == "ad") != (entity_id != key):
        raise fail(404, "RESOURCE_NOT_FOUND", f"Could not find entity {key}")
    return entity


def _wanted(node: str, query: JsonObject) -> tuple[set[str], set[str]]:
    """Statuses and parents that a finder is asked for."""
    search = as_object(query.get("search"))
    if node == "creatives":
        statuses = as_list(query.get("intendedStatuses"))
        parents = as_list(query.get("campaigns"))
    else:
        statuses = as_list(as_object(search.get("status")).get("values"))
        parents = as_list(as_object(search.get("campaignGroup")).get("values"))
    shown = {str(status) for status in statuses} or set(STATUSES.values()) - {"REMOVED"}
    return shown, {str(parent) for parent in parents}


def _parent_urn(entity: Entity) -> str:
    return urn("adset" if entity.kind == "ad" else "campaign", entity.parent_id)


def _chain(entity: Entity, by_id: dict[str, Entity]) -> list[Entity]:
    """The entity and those above it, nearest first."""
    chain = [entity]
    while chain[-1].parent_id in by_id:
        chain.append(by_id[chain[-1].parent_id])
    return chain


def _group(account: Account, group: Entity, chain: list[Entity]) -> JsonObject:
    return {
        **_common(account, group, chain),
        "objectiveType": group.extra.get("objective", "LEAD_GENERATION"),
    }


def _campaign(account: Account, campaign: Entity, chain: list[Entity]) -> JsonObject:
    return {
        **_common(account, campaign, chain),
        "campaignGroup": _parent_urn(campaign),
        "type": "SPONSORED_UPDATES",
        "objectiveType": campaign.extra.get("objective", "LEAD_GENERATION"),
        "costType": campaign.extra.get("cost_type", "CPM"),
        "unitCost": money(account, campaign.bid or Decimal(0)),
        "optimizationTargetType": campaign.bid_strategy or "NONE",
    }


def _creative(account: Account, creative: Entity, chain: list[Entity]) -> JsonObject:
    made = as_object(creative.extra.get("creative"))
    at = int(creative.created_at * 1000)
    shown: JsonObject = {
        "id": urn("ad", creative.id),
        "name": creative.name,
        "account": account_urn(account),
        "campaign": _parent_urn(creative),
        "intendedStatus": STATUSES[creative.status],
        "isServing": not _held(chain),
        "servingHoldReasons": _held(chain),
        "content": {"reference": f"urn:li:share:{made.get('id', creative.id)}"},
        "review": {"status": "APPROVED"},
        "isTest": False,
        "createdAt": at,
        "lastModifiedAt": at,
    }
    if "title" in made:
        texts = {"headline": made["title"], "description": made.get("body", "")}
        shown["content"] = {"textAd": {**texts, "landingPage": made.get("link_url", "")}}
    return shown


_SHOWN: dict[str, Callable[[Account, Entity, list[Entity]], JsonObject]] = {
    "adCampaignGroups": _group,
    "adCampaigns": _campaign,
    "creatives": _creative,
}


def _common(account: Account, entity: Entity, chain: list[Entity]) -> JsonObject:
    at = int(entity.created_at * 1000)
    starts = entity.extra.get("starts_on")
    schedule: JsonObject = {"start": _at(starts) if starts else at}
    if "ends_on" in entity.extra:
        schedule["end"] = _at(entity.extra["ends_on"])
    shown: JsonObject = {
        "id": int(entity.id),
        "name": entity.name,
        "account": account_urn(account),
        "status": STATUSES[entity.status],
        "servingStatuses": _held(chain) or ["RUNNABLE"],
        "runSchedule": schedule,
        "test": False,
        "changeAuditStamps": {"created": {"time": at}, "lastModified": {"time": at}},
    }
    if entity.daily_budget is not None:
        shown["dailyBudget"] = money(account, entity.daily_budget)
    if entity.lifetime_budget is not None:
        shown["totalBudget"] = money(account, entity.lifetime_budget)
    return shown


def _held(chain: list[Entity]) -> list[str]:
    """Why nothing is delivered, the entity's own switch first."""
    return [_HOLDS[entity.kind] for entity in chain if entity.status != "active"]


def money(account: Account, amount: Decimal) -> JsonObject:
    """Write an amount: a decimal in major units, with the decimals of its currency."""
    decimals = len(str(minor_units(account.currency))) - 1
    return {"currencyCode": account.currency, "amount": f"{amount:.{decimals}f}"}


def _at(day: object) -> int:
    return int(datetime.combine(date.fromisoformat(str(day)), time(), UTC).timestamp() * 1000)


def _cut(
    context: Context, rows: list[JsonObject], query: JsonObject, finder: str, most: int
) -> Answer:
    """Cut one page; the token of the next one is there while there is a next one."""
    if query.get("q") != finder:
        raise bad_query(f"q must be {finder}")
    size = int(context.store.setting("linkedin_page_size", "0")) or _size(query, most)
    start = _start(str(query.get("pageToken", "")))
    metadata: JsonObject = {}
    if start + size < len(rows):
        metadata["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Answer.json({"elements": rows[start : start + size], "metadata": metadata})


def _size(query: JsonObject, most: int) -> int:
    text = str(query.get("pageSize", _PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_query(f"pageSize lies between 1 and {most}")
    return int(text)


def _start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token) or 0)
    except (ValueError, binascii.Error):
        raise bad_query("pageToken is not valid") from None
