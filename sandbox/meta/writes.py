"""Updates of campaigns, ad sets and ads."""

from __future__ import annotations

import copy
import json
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account, Entity
from sandbox.meta import learning
from sandbox.meta.errors import graph_error, invalid, unknown_object
from sandbox.meta.fields import STATUS_WORDS
from sandbox.meta.limits import check_budget_rate
from sandbox.meta.money import from_wire, minimum_daily
from sandbox.web import JsonObject

STATUSES = {word: status for status, word in STATUS_WORDS.items()}
STRATEGIES = (
    "LOWEST_COST_WITHOUT_CAP",
    "LOWEST_COST_WITH_BID_CAP",
    "COST_CAP",
    "LOWEST_COST_WITH_MIN_ROAS",
)
BUDGETS = ("daily_budget", "lifetime_budget")
_WRITABLE = {
    "campaign": {"name", "status", *BUDGETS, "bid_strategy"},
    "adset": {"name", "status", *BUDGETS, "bid_amount", "bid_strategy"},
    "ad": {"name", "status", "bid_amount"},
}
_CONTROL = {
    *("access_token", "appsecret_proof", "execution_options", "include_headers", "locale"),
    *("method", "format", "pretty", "suppress_http_code", "debug"),
}
MINIMUM_CODE = 1487901


def update(
    context: Context, account: Account, entity: Entity, params: dict[str, str]
) -> JsonObject:
    """Change the fields that were sent, and only those.

    Raises
    ------
    Refusal : as Meta refuses
    """
    options = _options(params)
    changes = {
        name: _value(account, entity, name, params[name]) for name in params if name not in _CONTROL
    }
    if "bid_amount" in changes:
        changes["bid"] = changes.pop("bid_amount")
    _check(context, account, entity, changes)
    if any(name in BUDGETS for name in changes) and entity.kind == "adset":
        check_budget_rate(context, entity)
    reply: JsonObject = {"success": True}
    if "include_recommendations" in options:
        reply["recommendations"] = []
    if "validate_only" not in options:
        _commit(context, account, entity, changes)
    return reply


def _options(params: dict[str, str]) -> set[str]:
    text = params.get("execution_options", "[]")
    try:
        options = set(json.loads(text))
    except (TypeError, ValueError):
        raise invalid("execution_options", "execution_options must be a JSON list.") from None
    if options - {"validate_only", "include_recommendations", "synchronous_ad_review"}:
        raise invalid("execution_options", f"Unknown execution option in {text}.")
    return options


def _value(account: Account, entity: Entity, name: str, text: str) -> object:
    if name not in _WRITABLE[entity.kind]:
        raise invalid(name, f"{name} cannot be set on this {entity.kind}.")
    if name == "status":
        if text not in STATUSES:
            raise invalid("status", f"status must be one of {', '.join(STATUSES)}.")
        return STATUSES[text]
    if name == "bid_strategy":
        if text not in STRATEGIES:
            raise invalid("bid_strategy", f"bid_strategy must be one of {', '.join(STRATEGIES)}.")
        return text
    if name in (*BUDGETS, "bid_amount"):
        try:
            return from_wire(text, account)
        except ValueError:
            raise graph_error(100, f"Param {name} must be an integer", blame=name) from None
    return text


def _check(context: Context, account: Account, entity: Entity, changes: dict[str, object]) -> None:
    if entity.status == "deleted":
        raise unknown_object(entity.id)
    if entity.status == "archived" and set(changes) - {"name", "status"}:
        raise invalid(next(iter(changes)), "Archived objects cannot be edited.", subcode=1487566)
    _check_budgets(context, account, entity, changes)
    strategy = str(changes.get("bid_strategy", entity.bid_strategy))
    bid = changes.get("bid", entity.bid)
    if strategy in ("LOWEST_COST_WITH_BID_CAP", "COST_CAP") and entity.kind == "adset" and not bid:
        raise invalid("bid_amount", f"{strategy} needs a bid_amount.", subcode=1815857)


def _check_budgets(
    context: Context, account: Account, entity: Entity, changes: dict[str, object]
) -> None:
    sent = [name for name in BUDGETS if name in changes]
    if len(sent) > 1:
        raise invalid("lifetime_budget", "Give a daily or a lifetime budget, not both.")
    for name in sent:
        if not owns_budget(context, entity):
            raise invalid(name, "The budget is set on the other level: campaign or ad sets.")
        if getattr(entity, name) is None:
            raise invalid(name, "A daily budget cannot become a lifetime budget or the reverse.")
        value = changes[name]
        if isinstance(value, Decimal) and value < minimum_daily(account):
            raise invalid(
                name,
                f"Your budget is too low. It must be at least {minimum_daily(account)}"
                f" {account.currency} per day.",
                code=MINIMUM_CODE,
                subcode=MINIMUM_CODE,
            )


def owns_budget(context: Context, entity: Entity) -> bool:
    """Whether the entity, and not its parent or its children, has the budget."""
    has_own = entity.daily_budget is not None or entity.lifetime_budget is not None
    parent = context.store.entity("meta", entity.parent_id) if entity.kind == "adset" else None
    inherits = parent is not None and (
        parent.daily_budget is not None or parent.lifetime_budget is not None
    )
    return has_own and not inherits


def _commit(context: Context, account: Account, entity: Entity, changes: dict[str, object]) -> None:
    before = copy.copy(entity)
    context.store.change(entity, changes, "api", context.now)
    if entity.kind == "ad":
        return
    adsets = [entity]
    if entity.kind == "campaign":
        every = context.store.entities(account, "adset")
        adsets = [adset for adset in every if adset.parent_id == entity.id]
    for adset in adsets:
        if learning.is_significant(context, adset, entity, before):
            learning.reset(context, adset)
