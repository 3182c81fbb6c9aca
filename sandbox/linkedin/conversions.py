"""LinkedIn's conversion events: one by one with an empty answer, or a batch with one each."""

from __future__ import annotations

import re

from sandbox.context import Context, Refusal
from sandbox.conversions import is_hash, keep
from sandbox.linkedin.errors import bad_input, bad_query
from sandbox.web import Answer, JsonObject, as_list, as_object

MOST_EVENTS = 5000
OLDEST_S = 90 * 86_400
_RULE = re.compile(r"urn:lla:llaPartnerConversion:(\d+)")
_AMOUNT = re.compile(r"\d+(\.\d+)?")
_ID_TYPES = frozenset(
    {
        "SHA256_EMAIL",
        "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID",
        "PLAINTEXT_IP_ADDRESS",
        "ACXIOM_ID",
        "ORACLE_MOAT_ID",
    }
)


def take(context: Context, body: JsonObject) -> Answer:
    """Take one event, or each good one of a batch."""
    method = context.request.headers.get("x-restli-method", "CREATE").upper()
    if method == "CREATE":
        _take_one(context, body)
        return Answer(201, b"")
    if method != "BATCH_CREATE":
        raise bad_query(f"X-RestLi-Method {method} is not offered here")
    events = [as_object(event) for event in as_list(body.get("elements"))]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise bad_input("/elements", "INVALID_VALUE", f"Send 1 to {MOST_EVENTS} events")
    return Answer.json({"elements": [_told(context, event) for event in events]})


def _told(context: Context, event: JsonObject) -> JsonObject:
    try:
        _take_one(context, event)
    except Refusal as refusal:
        return {"status": refusal.answer.status, "error": refusal.answer.value()}
    return {"status": 201}


def _take_one(context: Context, event: JsonObject) -> None:
    rule = _RULE.fullmatch(str(event.get("conversion", "")))
    if rule is None:
        raise bad_input("/conversion", "INVALID_VALUE", "urn:lla:llaPartnerConversion:… is wanted")
    _check_time(context, event.get("conversionHappenedAt"))
    _check_user(as_list(as_object(event.get("user")).get("userIds")))
    if "conversionValue" in event:
        value = as_object(event["conversionValue"])
        amount, currency = value.get("amount"), value.get("currencyCode")
        is_amount = isinstance(amount, str) and _AMOUNT.fullmatch(amount)
        if not is_amount or not isinstance(currency, str) or len(currency) != 3:
            raise bad_input("/conversionValue", "INVALID_VALUE", "Amount as text, and a currency")
    event_id = str(event.get("eventId", ""))
    keep(context.store, "linkedin", rule.group(1), "", event_id, event)


def _check_time(context: Context, at: object) -> None:
    if not isinstance(at, int) or isinstance(at, bool) or at < 10**12:
        raise bad_input("/conversionHappenedAt", "INVALID_VALUE", "Unix milliseconds are wanted")
    if not 0 <= context.now - at / 1000 <= OLDEST_S:
        raise bad_input("/conversionHappenedAt", "INVALID_VALUE", "It must lie in the last 90 days")


def _check_user(ids: list[object]) -> None:
    if not ids:
        raise bad_input("/user/userIds", "MISSING_FIELD", "At least one id is wanted")
    for one in map(as_object, ids):
        kind, value = one.get("idType"), one.get("idValue")
        if kind not in _ID_TYPES or not value:
            raise bad_input("/user/userIds/idType", "INVALID_VALUE", f"{kind} is no type of id")
        if kind == "SHA256_EMAIL" and not is_hash(value):
            raise bad_input("/user/userIds/idValue", "INVALID_VALUE", "SHA-256 is wanted")
