"""LinkedIn's partial updates: what is in `$set` changes, and the answer is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sandbox.context import Context
from sandbox.entities import Account, minor_units
from sandbox.linkedin.errors import bad_input, bad_query, fail
from sandbox.linkedin.reading import find
from sandbox.web import Answer, JsonObject, as_object

_STATUSES = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "ARCHIVED": "archived",
    "PENDING_DELETION": "deleted",
}
_MINIMUM = 10
_MINIMUM_CURRENCIES = ("USD", "EUR", "GBP", "CAD", "AUD")


def partial_update(
    context: Context, account: Account, node: str, key: str, body: JsonObject
) -> Answer:
    """Answer one partial update with 204, or refuse it whole."""
    if context.request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
        raise bad_query("X-RestLi-Method must be PARTIAL_UPDATE")
    entity = find(context, account, node, key)
    if entity.status == "deleted":
        raise fail(404, "RESOURCE_NOT_FOUND", f"Could not find entity {key}")
    values = as_object(as_object(body.get("patch")).get("$set"))
    if not values:
        raise bad_input("/patch/$set", "MISSING_FIELD", "Nothing is set")
    changes: dict[str, object] = {}
    for name, value in values.items():
        found = _FIELDS[node].get(name)
        if found is None:
            raise bad_input(f"/{name}", "READ_ONLY_FIELD", f"{name} cannot be set")
        field, read = found
        changes[field] = read(account, name, value)
    context.store.change(entity, changes, "api", context.now)
    return Answer(204, b"", {"x-restli-id": key})


def _name(account: Account, name: str, value: object) -> object:
    if not isinstance(value, str) or not value:
        raise bad_input(f"/{name}", "INVALID_VALUE", f"{name} must be text")
    return value


def _status(account: Account, name: str, value: object) -> object:
    if value not in _STATUSES:
        raise bad_input(f"/{name}", "INVALID_VALUE", f"{value} is no {name} that can be set")
    return _STATUSES[str(value)]


def _budget(account: Account, name: str, value: object) -> object:
    least = _MINIMUM if account.currency in _MINIMUM_CURRENCIES else 1
    amount = _amount(account, name, value)
    if amount < Decimal(str(account.extra.get("min_budget", least))):
        raise bad_input(f"/{name}", "BUDGET_TOO_LOW", f"{name} is below {least}")
    return amount


def _amount(account: Account, name: str, value: object) -> Decimal:
    given = as_object(value)
    if given.get("currencyCode") != account.currency:
        raise bad_input(f"/{name}/currencyCode", "INVALID_VALUE", "The account has another one")
    text = given.get("amount")
    try:
        amount = Decimal(text) if isinstance(text, str) else Decimal(-1)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount <= 0 or (amount * minor_units(account.currency)) % 1:
        raise bad_input(f"/{name}/amount", "INVALID_VALUE", "A decimal as text is wanted")
    return amount


_Reader = Callable[[Account, str, object], object]
_OWNER: dict[str, tuple[str, _Reader]] = {
    "name": ("name", _name),
    "status": ("status", _status),
    "dailyBudget": ("daily_budget", _budget),
    "totalBudget": ("lifetime_budget", _budget),
}
_FIELDS: dict[str, dict[str, tuple[str, _Reader]]] = {
    "adCampaignGroups": _OWNER,
    "adCampaigns": {**_OWNER, "unitCost": ("bid", _amount)},
    "creatives": {"name": ("name", _name), "intendedStatus": ("status", _status)},
}
