"""Files that came with what people wrote, by the connection that told of them."""

from __future__ import annotations

from django.conf import settings

from outreach.platforms.media import fetch
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError


def fetch_file(connection: Connection, url: str, *, most: int) -> bytes:
    """Return the content of a file, of ``most`` bytes.

    Raises
    ------
    PlatformError : not a place of the connection's network, too large, gone, or not reached
    """
    try:
        secret = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return fetch(
        connection.kind, url, secret=secret, base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX, most=most,
    )  # fmt: skip
