"""HubSpot webhooks: signature v3 over method, address, body and time; arrays of up to 100 events.

``eventId`` is not unique and neither order nor single delivery is promised, so an event is a hint
and its key is what it says. Connections of private apps carry no v3 signature on subscriptions to
CRM objects; they are marked as such and then the old v1 is accepted, where v3 is absent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from workspaces.inbound.base import (
    Batch,
    Call,
    Event,
    ForgedError,
    Provider,
    digest_of,
    header,
    json_items,
    keys_in_use,
    kind_of,
    require_same,
    text_of,
)

MAX_AGE_MS: Final = 5 * 60 * 1000
MAX_FUTURE_MS: Final = 60 * 1000  # ours; HubSpot only documents the age
PRIVATE_APP: Final = "private"

_MILLISECONDS = re.compile(r"[0-9]{1,15}")
# HubSpot signs the address with exactly these decoded, so %20 and the others stay as they are.
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)
_KEY = ("portalId", "subscriptionType", "objectId", "propertyName", "propertyValue", "occurredAt")
# An association has no property; without its ends all of one millisecond would look the same.
_ENDS = ("fromObjectId", "toObjectId", "associationType", "associationRemoved")


class HubSpotProvider(Provider):
    """Reads ``client_secret``, ``app_type`` and ``portal_id`` of the connection's credentials."""

    name = "hubspot"

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Check v3; v1 only for a private app and only where no v3 was sent."""
        keys = keys_in_use(secret, "client_secret")
        if secret.get("app_type") == PRIVATE_APP and "x-hubspot-signature-v3" not in call.headers:
            _verify_v1(call, keys)
        else:
            _verify_v3(call, keys, now)

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """Take the array apart; events of another portal than the connection's are dropped."""
        own = secret.get("portal_id", "")
        items = list(json_items(text_of(call.body)))
        events = tuple(_event(item, text) for item, text in items if _is_own(item, own))
        return Batch(events, dropped=len(items) - len(events))


def _verify_v3(call: Call, keys: list[bytes], now: datetime) -> None:
    offered = header(call, "x-hubspot-signature-v3")
    sent = header(call, "x-hubspot-request-timestamp")
    if not _MILLISECONDS.fullmatch(sent):
        raise ForgedError("the timestamp is no number of milliseconds")
    age_ms = round(now.timestamp() * 1000) - int(sent)
    if not -MAX_FUTURE_MS <= age_ms <= MAX_AGE_MS:
        raise ForgedError("the call is older than five minutes or more than one ahead")
    signed = call.method.encode() + decoded(call.url).encode() + call.body + sent.encode()
    expected = [
        base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys
    ]
    require_same(expected, offered)


def _verify_v1(call: Call, keys: list[bytes]) -> None:
    if call.headers.get("x-hubspot-signature-version", "v1") != "v1":
        raise ForgedError("neither v3 nor v1 is signed")
    expected = [hashlib.sha256(key + call.body).hexdigest() for key in keys]
    require_same(expected, header(call, "x-hubspot-signature"))


def decoded(url: str) -> str:
    """Address as HubSpot signs it."""
    return _ESCAPE.sub(lambda found: _DECODED[found.group().upper()], url)


def _is_own(item: Any, portal_id: str) -> bool:
    if not portal_id or not isinstance(item, dict):
        return True
    return str(item.get("portalId", portal_id)) == portal_id


def _event(item: Any, text: str) -> Event:
    if not isinstance(item, dict):
        return Event(digest_of(item), "", text)
    # Newer samples name the type eventType.
    kind = item.get("subscriptionType") or item.get("eventType")
    told = {**item, "subscriptionType": kind}
    parts = [told.get(name) for name in _KEY]
    ends = [item[name] for name in _ENDS if name in item]
    return Event(digest_of(*parts, *ends), kind_of(kind), text)
