"""Google's writes: operations with a field mask, all or nothing or each for itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account, Entity, Kind, minor_units
from sandbox.google.errors import OperationError, failure_detail, refuse
from sandbox.google.gaql import camel
from sandbox.google.rows import MICROS
from sandbox.web import JsonObject, as_list, as_object

COLLECTIONS: dict[str, Kind] = {
    "campaigns": "campaign",
    "adGroups": "adset",
    "adGroupAds": "ad",
    "campaignBudgets": "budget",
}
STATUSES = {"ENABLED": "active", "PAUSED": "paused"}
_FIELDS: dict[Kind, dict[str, str]] = {
    "campaign": {"status": "status", "name": "name"},
    "adset": {"status": "status", "name": "name", "cpcBidMicros": "bid"},
    "ad": {"status": "status"},
    "budget": {
        "amountMicros": "daily_budget",
        "totalAmountMicros": "lifetime_budget",
        "name": "name",
    },
}
HIGHEST = 10_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a mutate."""

    collection: str
    body: JsonObject


def mutate(context: Context, account: Account, collection: str, body: JsonObject) -> JsonObject:
    """Carry out `{resource}:mutate` or `googleAds:mutate`.

    Raises
    ------
    Refusal : an operation fails and `partialFailure` is not set
    """
    operations = _operations(collection, body)
    if not operations:
        raise refuse(OperationError("requestError", "REQUIRED_FIELD_MISSING", "No operations."))
    if len(operations) > HIGHEST:
        raise refuse(OperationError("requestError", "TOO_MANY_MUTATE_OPERATIONS", "Too many."))
    is_partial, only_validate = bool(body.get("partialFailure")), bool(body.get("validateOnly"))
    results: list[JsonObject] = []
    failures: list[JsonObject] = []
    for index, operation in enumerate(operations):
        try:
            _injected(context, index)
            results.append(_run(context, account, operation, body, only_validate=only_validate))
        except OperationError as error:
            if not is_partial:
                raise refuse(error, index) from error
            failures.append(error.failure(index))
            results.append({})
    return _reply(collection, [] if only_validate else results, failures)


def _operations(collection: str, body: JsonObject) -> list[Operation]:
    if collection != "googleAds":
        return [Operation(collection, as_object(item)) for item in as_list(body.get("operations"))]
    found = []
    for item in as_list(body.get("mutateOperations")):
        for name, inner in as_object(item).items():
            found.append(Operation(f"{name.removesuffix('Operation')}s", as_object(inner)))
    return found


def _reply(collection: str, results: list[JsonObject], failures: list[JsonObject]) -> JsonObject:
    reply: JsonObject = {}
    if results and collection == "googleAds":
        reply["mutateOperationResponses"] = results
    elif results:
        reply["results"] = results
    if failures:
        reply["partialFailureError"] = {
            "code": 3,
            "message": "Some operations failed.",
            "details": [failure_detail(failures)],
        }
    return reply


def _injected(context: Context, index: int) -> None:
    fault = context.fault
    if fault is None or fault.kind != "google_partial_failure" or fault.number("index", 1) != index:
        return
    group, _, code = fault.text("error", "databaseError.CONCURRENT_MODIFICATION").partition(".")
    raise OperationError(group, code, "The operation failed.")


def _run(
    context: Context,
    account: Account,
    operation: Operation,
    body: JsonObject,
    *,
    only_validate: bool,
) -> JsonObject:
    kind = COLLECTIONS.get(operation.collection)
    if kind is None or not ("update" in operation.body or "remove" in operation.body):
        raise OperationError(
            "mutateError", "OPERATION_NOT_PERMITTED_FOR_CONTEXT", "Only update and remove are here."
        )
    update = as_object(operation.body.get("update"))
    name = str(update.get("resourceName") or operation.body.get("remove", ""))
    entity = _find(context, account, operation.collection, kind, name)
    changes: dict[str, object] = {"status": "deleted"}
    if "update" in operation.body:
        changes = _changes(account, entity, update, str(operation.body.get("updateMask", "")))
    if not only_validate:
        context.store.change(entity, changes, "api", context.now)
    result: JsonObject = {"resourceName": name}
    if body.get("responseContentType") == "MUTABLE_RESOURCE":
        result[operation.collection.removesuffix("s")] = update
    return result


def _find(context: Context, account: Account, collection: str, kind: Kind, name: str) -> Entity:
    found = re.fullmatch(rf"customers/{re.escape(account.id)}/{collection}/(?:(\d+)~)?(\d+)", name)
    entity = context.store.entity("google", found[2], kind) if found else None
    is_elsewhere = entity is None or entity.account_id != account.id
    if entity is None or is_elsewhere or (found and found[1] and entity.parent_id != found[1]):
        raise OperationError(
            "mutateError", "RESOURCE_NOT_FOUND", f"Resource was not found: {name}", "resourceName"
        )
    if entity.status == "deleted":
        raise OperationError(
            "contextError", "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE", "It was removed."
        )
    return entity


def _changes(account: Account, entity: Entity, update: JsonObject, mask: str) -> dict[str, object]:
    """Read the fields that the mask names, in either spelling."""
    paths = [camel(path.strip()) for path in mask.split(",") if path.strip()]
    if not paths:
        raise OperationError("fieldMaskError", "FIELD_MASK_MISSING", "The update mask is missing.")
    changes: dict[str, object] = {}
    for path in paths:
        target = _FIELDS[entity.kind].get(path)
        if target is None or path not in update:
            raise OperationError(
                "fieldMaskError", "FIELD_NOT_FOUND", f"{path} cannot be updated here.", path
            )
        changes[target] = _value(account, entity, path, target, update[path])
    return changes


def _value(account: Account, entity: Entity, path: str, target: str, value: object) -> object:
    if target == "name":
        return str(value)
    if target == "status":
        status = STATUSES.get(str(value))
        if status is None:
            raise OperationError("enumError", "ENUM_VALUE_NOT_PERMITTED", f"Status {value}.", path)
        return status
    amount = _micros(account, path, value)
    if entity.kind == "budget" and getattr(entity, target) is None:
        raise OperationError(
            "campaignBudgetError", "CANNOT_UPDATE_BUDGET_PERIOD", "The period is fixed.", path
        )
    return amount


def _micros(account: Account, path: str, value: object) -> Decimal:
    text = str(value)
    # int64 travels as text; a number with a fraction or an exponent is no int64.
    if not re.fullmatch(r"-?\d{1,19}", text):
        raise OperationError("requestError", "BAD_NUMBER", f"Invalid value at {path}.", path)
    if int(text) <= 0:
        raise OperationError(
            "campaignBudgetError", "MONEY_AMOUNT_TOO_SMALL", "The amount is too small.", path
        )
    if int(text) % (MICROS // minor_units(account.currency)):
        raise OperationError(
            "campaignBudgetError",
            "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT",
            "The money amount is not a multiple of a minimum unit.",
            path,
        )
    return Decimal(text) / MICROS
