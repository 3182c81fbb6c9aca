"""Google's Data Manager API: a batch is taken, and decided later; and the Ads API's way back."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta

from sandbox.context import Context, Refusal
from sandbox.conversions import is_hash, keep
from sandbox.google.errors import OperationError, failure_detail, refuse
from sandbox.web import Answer, JsonObject, as_list, as_object

MOST_EVENTS = 2000
ADJUST = "uploadConversionAdjustments"
OLDEST_ADJUSTED = timedelta(days=54)
#: A click id that begins so is one that no click of the account had.
UNKNOWN = "unknown-"
_SOURCES = frozenset({"WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER"})
_CLICK_IDS = ("gclid", "gbraid", "wbraid")
_CONSENTS = frozenset({"CONSENT_GRANTED", "CONSENT_DENIED"})


def is_path(parts: list[str]) -> bool:
    """Whether a path is of this interface."""
    return parts in (["v1", "events:ingest"], ["v1", "requestStatus:retrieve"])


def handle(context: Context, tokens: set[str]) -> Answer:
    """Answer one call; no developer token is needed here."""
    if context.request.bearer not in tokens:
        raise _refuse(401, "UNAUTHENTICATED", "The token is invalid.")
    if context.request.segments[1] == "requestStatus:retrieve":
        return Answer.json(_status(context))
    if context.request.method != "POST":
        raise _refuse(404, "NOT_FOUND", "Not found.")
    try:
        body = context.request.json()
    except ValueError:
        raise _invalid("body", "Invalid JSON payload.") from None
    return Answer.json(_ingest(context, body))


def _ingest(context: Context, body: JsonObject) -> JsonObject:
    action = _destination(body)
    if body.get("encoding") not in ("HEX", "BASE64"):
        raise _invalid("encoding", "Say how identifiers are encoded.")
    events = [as_object(event) for event in as_list(body.get("events"))]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise _invalid("events", f"Send 1 to {MOST_EVENTS} events.")
    for place, event in enumerate(events):
        _check(event, f"events[{place}]")
    seed = f"{context.store.call_id}:{context.now}".encode()
    request_id = hashlib.sha256(seed).hexdigest()[:32]
    if not body.get("validateOnly"):
        for event in events:
            transaction = str(event.get("transactionId", ""))
            keep(
                context.store, "google", action, "conversion", transaction, event,
                request_id=request_id,
            )  # fmt: skip
    return {"requestId": request_id}


def adjust(context: Context, customer_id: str) -> JsonObject:
    """Answer `uploadConversionAdjustments`: each for itself, by order id, retractions only."""
    try:
        body = context.request.json()
    except ValueError:
        raise refuse(OperationError("requestError", "UNKNOWN", "Invalid JSON payload.")) from None
    if body.get("partialFailure") is not True:
        raise refuse(OperationError("requestError", "UNKNOWN", "partial_failure must be true."))
    results: list[object] = []
    failures: list[JsonObject] = []
    for place, given in enumerate(as_list(body.get("conversionAdjustments"))):
        adjustment = as_object(given)
        try:
            _adjust(context, customer_id, adjustment)
        except OperationError as error:
            results.append({})
            failures.append(error.failure(place))
        else:
            results.append(adjustment)
    reply: JsonObject = {"results": results}
    if failures:
        reply["partialFailureError"] = {
            "code": 3, "message": "Multiple errors.", "details": [failure_detail(failures)],
        }  # fmt: skip
    return reply


def _adjust(context: Context, customer_id: str, adjustment: JsonObject) -> None:
    name = re.fullmatch(
        rf"customers/{customer_id}/conversionActions/(\d+)",
        str(adjustment.get("conversionAction")),
    )
    if name is None:
        raise _cannot("INVALID_CONVERSION_ACTION", "The conversion action cannot be found.")
    if adjustment.get("adjustmentType") != "RETRACTION":
        raise OperationError("enumError", "ENUM_VALUE_NOT_PERMITTED", "Only RETRACTION is here.")
    order, store = str(adjustment.get("orderId", "")), context.store
    rows = store.query(
        "SELECT name, payload FROM conversion_event WHERE platform = 'google' AND dataset = ?"
        " AND event_id = ? ORDER BY id",
        *(name[1], order),
    )
    told = [json.loads(row["payload"]) for row in rows if row["name"] == "conversion"]
    if not told or _is_unknown(told[0]):
        raise _cannot("CONVERSION_NOT_FOUND", "The conversion cannot be found.")
    if any(row["name"] == "retraction" for row in rows):
        raise _cannot("CONVERSION_ALREADY_RETRACTED", "The conversion was already retracted.")
    at = datetime.fromisoformat(str(told[0]["eventTimestamp"]))
    if context.now - at.timestamp() > OLDEST_ADJUSTED.total_seconds():
        raise _cannot("CONVERSION_EXPIRED", "The conversion occurred more than 54 days ago.")
    try:
        moment = datetime.fromisoformat(str(adjustment.get("adjustmentDateTime")))
    except ValueError:
        raise OperationError("dateError", "INVALID_STRING_DATE_TIME", "No date.") from None
    if moment.tzinfo is None or moment < at:
        raise _cannot("ADJUSTMENT_PRECEDES_CONVERSION", "It occurred before its conversion.")
    keep(store, "google", name[1], "retraction", order, adjustment)


def _cannot(code: str, message: str) -> OperationError:
    return OperationError("conversionAdjustmentUploadError", code, message)


def _destination(body: JsonObject) -> str:
    destinations = as_list(body.get("destinations"))
    if len(destinations) != 1:
        raise _invalid("destinations", "Name one destination.")
    destination = as_object(destinations[0])
    account = as_object(destination.get("operatingAccount"))
    if account.get("accountType") != "GOOGLE_ADS" or not _digits(account.get("accountId")):
        raise _invalid("destinations[0].operatingAccount", "The account is missing or no number.")
    if not _digits(destination.get("productDestinationId")):
        raise _invalid("destinations[0].productDestinationId", "Name the conversion action by id.")
    return str(destination["productDestinationId"])


def _digits(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+", value) is not None


def _check(event: JsonObject, at: str) -> None:
    try:
        moment = datetime.fromisoformat(str(event.get("eventTimestamp")))
    except ValueError:
        raise _invalid(f"{at}.eventTimestamp", "Write it as in RFC 3339.") from None
    if moment.tzinfo is None:
        raise _invalid(f"{at}.eventTimestamp", "Its zone is missing.")
    if event.get("eventSource") not in _SOURCES:
        raise _invalid(f"{at}.eventSource", "This source is unknown.")
    clicks = [name for name in _CLICK_IDS if name in as_object(event.get("adIdentifiers"))]
    if len(clicks) > 1:
        raise _invalid(f"{at}.adIdentifiers", "Send one click id only.")
    user = as_list(as_object(event.get("userData")).get("userIdentifiers"))
    if not (clicks or user):
        raise _invalid(at, "Neither click id nor user data.")
    for entry in user:
        if not all(is_hash(value) for value in as_object(entry).values()):
            raise _invalid(f"{at}.userData", "Identifiers must be hashed with SHA-256 in HEX.")
    if "conversionValue" in event and not event.get("currency"):
        raise _invalid(f"{at}.currency", "A value needs its currency.")
    consent = as_object(event.get("consent"))
    if not set(consent.values()) <= _CONSENTS:
        raise _invalid(f"{at}.consent", "This consent is unknown.")


def _status(context: Context) -> JsonObject:
    """What became of a batch: events whose click id nobody knows fail, each for itself."""
    request_id = context.request.query.get("requestId", "")
    rows = context.store.query(
        "SELECT payload, dataset FROM conversion_event WHERE request_id = ?", request_id
    )
    if not rows:
        raise _refuse(404, "NOT_FOUND", "There is no such request.")
    status: JsonObject = {
        "destination": {"productDestinationId": rows[0]["dataset"]},
        "requestStatus": "PROCESSING",
    }
    if context.store.setting("google_ingest_processing", "0") == "0":
        failed = sum(_is_unknown(json.loads(row["payload"])) for row in rows)
        status["requestStatus"] = (
            "SUCCESS" if not failed else "FAILED" if failed == len(rows) else "PARTIAL_SUCCESS"
        )
        status["eventsIngestionStatus"] = {"recordCount": str(len(rows))}
        if failed:
            count = {"recordCount": str(failed), "reason": "PROCESSING_ERROR_REASON_INVALID_GCLID"}
            status["errorInfo"] = {"errorCounts": [count]}
    return {"requestStatusPerDestination": [status]}


def _is_unknown(event: JsonObject) -> bool:
    clicks = as_object(event.get("adIdentifiers"))
    return any(str(value).startswith(UNKNOWN) for value in clicks.values())


def _invalid(field: str, message: str) -> Refusal:
    return _refuse(400, "INVALID_ARGUMENT", message, field)


def _refuse(code: int, word: str, message: str, field: str = "") -> Refusal:
    error: JsonObject = {"code": code, "status": word, "message": message}
    if field:
        violation = {"field": field, "description": message}
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [violation],
            }
        ]
    return Refusal(Answer.json({"error": error}, code))
