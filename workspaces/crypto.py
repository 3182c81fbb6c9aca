"""Secrets at rest: Fernet (AES-128-CBC with HMAC), keys from the environment."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadableError(Exception):
    """The stored secret does not decrypt with any configured key."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(value: dict[str, Any]) -> str:
    """Ciphertext of a small JSON object, as text."""
    return _fernet().encrypt(json.dumps(value).encode()).decode()


def decrypt(ciphertext: str) -> dict[str, Any]:
    """Open what ``encrypt`` made; an empty string is an empty object."""
    if not ciphertext:
        return {}
    try:
        plain = _fernet().decrypt(ciphertext.encode())
    except InvalidToken as error:
        raise SecretUnreadableError(
            "This secret was stored with another FIELD_ENCRYPTION_KEY; add the old key behind"
            " the new one, or enter the secret again."
        ) from error
    value: dict[str, Any] = json.loads(plain)
    return value
