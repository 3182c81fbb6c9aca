"""Search by properties: an index that lags, in pages that end at ten thousand results."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from sandbox.context import Context
from sandbox.hubspot.errors import refuse
from sandbox.hubspot.records import MODIFIED, Kind, Portal, Record, milliseconds, shown
from sandbox.web import JsonObject, as_list, as_object

MAX_LIMIT, CAP, MAX_BODY = 200, 10_000, 3_000
MAX_GROUPS, MAX_FILTERS, MAX_FILTERS_IN_ALL = 5, 6, 18
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GTE": lambda own, given: own >= given,
    "GT": lambda own, given: own > given,
    "LTE": lambda own, given: own <= given,
    "LT": lambda own, given: own < given,
    "EQ": lambda own, given: own == given,
}


def search(context: Context, portal: Portal, kind: Kind, body: JsonObject) -> JsonObject:
    """Return one page of what matches.

    Raises
    ------
    Refusal : too long, too many filters, or past the ten thousandth result
    """
    groups = _groups(body)
    limit, after = _number(body, "limit", 10), _number(body, "after", 0)
    cap = int(context.store.setting("hubspot_search_cap", str(CAP)))
    if not 0 < limit <= MAX_LIMIT:
        raise refuse(f"limit must be between 1 and {MAX_LIMIT}.")
    if after + limit > cap:
        raise refuse(f"Paging through more than {cap} results of a query is not possible.")
    found = _found(context, portal, kind, groups, body)
    page = found[after : after + limit]
    names = [str(name) for name in as_list(body.get("properties"))]
    reply: JsonObject = {
        "total": len(found),
        "results": [shown(record, kind, names) for record in page],
    }
    if after + limit < len(found):
        reply["paging"] = {"next": {"after": str(after + limit)}}
    return reply


def seen_until(context: Context, setting: str) -> int | None:
    """Return how far a copy that lags has come, or nothing where it does not lag."""
    lag_s = int(context.store.setting(setting, "0"))
    return milliseconds(context.now) - 1000 * lag_s if lag_s else None


def _groups(body: JsonObject) -> list[list[JsonObject]]:
    if len(json.dumps(body)) > MAX_BODY:
        raise refuse(f"The request body is longer than {MAX_BODY} characters.")
    groups = [
        [as_object(item) for item in as_list(as_object(group).get("filters"))]
        for group in as_list(body.get("filterGroups"))
    ]
    if (
        len(groups) > MAX_GROUPS
        or any(len(group) > MAX_FILTERS for group in groups)
        or sum(map(len, groups)) > MAX_FILTERS_IN_ALL
    ):
        raise refuse("Too many filters.")
    for item in (item for group in groups for item in group):
        if str(item.get("operator")) not in _OPERATORS:
            raise refuse(f"The operator {item.get('operator')!r} is not offered.")
    return groups


def _number(body: JsonObject, name: str, usual: int) -> int:
    given = str(body.get(name, usual))
    if not given.isdigit():
        raise refuse(f"{name} must be a number.")
    return int(given)


def _found(
    context: Context,
    portal: Portal,
    kind: Kind,
    groups: list[list[JsonObject]],
    body: JsonObject,
) -> list[Record]:
    seen_ms = seen_until(context, "hubspot_index_lag_s")
    records = [
        record
        for object_id in portal.modified(kind, seen_ms)
        if (record := portal.find(kind, object_id, until_ms=seen_ms))
        and (not groups or any(_fits(record, kind, group) for group in groups))
    ]
    for item in reversed(as_list(body.get("sorts"))):
        sort = as_object(item)
        name = str(sort.get("propertyName", ""))
        records.sort(
            key=lambda record: _own(record, kind, name) or 0,
            reverse=sort.get("direction") == "DESCENDING",
        )
    return records


def _fits(record: Record, kind: Kind, group: list[JsonObject]) -> bool:
    for item in group:
        own = _own(record, kind, str(item.get("propertyName", "")))
        given = _as_number(str(item.get("value", "")))
        if own is None or given is None or not _OPERATORS[str(item["operator"])](own, given):
            return False
    return True


def _own(record: Record, kind: Kind, name: str) -> float | None:
    if name == MODIFIED[kind]:
        return record.modified_ms
    if name == "createdate":
        return record.created_ms
    return int(record.id) if name == "hs_object_id" else _as_number(record.value(name) or "")


def _as_number(text: str) -> float | None:
    """Read a number, or a moment as milliseconds."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return milliseconds(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None
