"""X's calls: signed with the consumer secret of the app, one event for each direct message.

Two shapes are known: the account activity of old (``direct_message_events`` for a user) and API
v2's own (``dm.received``). Neither was seen live, so both are read and nothing else is relied on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
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
    keys_in_use,
    read_json,
    require_few,
    require_same,
    text_of,
)

KIND: Final = "x.dm"
_SECRET: Final = "consumer_secret"  # noqa: S105  # a name
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9+/=_.-]{1,200}")


class XProvider(Provider):
    """Calls about the direct messages of an account."""

    name = "x"

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Compare with the HMAC-SHA256 under the consumer secret."""
        expected = [_signed(key, call.body) for key in keys_in_use(secret, _SECRET)]
        require_same(expected, header(call, "x-twitter-webhooks-signature"))

    def challenge(self, call: Call, secret: Mapping[str, str]) -> str | None:
        """Sign what X asks, to show that this address knows the secret."""
        token = call.query.get("crc_token", "")
        if not _CHALLENGE.fullmatch(token):
            raise ForgedError("this is no check of X")
        key = keys_in_use(secret, _SECRET)[0]
        return json.dumps({"response_token": _signed(key, token.encode())})

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """One event for each message that somebody wrote to us; our own and other news is none."""
        found = tuple(_events(read_json(text_of(call.body))))
        require_few(len(found))
        return Batch(found)


def _signed(key: bytes, what: bytes) -> str:
    mac = hmac.new(key, what, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(mac).decode()


def _events(payload: Any) -> Iterator[Event]:
    whole = _part(payload)
    for one in whole.get("direct_message_events") or ():
        made = _part(_part(one).get("message_create"))
        told = {
            "id": _part(one).get("id"),
            "sender": made.get("sender_id"),
            "text": _part(made.get("message_data")).get("text"),
            "at": _part(one).get("created_timestamp"),
        }
        yield from _event(told, whole.get("for_user_id"))
    data = _part(whole.get("data"))
    if data.get("event_type") == "dm.received":
        message = _part(data.get("payload"))
        told = {
            "id": message.get("id"),
            "sender": message.get("sender_id"),
            "text": message.get("text"),
            "at": message.get("created_at"),
        }
        yield from _event(told, _part(data.get("filter")).get("user_id"))


def _event(told: Mapping[str, Any], ours: object) -> Iterator[Event]:
    name, sender = str(told["id"] or ""), str(told["sender"] or "")
    if name and sender and sender != str(ours):
        told = {"id": name, "sender": sender, "text": str(told["text"] or ""), "at": told["at"]}
        yield Event(digest_of("x", name), KIND, json.dumps(told))


def _part(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
