"""TikTok's Events API."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.conversions import is_hash, keep
from sandbox.tiktok.envelope import BAD_PARAMETER, fail
from sandbox.web import JsonObject, as_list, as_object

MOST_EVENTS = 1000
_SOURCES = frozenset({"web", "app", "offline", "crm"})
_HASHED = ("email", "phone", "external_id")
_MATCHED = frozenset({*_HASHED, "ttclid", "ttp"})


def take(context: Context, body: JsonObject) -> JsonObject:
    """Take a batch, or refuse all of it."""
    if body.get("event_source") not in _SOURCES:
        raise fail(BAD_PARAMETER, "event_source: unknown.")
    source_id = body.get("event_source_id")
    if not isinstance(source_id, str) or not source_id:
        raise fail(BAD_PARAMETER, "event_source_id: missing.")
    events = [as_object(event) for event in as_list(body.get("data"))]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise fail(BAD_PARAMETER, f"data: send 1 to {MOST_EVENTS} events.")
    for place, event in enumerate(events):
        _check(event, f"data.{place}")
    for event in events:
        name, event_id = str(event["event"]), str(event.get("event_id", ""))
        keep(context.store, "tiktok", source_id, name, event_id, event)
    return {}


def _check(event: JsonObject, at: str) -> None:
    if not isinstance(event.get("event"), str) or not event["event"]:
        raise fail(BAD_PARAMETER, f"{at}.event: missing.")
    when = event.get("event_time")
    if not isinstance(when, int) or isinstance(when, bool):
        raise fail(BAD_PARAMETER, f"{at}.event_time: unix seconds are wanted.")
    user = as_object(event.get("user"))
    for name in _HASHED:
        if name in user and not is_hash(user[name]):
            raise fail(BAD_PARAMETER, f"{at}.user.{name}: must be hashed with SHA-256.")
    if not _MATCHED & set(user):
        raise fail(BAD_PARAMETER, f"{at}.user: nothing to match by.")
    properties = as_object(event.get("properties"))
    if "value" in properties and not properties.get("currency"):
        raise fail(BAD_PARAMETER, f"{at}.properties.currency: a value needs its currency.")
