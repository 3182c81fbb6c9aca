"""Addresses in messages that lead back to us: opaque, signed, and without a word about anybody.

A token names a message and, of a link, which one. Whoever has it can do for that message what its
kind says and nothing else; there is no cookie and no log-in behind it (RFC 8058 forbids both).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from uuid import UUID

_MAC_BYTES: Final = 12
_HEAD_BYTES: Final = 17  # kind and message
_LINK_BYTES: Final = 6
_LONGEST: Final = 100


class LinkKind(IntEnum):
    """What a token lets its holder do."""

    CLICK = 1
    OPEN = 2
    UNSUBSCRIBE = 3
    PREFERENCES = 4


@dataclass(frozen=True)
class Reference:
    """What a token names; ``link`` is 0 but of a click."""

    message: UUID
    link: int = 0


def make_token(key: bytes, kind: LinkKind, reference: Reference) -> str:
    """Token for an address, 36 to 48 characters of a URL's alphabet.

    Raises
    ------
    ValueError : the link's number is negative or has more than 48 bits
    """
    if not 0 <= reference.link < 1 << 8 * _LINK_BYTES:
        raise ValueError(f"link: {reference.link} is no number of 48 bits")
    tail = reference.link.to_bytes(_LINK_BYTES, "big") if kind == LinkKind.CLICK else b""
    body = bytes([kind]) + reference.message.bytes + tail
    return base64.urlsafe_b64encode(body + _mac(key, body)).decode().rstrip("=")


def read_token(key: bytes, kind: LinkKind, token: str) -> Reference | None:
    """Return what a token names; ``None`` for one of another kind or key, or made up."""
    body = _verified(key, token)
    size = _HEAD_BYTES + (_LINK_BYTES if kind == LinkKind.CLICK else 0)
    if body is None or body[0] != kind or len(body) != size:
        return None
    return Reference(UUID(bytes=body[1:_HEAD_BYTES]), int.from_bytes(body[_HEAD_BYTES:], "big"))


def _verified(key: bytes, token: str) -> bytes | None:
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) < _HEAD_BYTES or not hmac.compare_digest(mac, _mac(key, body)):
        return None
    return body


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
