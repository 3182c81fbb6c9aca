"""What outreach brings to the ground floor: providers of messages to connect, first texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from outreach.platforms.registry import build
from outreach.platforms.social.registry import build_reader
from outreach.services.texts.starting import seed_new
from workspaces.hooks import (
    ConnectionTestError,
    SecretField,
    on_workspace_created,
    register_connection_kind,
)
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError

KINDS: Final[Mapping[str, tuple[str, tuple[SecretField, ...]]]] = {
    "email": (
        "E-mail",
        (
            SecretField(
                "provider", "Provider",
                "smtp (Amazon SES too), postmark, resend, mailgun, brevo, mandrill or sendgrid.",
            ),
            SecretField("api_key", "API key", "Of a provider; not of a mail server.",
                        is_required=False),
            SecretField("host", "Mail server", "Of smtp only.", is_required=False),
            SecretField("port", "Port", "Empty: 587, or 465 with ssl.", is_required=False),
            SecretField("security", "Security", "tls (usual), ssl or none.", is_required=False),
            SecretField("username", "User name", is_required=False),
            SecretField("password", "Password", is_required=False),
            SecretField("sender_domain", "Sending domain", "Of Mailgun, where it is not that of"
                        " the sender.", is_required=False),
            SecretField("webhook_secret", "Secret of webhooks", "Name and password, or the"
                        " provider's signing key.", is_required=False),
        ),
    ),
    "twilio": (
        "Twilio",
        (
            SecretField("account_sid", "Account SID", "Begins with AC."),
            SecretField("auth_token", "Auth token", "Also proves its webhooks."),
            SecretField("messaging_service_sid", "Messaging service", "Begins with MG; empty: the"
                        " sender of the channel.", is_required=False),
        ),
    ),
    "messenger": (
        "Messenger and Instagram",
        (
            SecretField("access_token", "Page access token"),
            SecretField("page_id", "Page id", "Of the page that the messages come from."),
            SecretField("app_secret", "App secret", "Signs its webhooks.", is_required=False),
            SecretField("verify_token", "Verify token of webhooks", is_required=False),
        ),
    ),
    "x": (
        "X",
        (
            SecretField("access_token", "Access token", "Of a user, with dm.write."),
            SecretField("consumer_secret", "Consumer secret", "Signs its webhooks.",
                        is_required=False),
        ),
    ),
    "linkedin_page": (
        "LinkedIn page",
        (
            SecretField("access_token", "Access token", "With r_organization_social."),
            SecretField("organization_id", "Number of the organisation"),
        ),
    ),
    "tiktok_creator": (
        "TikTok creator",
        (SecretField("access_token", "Access token", "With video.list and user.info.stats."),),
    ),
}  # fmt: skip
#: Nothing is sent by these.
_READ_ONLY: Final = ("linkedin_page", "tiktok_creator")


def register() -> None:
    """Called once, when the app is ready."""
    on_workspace_created(seed_new)
    for kind, (label, fields) in KINDS.items():
        register_connection_kind(
            kind, label, fields, try_reading if kind in _READ_ONLY else try_connection
        )


def try_connection(connection: Connection, secret: Mapping[str, str]) -> str:
    """Log in, or read the account, without sending anything."""
    try:
        sender = build(
            connection.kind,
            secret=secret,
            base_url=connection.base_url or None,
            allow_loopback=settings.ALLOW_SANDBOX,
        )
        try:
            return sender.check()
        finally:
            sender.close()
    except PlatformError as error:
        raise ConnectionTestError(
            error.message, needs_login=error.kind == ErrorKind.AUTH
        ) from error


def try_reading(connection: Connection, secret: Mapping[str, str]) -> str:
    """Ask which accounts it opens."""
    try:
        reader = build_reader(
            connection.kind,
            secret=secret,
            base_url=connection.base_url or None,
            allow_loopback=settings.ALLOW_SANDBOX,
        )
        try:
            names = [one.name or one.external_id for one in reader.accounts()]
        finally:
            reader.close()
    except PlatformError as error:
        raise ConnectionTestError(
            error.message, needs_login=error.kind == ErrorKind.AUTH
        ) from error
    return f"It opens {', '.join(names)}."
