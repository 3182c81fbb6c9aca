"""HubSpot CRM v3 and v4: deals, contacts, associations, pipelines, the token's own data."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.hubspot.errors import counted, refuse
from sandbox.hubspot.records import Kind, Portal, Record, milliseconds, moment, shown
from sandbox.hubspot.search import search, seen_until
from sandbox.web import Answer, JsonObject, Request, as_list, as_object

MAX_INPUTS, MAX_LINKS, MAX_PAGE, MAX_PAGE_WITH_HISTORY = 100, 1_000, 100, 50
DEAL_TO_CONTACT = 3
ASSOCIATIONS = ("crm", "v4", "associations", "deals", "contacts", "batch", "read")
TOKEN_INFO = ["oauth", "v2", "private-apps", "get", "access-token-info"]
#: The pipeline that every portal starts with: id, label, closed, probability.
STOCK = (
    ("appointmentscheduled", "Appointment Scheduled", "false", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "false", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "false", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "false", "0.8"),
    ("contractsent", "Contract Sent", "false", "0.9"),
    ("closedwon", "Closed Won", "true", "1.0"),
    ("closedlost", "Closed Lost", "true", "0.0"),
)


def is_write(request: Request) -> bool:
    """A deal's properties can be set; all else is read."""
    return request.method == "PATCH"


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as HubSpot refuses
    """
    request = context.request
    account = next(
        (a for a in context.store.accounts("hubspot") if a.token == request.bearer), None
    )
    if account is None and request.segments != TOKEN_INFO:
        raise refuse(
            "Authentication credentials not found.",
            status=401,
            category="INVALID_AUTHENTICATION",
        )
    try:
        body = request.json()
    except ValueError:
        raise refuse("Invalid input JSON.") from None
    if account is None or request.segments == TOKEN_INFO:
        return Answer.json(_token_info(context, body))
    headers = counted(context, account, is_search=request.segments[-1] == "search")
    return _route(context, account, body).with_headers(headers)


def _token_info(context: Context, body: JsonObject) -> JsonObject:
    given = str(body.get("tokenKey", ""))
    account = next((a for a in context.store.accounts("hubspot") if a.token == given), None)
    if account is None:
        raise refuse("The token is unknown.", status=404, category="OBJECT_NOT_FOUND")
    return {
        "userId": 1,
        "hubId": int(account.id),
        "appId": 1_160_452,
        "scopes": ["crm.objects.contacts.read", "crm.objects.deals.read"],
    }


def _route(context: Context, account: Account, body: JsonObject) -> Answer:
    portal = Portal(context.store, account.id)
    method, *parts = context.request.method, *context.request.segments
    if (method, *parts) == ("GET", "crm", "v3", "pipelines", "deals"):
        return Answer.json(_pipelines(account))
    if (method, *parts) == ("POST", *ASSOCIATIONS):
        return _associations(context, portal, body)
    if parts[:3] == ["crm", "v3", "objects"] and len(parts) > 3:
        kind: Kind | None = {"deals": "deals", "contacts": "contacts"}.get(parts[3])  # type: ignore[assignment]  # the keys are the values
        action = (method, *parts[4:])
        if kind and action == ("GET",):
            return Answer.json(_listed(context, portal, kind))
        if kind and action == ("POST", "search"):
            return Answer.json(search(context, portal, kind, body))
        if kind == "deals" and method == "PATCH" and len(parts) == 5:  # …/deals/{id}
            return _updated(context, portal, parts[4], body)
        if kind and action == ("POST", "batch", "read"):
            return _batch(context, portal, kind, body)
    raise refuse(f"{method} {context.request.path} is not offered.", status=404)


def _updated(context: Context, portal: Portal, deal: str, body: JsonObject) -> Answer:
    record = portal.find("deals", deal)
    if record is None or record.is_archived:
        raise refuse(f"Object not found. objectId are usually numeric: {deal}", status=404,
                     category="OBJECT_NOT_FOUND")  # fmt: skip
    values = {name: str(value) for name, value in as_object(body.get("properties")).items()}
    portal.write("deals", record.id, values, milliseconds(context.now))
    changed = portal.record("deals", record.id)
    return Answer.json(shown(changed, "deals", list(values)))


def _batch(context: Context, portal: Portal, kind: Kind, body: JsonObject) -> Answer:
    inputs = [str(as_object(item).get("id", "")) for item in as_list(body.get("inputs"))]
    if not 0 < len(inputs) <= MAX_INPUTS:
        raise refuse(f"A batch has 1 to {MAX_INPUTS} inputs.")
    names = [str(name) for name in as_list(body.get("properties"))]
    with_history = [str(name) for name in as_list(body.get("propertiesWithHistory"))]
    seen_ms = seen_until(context, "hubspot_read_lag_s")
    hidden = _hidden(context, inputs)
    results, missing = {}, []
    for given in inputs:
        record = None if given in hidden else _by(portal, kind, given, body, seen_ms)
        if record is None or record.is_archived:
            missing.append(given)
        else:
            # Two ids of one object, from before and after a merge, are one result.
            results[record.id] = shown(record, kind, [*names, *with_history], with_history)
    return _complete(
        context, list(results.values()), [_not_found(kind, missing)] if missing else []
    )


def _by(
    portal: Portal, kind: Kind, given: str, body: JsonObject, seen_ms: int | None
) -> Record | None:
    name = str(body.get("idProperty", "hs_object_id"))
    if name == "hs_object_id":
        return portal.find(kind, given, until_ms=seen_ms)
    records = (portal.find(kind, object_id, until_ms=seen_ms) for object_id in portal.ids(kind))
    return next((one for one in records if one and one.value(name) == given), None)


def _hidden(context: Context, inputs: list[str]) -> set[str]:
    """Inputs that an injected fault leaves out."""
    if context.fault is None or not context.fault_is("hubspot_partial"):
        return set()
    return {inputs[context.fault.number("index", 0) % len(inputs)]}


def _not_found(kind: Kind, ids: list[str]) -> JsonObject:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {kind[:-1].upper()} objects, they may be deleted or not"
        " exist. Check that ids are valid.",
        "context": {"ids": ids},
    }


def _complete(context: Context, results: list[JsonObject], errors: list[JsonObject]) -> Answer:
    at = moment(milliseconds(context.now))
    reply: JsonObject = {
        "status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at,
    }  # fmt: skip
    if errors:
        reply |= {"numErrors": len(errors), "errors": errors}
    return Answer.json(reply, 207 if errors else 200)


def _associations(context: Context, portal: Portal, body: JsonObject) -> Answer:
    inputs = [str(as_object(item).get("id", "")) for item in as_list(body.get("inputs"))]
    if not 0 < len(inputs) <= MAX_LINKS:
        raise refuse(f"A batch has 1 to {MAX_LINKS} inputs.")
    results: list[JsonObject] = []
    errors: list[JsonObject] = []
    kind = {"category": "HUBSPOT_DEFINED", "typeId": DEAL_TO_CONTACT, "label": None}
    for deal in inputs:
        to = [
            {"toObjectId": int(contact), "associationTypes": [kind]}
            for contact in portal.contacts_of(deal)
        ]
        if to:
            results.append({"from": {"id": deal}, "to": to})
        else:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No contact is associated with deal {deal}.",
                    "context": {"fromObjectId": [deal]},
                }
            )
    return _complete(context, results, errors)


def _listed(context: Context, portal: Portal, kind: Kind) -> JsonObject:
    query = context.request.query
    with_history = [name for name in query.get("propertiesWithHistory", "").split(",") if name]
    most = MAX_PAGE_WITH_HISTORY if with_history else MAX_PAGE
    limit = int(query.get("limit", "10"))
    if not 0 < limit <= most:
        raise refuse(f"limit must be between 1 and {most}.")
    after = int(query.get("after", "0") or "0")
    names = [*query.get("properties", "").split(","), *with_history]
    ids = [object_id for object_id in portal.ids(kind) if int(object_id) > after]
    page = [
        shown(portal.record(kind, object_id), kind, names, with_history)
        | _linked(portal, kind, object_id, query.get("associations", ""))
        for object_id in ids[:limit]
    ]
    reply: JsonObject = {"results": page}
    if len(ids) > limit:
        reply["paging"] = {"next": {"after": ids[limit - 1]}}
    return reply


def _linked(portal: Portal, kind: Kind, object_id: str, asked: str) -> JsonObject:
    contacts = portal.contacts_of(object_id) if (kind, asked) == ("deals", "contacts") else []
    if not contacts:
        return {}
    results = [{"id": contact, "type": "deal_to_contact"} for contact in contacts]
    return {"associations": {"contacts": {"results": results}}}


def _pipelines(account: Account) -> JsonObject:
    created = "2026-01-01T00:00:00.000Z"
    told = {"createdAt": created, "updatedAt": created, "archived": False}
    stock = [
        {
            "id": stage,
            "label": label,
            "displayOrder": place,
            "metadata": {"isClosed": closed, "probability": probability},
        }
        for place, (stage, label, closed, probability) in enumerate(STOCK)
    ]
    pipelines = as_list(account.extra.get("pipelines")) or [
        {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stock}
    ]
    return {
        "results": [
            {**item, **told, "stages": [{**as_object(s), **told} for s in as_list(item["stages"])]}
            for item in map(as_object, pipelines)
        ]
    }
