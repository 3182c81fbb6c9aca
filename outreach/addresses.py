"""Where messages lead back to: full addresses around the engine's tokens."""

from __future__ import annotations

import hashlib
from functools import cache
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from outreach.engine.links import LinkKind, Reference, make_token, read_token


@cache
def _key(secret: str) -> bytes:
    """A key of its own, so that a token is good for nothing else that this secret signs."""
    return hashlib.blake2b(b"outreach.links", key=secret.encode()[:64], digest_size=32).digest()


def click_address(message: UUID, link: int) -> str:
    """Over us to a tracked link."""
    return _address("outreach-click", LinkKind.CLICK, Reference(message, link))


def pixel_address(message: UUID) -> str:
    """Of the picture that tells of an opening."""
    return _address("outreach-pixel", LinkKind.OPEN, Reference(message))


def unsubscribe_address(message: UUID) -> str:
    """For the header and the foot of a mail (RFC 8058)."""
    return _address("outreach-unsubscribe", LinkKind.UNSUBSCRIBE, Reference(message))


def preferences_address(message: UUID) -> str:
    """Of the page on which the recipient chooses what comes by which channel."""
    return _address("outreach-preferences", LinkKind.PREFERENCES, Reference(message))


def reference_of(kind: LinkKind, token: str) -> Reference | None:
    """What a token from an address names; keys that are being replaced count too."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    found = (read_token(_key(secret), kind, token) for secret in secrets)
    return next((one for one in found if one is not None), None)


def _address(name: str, kind: LinkKind, reference: Reference) -> str:
    token = make_token(_key(settings.SECRET_KEY), kind, reference)
    return settings.PUBLIC_BASE_URL.rstrip("/") + reverse(name, args=[token])
