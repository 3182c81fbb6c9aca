"""Standard Webhooks 1.0: how a message is signed, and how a signature is checked.

See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE_S = 300


class SignatureError(Exception):
    """The message is not what its signature says, or too old."""


def new_secret() -> str:
    """Fresh signing secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, ``v1,`` and the base64 of HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(
    *, secrets_in_use: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Headers of a message; two secrets sign it while one replaces the other."""
    signatures = [
        sign(secret=secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secrets_in_use
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(*, secret: str, received: Mapping[str, str], body: bytes, now_s: float) -> None:
    """Check a message that came in, or raise ``SignatureError``; header names in lower case."""
    try:
        message_id = received["webhook-id"]
        timestamp = int(received["webhook-timestamp"])
        offered = received["webhook-signature"].split()
    except (KeyError, ValueError) as error:
        raise SignatureError("the webhook headers are missing or malformed") from error
    if abs(now_s - timestamp) > TOLERANCE_S:
        raise SignatureError("the message is older or newer than five minutes")
    try:
        expected = sign(secret=secret, message_id=message_id, timestamp=timestamp, body=body)
    except binascii.Error as error:
        raise SignatureError("the configured secret is no base64") from error
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in offered):
        raise SignatureError("no signature matches")
