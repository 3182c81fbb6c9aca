"""The part of the control surface that plays people on X, and calls back as X does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from sandbox import messages
from sandbox.context import utc_text
from sandbox.messages import MessageError
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request
from sandbox.webhooks import arranged, is_forged, webhook_secret

SHAPES = ("activity", "v2")


def _inbound(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"account", "from", "text", "url", "send"?, "shape"?: "v2", "duplicates"?, "signature"?}`.

    A person writes to the account; ``shape`` is that of the call: account activity, or API v2's.
    """
    body = request.json()
    account = messages.account_of(store, body, "x")
    person, told, now = str(body.get("from", "")), str(body.get("text", "")), store.now()
    shape = str(body.get("shape", "activity"))
    if not person or shape not in SHAPES:
        raise MessageError(f"from is the number of who writes, shape one of {', '.join(SHAPES)}")
    digest = hashlib.sha256(f"{account.id}:{person}:{now}:{told}".encode()).hexdigest()
    name = str(int(digest[:15], 16))
    event = (
        _v2(account.id, person, told, name, now)
        if shape == "v2"
        else _activity(account.id, person, told, name, now)
    )
    text = json.dumps(event, separators=(",", ":"))
    secret = webhook_secret(account)
    key = f"not {secret}" if is_forged(body) else secret
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "x-twitter-webhooks-signature": "sha256=" + base64.b64encode(mac).decode(),
    }
    call = {"url": str(body.get("url", "")), "headers": headers, "body": text}
    return {"id": name, "calls": arranged([call], body, store.seed)}


def _activity(ours: str, person: str, told: str, name: str, now: float) -> JsonObject:
    made = {
        "target": {"recipient_id": ours}, "sender_id": person, "message_data": {"text": told}
    }  # fmt: skip
    one = {
        "type": "message_create", "id": name, "created_timestamp": str(int(now * 1000)),
        "message_create": made,
    }  # fmt: skip
    return {"for_user_id": ours, "direct_message_events": [one]}


def _v2(ours: str, person: str, told: str, name: str, now: float) -> JsonObject:
    message = {
        "id": name, "event_type": "MessageCreate", "sender_id": person, "text": told,
        "created_at": utc_text(now, "%Y-%m-%dT%H:%M:%S.000Z"),
    }  # fmt: skip
    return {"data": {"event_type": "dm.received", "filter": {"user_id": ours}, "payload": message}}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "x/inbound"): _inbound,
}
