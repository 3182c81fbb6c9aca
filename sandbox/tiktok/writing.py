"""TikTok's writes."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal, InvalidOperation

from sandbox.context import Context
from sandbox.entities import Account, Entity, minor_units, plain
from sandbox.tiktok.envelope import BAD_PARAMETER, NOT_FOUND, fail
from sandbox.tiktok.reading import NODES, as_strings
from sandbox.traffic import day_start
from sandbox.web import JsonObject, as_list, as_object

STATUSES = {"ENABLE": "active", "DISABLE": "paused", "DELETE": "deleted"}
LOCK_STARTS = time(23, 55)
HIGHEST_LIST = 20
_MINIMA = {"campaign": 50, "adset": 20}
_MINIMUM_CURRENCIES = ("USD", "EUR", "GBP", "CAD", "AUD")


def update(context: Context, account: Account, node: str, body: JsonObject) -> JsonObject:
    """Answer `campaign/update/`, `adgroup/update/`, `ad/update/`."""
    entity = _find(context, account, node, str(body.get(f"{node}_id", "")))
    changes: dict[str, object] = {}
    if f"{node}_name" in body:
        changes["name"] = str(body[f"{node}_name"])
    if "budget" in body:
        changes[_mode(entity)] = _budget(account, entity, body["budget"])
    for field in ("bid_price", "conversion_bid_price"):
        if field in body and node == "adgroup":
            changes["bid"] = _amount(account, field, body[field])
    unknown = set(body) - _UPDATABLE[node]
    if unknown or not changes:
        raise fail(BAD_PARAMETER, f"{', '.join(sorted(unknown)) or 'nothing'} cannot be updated.")
    context.store.change(entity, changes, "api", context.now)
    return {f"{node}_id": entity.id}


_UPDATABLE = {
    "campaign": {"advertiser_id", "campaign_id", "campaign_name", "budget"},
    "adgroup": {
        *("advertiser_id", "adgroup_id", "adgroup_name", "budget"),
        *("bid_price", "conversion_bid_price"),
    },
    "ad": {"advertiser_id", "ad_id", "ad_name"},
}


def update_status(context: Context, account: Account, node: str, body: JsonObject) -> JsonObject:
    """Answer `{node}/status/update/`: all of the list, or none."""
    status = STATUSES.get(str(body.get("operation_status")))
    ids = as_strings(body.get(f"{node}_ids"))
    if status is None or not 1 <= len(ids) <= HIGHEST_LIST:
        raise fail(BAD_PARAMETER, f"{node}_ids or operation_status is not valid.")
    for entity in [_find(context, account, node, entity_id) for entity_id in ids]:
        context.store.change(entity, {"status": status}, "api", context.now)
    return {f"{node}_ids": ids, "status": body["operation_status"]}


def update_budgets(context: Context, account: Account, body: JsonObject) -> JsonObject:
    """Answer `adgroup/budget/update/`.

    `budget` sets lifetime budgets at once, `scheduled_budget` sets daily ones from the account's
    next midnight on, and in the last five minutes of its day neither is taken.
    """
    if context.local_time(account).time() >= LOCK_STARTS:
        raise fail(BAD_PARAMETER, "The budget cannot be changed between 23:55 and 00:00.")
    given = [
        (field, as_object(item))
        for field in ("budget", "scheduled_budget")
        for item in as_list(body.get(field))
    ]
    if not 1 <= len(given) <= HIGHEST_LIST:
        raise fail(BAD_PARAMETER, f"budget takes 1 to {HIGHEST_LIST} ad groups.")
    checked = [(field, *_owner(context, account, field, item)) for field, item in given]
    for field, entity, amount in checked:
        if field == "budget":
            context.store.change(entity, {"lifetime_budget": amount}, "api", context.now)
        else:
            _schedule(context, account, entity, amount)
    return {"adgroup_ids": [entity.id for _, entity, _ in checked]}


def _owner(
    context: Context, account: Account, field: str, item: JsonObject
) -> tuple[Entity, Decimal]:
    entity = _find(context, account, "adgroup", str(item.get("adgroup_id", "")))
    needed = "lifetime_budget" if field == "budget" else "daily_budget"
    if _mode(entity) != needed:
        raise fail(
            BAD_PARAMETER,
            "A daily budget can only be scheduled, a lifetime budget only be set at once.",
        )
    return entity, _budget(account, entity, item.get(field))


def _schedule(context: Context, account: Account, entity: Entity, amount: Decimal) -> None:
    tomorrow = context.local_time(account).date() + timedelta(days=1)
    planned = context.store.scheduled(entity, "daily_budget")
    old = entity.value("daily_budget") if planned is None else plain(planned)
    context.store.schedule(entity, "daily_budget", amount, day_start(account, tomorrow))
    context.store.record_effect(
        entity, "scheduled_daily_budget", old, plain(amount), "api", context.now
    )


def _find(context: Context, account: Account, node: str, entity_id: str) -> Entity:
    entity = context.store.entity("tiktok", entity_id, NODES[node])
    if entity is None or entity.account_id != account.id or entity.status == "deleted":
        raise fail(NOT_FOUND, f"{node} {entity_id} does not exist.")
    return entity


def _mode(entity: Entity) -> str:
    if entity.daily_budget is not None:
        return "daily_budget"
    if entity.lifetime_budget is not None:
        return "lifetime_budget"
    raise fail(BAD_PARAMETER, "The budget is set on the other level.")


def _budget(account: Account, entity: Entity, value: object) -> Decimal:
    amount = _amount(account, "budget", value)
    minimum = _MINIMA[entity.kind] if account.currency in _MINIMUM_CURRENCIES else 1
    if amount < Decimal(str(account.extra.get("min_budget", minimum))):
        raise fail(BAD_PARAMETER, f"The budget must be at least {minimum} {account.currency}.")
    return amount


def _amount(account: Account, field: str, value: object) -> Decimal:
    """Read a decimal in major units; a JSON number, not text."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not amount.is_finite() or amount <= 0:
        raise fail(BAD_PARAMETER, f"{field} must be a positive number.")
    if (amount * minor_units(account.currency)) % 1:
        raise fail(BAD_PARAMETER, f"{field} has too many decimals for {account.currency}.")
    return amount
