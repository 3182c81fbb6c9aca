"""Senders that belong to no domain, and the kind of connection for any integration."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from workspaces import hooks
from workspaces.inbound.providers.generic import GenericProvider, check_secret
from workspaces.inbound.providers.meta import MetaProvider
from workspaces.inbound.providers.twilio import TwilioProvider
from workspaces.inbound.registry import register_provider
from workspaces.models import Connection

FIELDS = (
    hooks.SecretField(
        "secret",
        "Signing secret",
        "whsec_ and the base64 of 24 to 64 random bytes, as the sender shows it.",
    ),
    hooks.SecretField(
        "previous_secret",
        "Signing secret before",
        "Counts too, while the sender changes from one to the other.",
        is_required=False,
    ),
)


def register() -> None:
    """Called once, when the app is ready."""
    for provider in (GenericProvider(), MetaProvider(), TwilioProvider()):
        register_provider(provider)
    hooks.register_connection_kind(
        GenericProvider.name, "Any system (Standard Webhooks)", FIELDS, try_connection
    )


def address_of(connection: Connection) -> str:
    """Where the other system sends its calls to."""
    base = settings.PUBLIC_BASE_URL.rstrip("/")
    return f"{base}/api/webhooks/{connection.kind}/{connection.public_id}"


def try_connection(connection: Connection, secret: Mapping[str, str]) -> str:
    """Check what can be checked without the other side, and say where it sends to."""
    for field in FIELDS:
        if (value := secret.get(field.name)) and not check_secret(value):
            raise hooks.ConnectionTestError(f"{field.label} is no base64; copy it once more.")
    return f"Ready. The other system sends its webhooks to {address_of(connection)}"
