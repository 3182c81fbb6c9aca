"""Any system that signs by Standard Webhooks 1.0: ``id.timestamp.body``, ± 5 minutes.

See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from workspaces.inbound.base import (
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
    text_of,
)
from workspaces.platforms import standard_webhooks

_SECONDS = re.compile(r"[0-9]{1,12}")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_:+/=-]{1,200}")


class GenericProvider(Provider):
    """The sender's message id stays the same over its retries, so it is the key."""

    name = "generic"

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Accept a call that one of our secrets signed; the sender may offer several signatures."""
        if not _SECONDS.fullmatch(header(call, "webhook-timestamp")):
            raise ForgedError("the timestamp is no number of seconds")
        fits = [_fits(call, key.decode(), now) for key in keys_in_use(secret, "secret")]
        if not any(fits):
            raise ForgedError("no signature fits, or it is not from now")

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """One call is one event."""
        text = text_of(call.body)
        parsed = read_json(text)
        kind = kind_of(parsed.get("type")) if isinstance(parsed, dict) else ""
        sent_id = header(call, "webhook-id")
        key = sent_id if _PLAIN_ID.fullmatch(sent_id) else digest_of(sent_id)
        return Batch((Event(key, kind, text),))


def _fits(call: Call, secret: str, now: datetime) -> bool:
    try:
        standard_webhooks.verify(
            secret=secret, received=call.headers, body=call.body, now_s=now.timestamp()
        )
    except (standard_webhooks.SignatureError, ValueError):
        return False  # ValueError: our own secret is no base64, so nothing can fit it
    return True


def check_secret(secret: str) -> bool:
    """Whether a text can be a signing secret at all."""
    try:
        standard_webhooks.sign(secret=secret, message_id="1", timestamp=0, body=b"")
    except ValueError:
        return False
    return bool(secret.removeprefix(standard_webhooks.PREFIX))
