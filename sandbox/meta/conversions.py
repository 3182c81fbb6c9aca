"""Meta's Conversions API: one bad event, or one too old, and the whole batch is refused."""

from __future__ import annotations

import json

from sandbox.context import Context
from sandbox.conversions import is_hash, keep
from sandbox.meta.errors import graph_error, invalid
from sandbox.web import JsonObject, as_list, as_object

MOST_EVENTS = 1000
OLDEST_S = 7 * 86_400
OLDEST_IN_STORE_S = 62 * 86_400
_SOURCES = frozenset(
    {"website", "email", "app", "phone_call", "chat", "physical_store", "system_generated"}
    | {"business_messaging", "other"}
)
_HASHED = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
#: Of these alone Meta finds nobody.
_TOO_LITTLE = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)


def take(context: Context, pixel: str, params: dict[str, str]) -> JsonObject:
    """Take a batch, or refuse all of it."""
    events = _events(params.get("data", ""))
    if len(params.get("partner_agent", "")) >= 23:
        raise invalid("partner_agent", "partner_agent must be shorter than 23 characters.")
    for place, event in enumerate(events):
        _check(event, f"data[{place}]", context.now)
    for event in events:
        name, event_id = str(event["event_name"]), str(event.get("event_id", ""))
        keep(context.store, "meta", pixel, name, event_id, event)
    return {"events_received": len(events), "messages": [], "fbtrace_id": "Asandbox"}


def _events(text: str) -> list[JsonObject]:
    try:
        given = as_list(json.loads(text))
        # Meta's own library writes each event as a text of its own.
        events = [as_object(json.loads(e) if isinstance(e, str) else e) for e in given]
    except ValueError:
        raise invalid("data", "data must be a JSON list of events.") from None
    if not 1 <= len(events) <= MOST_EVENTS:
        raise invalid("data", f"data must hold 1 to {MOST_EVENTS} events.")
    return events


def _check(event: JsonObject, at: str, now: float) -> None:
    if not isinstance(event.get("event_name"), str) or not event["event_name"]:
        raise invalid(f"{at}.event_name", "event_name is missing.")
    source = event.get("action_source")
    if source not in _SOURCES:
        raise invalid(f"{at}.action_source", "action_source is missing or unknown.")
    _check_time(event.get("event_time"), str(source), at, now)
    user = as_object(event.get("user_data"))
    _check_user(user, at)
    if source == "website" and not (
        event.get("event_source_url") and user.get("client_user_agent")
    ):
        raise invalid(at, "website events need event_source_url and client_user_agent.")
    custom = as_object(event.get("custom_data"))
    if event["event_name"] == "Purchase" and not (custom.get("currency") and "value" in custom):
        raise invalid(f"{at}.custom_data", "Purchase needs value and currency.")


def _check_time(value: object, source: str, at: str, now: float) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"{at}.event_time", "event_time must be unix seconds.")
    oldest = OLDEST_IN_STORE_S if source == "physical_store" else OLDEST_S
    if value < now - oldest:
        raise graph_error(
            100,
            "Invalid parameter",
            subcode=2804003,
            title="Event Timestamp Too Old",
            user_message="The timestamp of an event is too far in the past; none was taken.",
            blame=f"{at}.event_time",
        )
    if value > now + 60:
        raise invalid(f"{at}.event_time", "event_time lies in the future.", subcode=2804004)


def _check_user(user: JsonObject, at: str) -> None:
    if not user:
        raise invalid(f"{at}.user_data", "user_data is missing.", subcode=2804050)
    for name in _HASHED:
        values = user.get(name, [])
        for value in values if isinstance(values, list) else [values]:
            if not is_hash(value):
                raise invalid(f"{at}.user_data.{name}", f"{name} must be hashed with SHA-256.")
    if any(set(user) <= little for little in _TOO_LITTLE):
        raise invalid(f"{at}.user_data", "These parameters alone match nobody.", subcode=2804050)
