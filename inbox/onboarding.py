"""What the inbox brings to the ground floor: mailboxes to connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from inbox.platforms.imap import build
from inbox.services.mail_events import IMAP
from workspaces.hooks import ConnectionTestError, SecretField, register_connection_kind
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError

FIELDS: Final = (
    SecretField("host", "Mail server", "As imap.example.com."),
    SecretField("port", "Port", "Empty: 993, or 143 with tls.", is_required=False),
    SecretField("security", "Security", "ssl (usual) or tls.", is_required=False),
    SecretField("username", "User name", "Often the address."),
    SecretField("password", "Password", "Many providers want one made for one program."),
    SecretField("folder", "Folder", "Empty: INBOX. It is read, never changed.", is_required=False),
    SecretField("address", "Address", "Of the mailbox, where the user name is none.",
                is_required=False),
)  # fmt: skip


def register() -> None:
    """Called once, when the app is ready."""
    register_connection_kind(IMAP, "Mailbox (IMAP)", FIELDS, try_connection)


def try_connection(connection: Connection, secret: Mapping[str, str]) -> str:
    """Log in and look, without a change."""
    try:
        mailbox = build(secret, allow_loopback=settings.ALLOW_SANDBOX)
        try:
            return mailbox.check()
        finally:
            mailbox.close()
    except PlatformError as error:
        raise ConnectionTestError(
            error.message, needs_login=error.kind == ErrorKind.AUTH
        ) from error
