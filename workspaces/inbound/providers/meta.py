"""Meta (Pages, Instagram, WhatsApp, Lead Ads): ``X-Hub-Signature-256`` over the raw body.

Meta signs no time, so a repeat is known by its content alone. It escapes what is not ASCII before
it signs, which only the untouched body shows: hashing JSON written anew fails.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from workspaces.inbound.base import (
    MAX_EVENTS,
    Batch,
    Call,
    Event,
    ForgedError,
    Provider,
    digest_of,
    header,
    keys_in_use,
    kind_of,
    read_json,
    require_few,
    require_same,
    text_of,
)

_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_LISTS = ("changes", "messaging", "standby")


class MetaProvider(Provider):
    """One event for each update of each entry, in the shape in which Meta sends a single one."""

    name = "meta"

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Compare with the HMAC-SHA256 under the app secret."""
        expected = [
            "sha256=" + hmac.new(key, call.body, hashlib.sha256).hexdigest()
            for key in keys_in_use(secret, "app_secret")
        ]
        require_same(expected, header(call, "x-hub-signature-256"))

    def challenge(self, call: Call, secret: Mapping[str, str]) -> str | None:
        """Echo the challenge to whom knows the verify token."""
        expected = [key.decode() for key in keys_in_use(secret, "verify_token")]
        require_same(expected, call.query.get("hub.verify_token", ""))
        challenge = call.query.get("hub.challenge", "")
        if call.query.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
            raise ForgedError("this is no subscription")
        return challenge

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """Take entries apart; what has another shape is kept whole."""
        text = text_of(call.body)
        payload = read_json(text)
        events = tuple(islice(_events(payload), MAX_EVENTS + 1))
        require_few(len(events))
        return Batch(events or (Event(digest_of(payload), _object(payload), text),))


def _object(payload: Any) -> str:
    return kind_of(payload.get("object")) if isinstance(payload, dict) else ""


def _events(payload: Any) -> Iterator[Event]:
    entries = payload.get("entry") if isinstance(payload, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        found = list(_updates(entry))
        for name, update in found:
            yield _event(payload, {**_head(entry), name: [update]}, name, update)
        if not found:
            yield _event(payload, entry, "", entry)


def _updates(entry: Any) -> Iterator[tuple[str, Any]]:
    for name in _LISTS:
        updates = entry.get(name) if isinstance(entry, dict) else None
        for update in updates if isinstance(updates, list) else ():
            yield name, update


def _head(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _LISTS}


def _event(payload: dict[str, Any], entry: Any, name: str, update: Any) -> Event:
    field = update.get("field") if name == "changes" and isinstance(update, dict) else name
    # ``time`` of an entry is when it was sent: a repeat may carry another one.
    subject = entry.get("id") if isinstance(entry, dict) else None
    body = json.dumps({**payload, "entry": [entry]}, separators=(",", ":"))
    return Event(
        digest_of(payload.get("object"), subject, name, update),
        kind_of(_object(payload), field),
        body,
    )
