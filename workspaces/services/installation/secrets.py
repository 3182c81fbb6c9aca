"""Stored secrets and the keys that open them; connections that need somebody."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db.models import Count

from workspaces import crypto
from workspaces.models import Connection, ConnectionStatus, WebhookEndpoint
from workspaces.services.health import Check


def check_secrets() -> Check:
    """Open every stored secret with the configured keys, and see which of them it takes."""
    name = "encryption"
    try:
        crypto.encrypt({})
    except ValueError:
        words = "FIELD_ENCRYPTION_KEYS holds a malformed key; see .env.example for how to make one."
        return Check(name, is_ok=False, words=words)
    stored = _stored()
    unreadable = sum(not _opens(secret) for secret in stored)
    if unreadable:
        words = (
            f"{unreadable} of {len(stored)} stored secrets do not open; add the key they were"
            " stored with to FIELD_ENCRYPTION_KEYS, or enter them again."
        )
        return Check(name, is_ok=False, words=words)
    return _rotation(name, stored)


def _rotation(name: str, stored: list[str]) -> Check:
    first, *others = settings.FIELD_ENCRYPTION_KEYS
    old = sum(not _opens_by(first, secret) for secret in stored) if others else 0
    if old:
        words = (
            f"{old} of {len(stored)} secrets are stored with an older key; run: python manage.py"
            " rotate_keys"
        )
        return Check(name, is_ok=False, is_warning=True, words=words)
    if others:
        words = "No secret needs the older keys; remove all but the first of FIELD_ENCRYPTION_KEY."
        return Check(name, is_ok=False, is_warning=True, words=words)
    return Check(name, is_ok=True, words=f"All {len(stored)} stored secrets open.")


def _stored() -> list[str]:
    columns = (
        (Connection, "secret"),
        (WebhookEndpoint, "secret"),
        (WebhookEndpoint, "previous_secret"),
    )
    return [
        secret
        for model, column in columns
        for secret in model._default_manager.exclude(**{column: ""}).values_list(column, flat=True)
    ]


def _opens(secret: str) -> bool:
    try:
        crypto.decrypt(secret)
    except crypto.SecretUnreadableError:
        return False
    return True


def _opens_by(key: str, secret: str) -> bool:
    try:
        Fernet(key).decrypt(secret.encode())
    except InvalidToken:
        return False
    return True


def check_connections() -> Check:
    """Count connections that a platform or an old token stopped."""
    broken = Connection.objects.filter(
        status__in=[ConnectionStatus.NEEDS_LOGIN, ConnectionStatus.STOPPED]
    )
    found = broken.values_list("kind").annotate(number=Count("pk")).order_by("kind")
    if told := ", ".join(f"{number} of {kind}" for kind, number in found):
        words = f"Some need a person ({told}); enter a new token on the page of connections."
        return Check("connections", is_ok=False, is_warning=True, words=words)
    return Check("connections", is_ok=True, words="None needs a new token.")
