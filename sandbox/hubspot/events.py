"""Webhooks of a portal: what happened waits here until somebody has it delivered, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from sandbox.entities import Account
from sandbox.store import Store
from sandbox.web import JsonObject, as_object
from sandbox.webhooks import arranged

MAX_EVENTS = 100
APP_ID = 1_160_452
SIGNATURES = ("v3", "v1", "wrong")


def note(store: Store, portal: str, kind: str, object_id: str, at_ms: int, **more: object) -> None:
    """Keep an event until it is delivered."""
    event = {
        "subscriptionId": 25,
        "portalId": int(portal),
        "appId": APP_ID,
        "occurredAt": at_ms,
        "subscriptionType": kind,
        "objectId": int(object_id),
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
        **more,
    }
    store.execute("INSERT INTO crm_event VALUES (NULL, ?, ?)", portal, json.dumps(event))


def waiting(store: Store, portal: str) -> list[JsonObject]:
    """Events that were not delivered yet, in their order."""
    rows = store.query("SELECT * FROM crm_event WHERE account_id = ? ORDER BY id", portal)
    return [as_object(json.loads(row["body"])) for row in rows]


def calls(
    store: Store, account: Account, body: JsonObject, *, now_ms: int, seed: int
) -> list[JsonObject]:
    """Put what waits into signed calls; `duplicates`, `order`, `batch`, `signature`, `age_s`.

    Raises
    ------
    ValueError : an option that there is not
    """
    signature = str(body.get("signature", "v3"))
    if signature not in SIGNATURES:
        raise ValueError(f"signature is one of {', '.join(SIGNATURES)}")
    events = arranged(waiting(store, account.id), body, seed)
    # The number of an event says nothing: repeats have other ones.
    told = [{"eventId": place, "attemptNumber": 0, **item} for place, item in enumerate(events, 1)]
    size = min(int(str(body.get("batch", MAX_EVENTS))), MAX_EVENTS)
    sent_ms = now_ms - round(1000 * float(str(body.get("age_s", 0))))
    if not body.get("keep"):
        store.execute("DELETE FROM crm_event WHERE account_id = ?", account.id)
    return [
        _call(account, str(body.get("url", "")), told[start : start + size], signature, sent_ms)
        for start in range(0, len(told), size)
    ]


def _call(
    account: Account, url: str, events: Sequence[JsonObject], signature: str, sent_ms: int
) -> JsonObject:
    body = json.dumps(events, separators=(",", ":"))
    secret = str(account.extra.get("client_secret", ""))
    headers = {"Content-Type": "application/json"}
    if signature == "v1":
        digest = hashlib.sha256((secret + body).encode()).hexdigest()
        headers |= {"X-HubSpot-Signature": digest, "X-HubSpot-Signature-Version": "v1"}
    else:
        key = secret if signature == "v3" else f"not {secret}"
        signed = f"POST{url}{body}{sent_ms}".encode()
        mac = hmac.new(key.encode(), signed, hashlib.sha256).digest()
        headers |= {
            "X-HubSpot-Signature-v3": base64.b64encode(mac).decode(),
            "X-HubSpot-Request-Timestamp": str(sent_ms),
        }
    return {"url": url, "headers": headers, "body": body}
