"""The part of the control surface that works in a portal as its people would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.entities import Account
from sandbox.hubspot import events
from sandbox.hubspot.records import CrmError, Kind, Portal, milliseconds
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request, as_list, as_object

_SINGULAR: dict[Kind, str] = {"deals": "deal", "contacts": "contact"}


def _deal(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "id"?, "stage"?, "pipeline"?, "properties"?, "contacts"?, "at"?}`.

    A deal that is not there is made, one that is there is changed.
    """
    body = request.json()
    stage, pipeline = body.get("stage"), body.get("pipeline")
    values = _values(body)
    values |= {"dealstage": str(stage)} if stage else {}
    values |= {"pipeline": str(pipeline)} if pipeline else {}
    portal, at_ms = _portal(store, body), _at(store, body)
    if not portal.find("deals", str(body.get("id", ""))):
        values = {"pipeline": "default"} | values
    return _saved(store, portal, "deals", body, values, at_ms)


def _contact(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "id"?, "properties", "at"?}`."""
    body = request.json()
    portal, at_ms = _portal(store, body), _at(store, body)
    return _saved(store, portal, "contacts", body, _values(body), at_ms)


def _saved(
    store: Store, portal: Portal, kind: Kind, body: JsonObject, values: dict[str, str], at_ms: int
) -> JsonObject:
    object_id, name = str(body.get("id", "")), _SINGULAR[kind]
    if object_id and portal.find(kind, object_id):
        changed = portal.write(kind, object_id, values, at_ms)
    else:
        object_id = portal.create(kind, values, at_ms, object_id=object_id)
        changed = dict.fromkeys(values, at_ms)
        events.note(store, portal.id, f"{name}.creation", object_id, at_ms)
    for prop, when_ms in changed.items():
        told = {"propertyName": prop, "propertyValue": values[prop]}
        events.note(store, portal.id, f"{name}.propertyChange", object_id, when_ms, **told)
    for contact in as_list(body.get("contacts")) if kind == "deals" else []:
        portal.record("contacts", str(contact))
        portal.link(object_id, str(contact))
        ends = {"fromObjectId": int(object_id), "toObjectId": int(str(contact))}
        events.note(
            store, portal.id, "deal.associationChange", object_id, at_ms,
            associationType="DEAL_TO_CONTACT", associationRemoved=False, **ends,
        )  # fmt: skip
    return {"id": object_id}


def _merge(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "primary", "merged": [...], "new_id"?, "at"?}`."""
    body = request.json()
    portal, at_ms = _portal(store, body), _at(store, body)
    primary, merged = (
        str(body.get("primary", "")),
        [str(one) for one in as_list(body.get("merged"))],
    )
    target = portal.merge(primary, merged, str(body.get("new_id", "")), at_ms)
    told = {
        "primaryObjectId": int(primary),
        "mergedObjectIds": [int(one) for one in merged],
        "newObjectId": int(target),
    }
    events.note(store, portal.id, "deal.merge", target, at_ms, **told)
    return {"id": target}


def _delete(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "id", "restore"?: true, "at"?}`: a deal into the bin, or out of it."""
    body = request.json()
    portal, object_id = _portal(store, body), str(body.get("id", ""))
    is_back = bool(body.get("restore"))
    portal.archive("deals", object_id, is_archived=not is_back)
    kind = "deal.restore" if is_back else "deal.deletion"
    events.note(store, portal.id, kind, object_id, _at(store, body))
    return {"id": object_id}


def _forget(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "contact", "at"?}`: erased for good, as privacy laws ask for."""
    body = request.json()
    portal, contact = _portal(store, body), str(body.get("contact", ""))
    portal.forget(contact)
    events.note(store, portal.id, "contact.privacyDeletion", contact, _at(store, body))
    return {"id": contact}


def _deliver(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"portal", "url", "send"?: true, …}`: the signed calls; see `sandbox.hubspot.events`."""
    body = request.json()
    now_ms = milliseconds(store.now())
    account = _account(store, body)
    return {"calls": list(events.calls(store, account, body, now_ms=now_ms, seed=store.seed))}


def _account(store: Store, body: JsonObject) -> Account:
    account = store.account("hubspot", str(body.get("portal", "")))
    if account is None:
        raise CrmError(f"there is no portal {body.get('portal')!r}; seed it first")
    return account


def _portal(store: Store, body: JsonObject) -> Portal:
    return Portal(store, _account(store, body).id)


def _values(body: JsonObject) -> dict[str, str]:
    return {name: str(value) for name, value in as_object(body.get("properties")).items()}


def _at(store: Store, body: JsonObject) -> int:
    if "at" not in body:
        return milliseconds(store.now())
    return milliseconds(datetime.fromisoformat(str(body["at"])).timestamp())


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "hubspot/deal"): _deal,
    ("POST", "hubspot/contact"): _contact,
    ("POST", "hubspot/merge"): _merge,
    ("POST", "hubspot/delete"): _delete,
    ("POST", "hubspot/forget"): _forget,
    ("POST", "hubspot/deliver"): _deliver,
}
