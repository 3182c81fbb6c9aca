"""The control surface under `/_sandbox/`: seed, look, set the clock, inject faults."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

from sandbox import conversions, endpoints, imap, messages, worlds
from sandbox.context import utc_text
from sandbox.editing import edit
from sandbox.entities import FIELDS, KINDS, Account, Entity
from sandbox.faults import add_rule, list_rules
from sandbox.hubspot import control as hubspot
from sandbox.mail import control as mail
from sandbox.meta import hooks
from sandbox.seeding import seed_accounts
from sandbox.shop import pages as shop
from sandbox.social import control as social
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.twilio import control as twilio
from sandbox.web import Answer, JsonObject, Request, as_list
from sandbox.x import control as x

WORLDS: dict[str, Callable[..., JsonObject]] = {"ptd_fitness": worlds.ptd_fitness}


SETTINGS = (
    "google_page_size",
    "google_ingest_processing",
    "linkedin_page_size",
    "linkedin_report_rows",
    "hubspot_index_lag_s",
    "hubspot_read_lag_s",
    "hubspot_search_cap",
)


class ControlError(ValueError):
    """The control call cannot be carried out; the message says why."""


def handle(store: Store, traffic: Traffic, request: Request) -> Answer:
    """Answer one control call."""
    name = "/".join(request.segments[1:])
    action = _ACTIONS.get((request.method, name))
    if "origin" in request.headers:
        return Answer.json({"error": "The control surface is not for web pages."}, 403)
    if action is None:
        known = ", ".join(f"{method} {path}" for method, path in _ACTIONS)
        return Answer.json({"error": f"unknown; there is {known}"}, 404)
    try:
        with store.savepoint("control"):
            return Answer.json(action(store, traffic, request))
    except ValueError as error:  # all of ours are, and each says what to do
        return Answer.json({"error": str(error)}, 400)


def _health(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    return {"ok": True, "now": utc_text(store.now())}


def _seed(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"world": name}` or `{"accounts": […]}`; with `"skip_present": true` what is there stays.

    `today` moves the world's last day, `created_at` (unix seconds) says when plain accounts began.
    """
    body = request.json()
    if "seed" in body:
        store.set_setting("seed", str(int(str(body["seed"]))))
    now = store.now()
    accounts = as_list(body.get("accounts"))
    created_at = float(str(body.get("created_at", now)))
    if "world" in body:
        build = WORLDS.get(str(body["world"]))
        if build is None:
            raise ControlError(
                f"world {body['world']!r} is unknown; use one of {', '.join(WORLDS)}"
            )
        today = str(body.get("today") or utc_text(now, "%Y-%m-%d"))
        world = build(date.fromisoformat(today))
        accounts, created_at = as_list(world["accounts"]), float(str(world["created_at"]))
    if not accounts:
        raise ControlError('nothing to seed: send {"world": …} or {"accounts": [...]}')
    skip = bool(body.get("skip_present", False))
    seeded = seed_accounts(store, accounts, created_at=created_at, skip_present=skip)
    return {"accounts": [_show_account(account) for account in seeded]}


def _state(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    shown: list[object] = []
    for account in store.accounts():
        entities = store.entities(account)
        by_kind = {kind: [_show_entity(e) for e in entities if e.kind == kind] for kind in KINDS}
        shown.append(_show_account(account) | {"entities": by_kind})
    return {"now": utc_text(store.now()), "seed": store.seed, "accounts": shown}


def _clock(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"set": ISO time}` freezes, `{"advance_s": n}` moves, `{"real": true}` lets it run."""
    body = request.json()
    if body.get("real"):
        store.set_setting("clock_frozen", "")
        store.set_setting("clock_offset_s", "0")
    if "set" in body:
        try:
            moment = datetime.fromisoformat(str(body["set"]))
        except ValueError as error:
            raise ControlError(f"set: {error}") from error
        if moment.tzinfo is None:
            raise ControlError("set: give the time with its zone, like 2026-11-21T08:00:00+00:00")
        store.set_setting("clock_frozen", str(moment.timestamp()))
    if "advance_s" in body:
        _advance(store, float(str(body["advance_s"])))
    store.apply_scheduled(store.now())
    return {"now": utc_text(store.now()), "unix": store.now()}


def _advance(store: Store, seconds: float) -> None:
    if store.setting("clock_frozen"):
        store.set_setting("clock_frozen", str(store.now() + seconds))
    else:
        store.set_setting("clock_offset_s", str(store.now() - time.time() + seconds))


def _settings(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Small pages, how far HubSpot's index and replicas lag, and whether Google still decides."""
    for name, value in request.json().items():
        if name not in SETTINGS:
            raise ControlError(f"{name!r} is no setting; there is {', '.join(SETTINGS)}")
        store.set_setting(name, str(int(str(value))))
    return {"ok": True}


def _add_faults(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """One rule, or `{"rules": […]}`."""
    body = request.json()
    rules = as_list(body["rules"]) if "rules" in body else [body]
    for rule in rules:
        if not isinstance(rule, dict):
            raise ControlError("a rule is a JSON object")
    return {"ids": [add_rule(store, rule) for rule in rules if isinstance(rule, dict)]}


def _list_faults(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    return {"rules": list_rules(store)}


def _drop_faults(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    store.execute("DELETE FROM fault")
    return {"ok": True}


def _calls(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Write calls and what they really changed; `?entity=` and `?field=` narrow the effects."""
    entity, field = request.query.get("entity"), request.query.get("field")
    effects = store.query(
        "SELECT * FROM effect WHERE (?1 IS NULL OR entity_id = ?1) AND (?2 IS NULL OR field = ?2)"
        " ORDER BY id",
        *(entity, field),
    )
    calls = [dict(row) for row in store.query("SELECT * FROM call ORDER BY id")]
    return {"calls": calls, "effects": [dict(row) for row in effects]}


def _edit(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    return _show_entity(edit(store, request.json(), store.now()))


def _reset(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    store.reset()
    return {"ok": True}


def _release(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Let held answers go; the server does it, which knows the connections."""
    return {"ok": True}


def _shop(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    return shop.show_settings(store)


def _set_shop(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"base_url": "http://localhost:8000", "site_key": …}`: whose script the shop loads."""
    return shop.set_settings(store, request.json())


def _show_account(account: Account) -> JsonObject:
    return {
        "platform": account.platform,
        "id": account.id,
        "name": account.name,
        "currency": account.currency,
        "timezone": account.timezone,
        "token": account.token,
        "has_traffic": bool(account.extra.get("traffic")),
    } | mail.shown_secrets(account)


def _show_entity(entity: Entity) -> JsonObject:
    shown: JsonObject = {
        "id": entity.id,
        "kind": entity.kind,
        "parent_id": entity.parent_id,
        "budget_id": entity.budget_id,
        "created_at": entity.created_at,
        **entity.extra,
    }
    return shown | {name: entity.value(name) for name in FIELDS}


_ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("GET", "health"): _health,
    ("POST", "seed"): _seed,
    ("GET", "state"): _state,
    ("POST", "clock"): _clock,
    ("POST", "settings"): _settings,
    ("POST", "faults"): _add_faults,
    ("GET", "faults"): _list_faults,
    ("DELETE", "faults"): _drop_faults,
    ("GET", "calls"): _calls,
    ("POST", "edit"): _edit,
    ("POST", "reset"): _reset,
    ("POST", "release"): _release,
    ("GET", "shop"): _shop,
    ("POST", "shop"): _set_shop,
    **hubspot.ACTIONS,
    **conversions.ACTIONS,
    **messages.ACTIONS,
    **mail.ACTIONS,
    **endpoints.ACTIONS,
    **imap.ACTIONS,
    **twilio.ACTIONS,
    **x.ACTIONS,
    **hooks.ACTIONS,
    **social.ACTIONS,
}
