"""Twilio: HMAC-SHA1 under the auth token over the address and the sorted form fields.

The only sender here whose scheme signs parsed fields; they are read for that and for nothing else.
JSON bodies are signed by their SHA-256 in the address (``bodySHA256``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from workspaces.inbound.base import (
    Batch,
    Call,
    Event,
    ForgedError,
    Provider,
    UnreadableError,
    digest_of,
    header,
    keys_in_use,
    kind_of,
    require_same,
    text_of,
)

_MAX_FIELDS = 500
_PORTS = {"https": 443, "http": 80}


class TwilioProvider(Provider):
    """A message's status is told once per step, so message and status are the key."""

    name = "twilio"
    # An answer in text would be sent to the customer as a message; this says: nothing to say.
    answer = b"<Response/>"
    answer_type = "text/xml; charset=utf-8"

    def verify(self, call: Call, secret: Mapping[str, str], *, now: datetime) -> None:
        """Accept the address with and without its default port, as Twilio's own validator does."""
        if "x-twilio-webhooks-signature-settings" in call.headers:
            raise ForgedError("signed with a shared key, which this connection does not hold")
        fields = "" if _signed_by_body(call) else _sorted_fields(call)
        expected = [
            _signature(key, url + fields)
            for key in keys_in_use(secret, "auth_token")
            for url in _spellings(call.url)
        ]
        require_same(expected, header(call, "x-twilio-signature"))

    def split(self, call: Call, secret: Mapping[str, str]) -> Batch:
        """One call is one event."""
        text = text_of(call.body)
        try:
            fields = {name: values[-1] for name, values in _fields(text).items()}
        except ValueError:
            raise UnreadableError("The form has too many fields.") from None
        sid = fields.get("MessageSid") or fields.get("SmsSid")
        status = fields.get("MessageStatus") or fields.get("SmsStatus")
        if sid and status:
            return Batch((Event(digest_of(sid, status), kind_of("message", status), text),))
        return Batch((Event(digest_of(text), "", text),))


def _fields(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)


def _sorted_fields(call: Call) -> str:
    try:
        fields = _fields(call.body.decode())
    except ValueError:
        raise ForgedError("the body is no form") from None
    return "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))


def _signed_by_body(call: Call) -> bool:
    claimed = call.query.get("bodySHA256")
    if claimed is None:
        return False
    require_same([hashlib.sha256(call.body).hexdigest()], claimed)
    return True


def _signature(key: bytes, text: str) -> str:
    # A lone half of a character in a decoded field cannot be signed by anybody; it must not fail.
    signed = hmac.new(key, text.encode(errors="replace"), hashlib.sha1)
    return base64.b64encode(signed.digest()).decode()


def _spellings(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    host = parts.hostname or ""
    if port is None or parts.port not in (None, port):
        return (url,)
    return (
        parts._replace(netloc=host).geturl(),
        parts._replace(netloc=f"{host}:{port}").geturl(),
    )
