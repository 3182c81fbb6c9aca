"""Calls of outside senders, signed as they sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from workspaces import crypto
from workspaces.inbound.base import Call
from workspaces.models import Connection
from workspaces.platforms import standard_webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + base64.b64encode(b"another key of thirty-two bytes.").decode()


def call(
    body: bytes = b"", headers: dict[str, str] | None = None, *, method: str = "POST",
    url: str = "https://countersign.example/api/webhooks/x/y",
) -> Call:  # fmt: skip
    """A call as the door hands it on."""
    return Call(
        method=method,
        url=url,
        headers={name.lower(): value for name, value in (headers or {}).items()},
        query=dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
        body=body,
    )


def call_of(vector: dict[str, Any]) -> Call:
    """The call of a published vector."""
    given = vector["inputs"]
    if "params" in given:
        body = urlencode(given["params"]).encode()
    else:
        body = base64.b64decode(given["body_b64"])
    url = given.get("url", "https://countersign.example/")
    return call(body, given["headers"], method=given["method"], url=url)


def clock_of(vector: dict[str, Any]) -> datetime:
    """The moment at which a vector is judged."""
    given = vector["inputs"]
    seconds = given.get("clock_unix_s") or given.get("clock_unix_ms", 0) / 1000
    return datetime.fromtimestamp(seconds, UTC)


def standard(
    body: bytes, *, now: datetime, message_id: str = "msg_1", secret: str = SECRET
) -> dict:
    """Headers of a Standard Webhooks message."""
    return standard_webhooks.headers(
        secrets_in_use=[secret], message_id=message_id, timestamp=int(now.timestamp()), body=body
    )


def hub(body: bytes, secret: str) -> dict[str, str]:
    """Header of Meta."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signature}"}


def hubspot_v3(
    body: bytes, *, url: str, now: datetime, secret: str, method: str = "POST"
) -> dict[str, str]:
    """Headers of HubSpot's v3 for an address without escapes."""
    sent = str(round(now.timestamp() * 1000))
    signed = f"{method}{url}".encode() + body + sent.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    return {
        "X-HubSpot-Signature-v3": signature.decode(),
        "X-HubSpot-Request-Timestamp": sent,
    }


def twilio(fields: dict[str, str], *, url: str, secret: str) -> dict[str, str]:
    """Header of Twilio for a form."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
    return {"X-Twilio-Signature": base64.b64encode(digest).decode()}


def connect(workspace, kind: str, *, name: str = "feed", **secret: str) -> Connection:
    """A connection with its credentials."""
    return Connection.objects.create(
        workspace=workspace, kind=kind, name=name, secret=crypto.encrypt(secret)
    )


def as_json(value: object) -> bytes:
    """Body without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()
