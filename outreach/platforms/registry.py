"""Which class sends on which channel, and by which kinds of connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from outreach.platforms.base import Sender
from workspaces.platforms.errors import ErrorKind, PlatformError

#: Kinds of connections by which a channel is sent; without any a machine sends nothing there.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email",),
    "sms": ("twilio",),
    "whatsapp": ("twilio",),
    "instagram": ("messenger",),
    "facebook": ("messenger",),
    # Its terms forbid machines: a person sends what we drafted.
    "linkedin": (),
    "twitter": ("x",),
    # Whoever serves the chat registers it.
    "chat": (),
}


def build(
    kind: str, *, secret: Mapping[str, str], base_url: str | None, allow_loopback: bool
) -> Sender:
    """Return the sender of one connection, for one thread; nothing is sent yet.

    Parameters
    ----------
    kind : of the connection
    secret : what the connection keeps, opened
    base_url : scheme, host and port; the provider's own when it is left out
    allow_loopback : whether a sandbox on this machine may be talked to; never in production

    Raises
    ------
    PlatformError : unknown kind, refused address, missing or impossible credential
    """
    # Each is loaded on first use.
    if kind == "email":
        from outreach.platforms import email

        return email.build(secret, base_url, allow_loopback=allow_loopback)
    if kind == "twilio":
        from outreach.platforms.twilio import Twilio

        return Twilio(secret, base_url, allow_loopback=allow_loopback)
    if kind == "messenger":
        from outreach.platforms.meta import MetaMessages

        return MetaMessages(secret, base_url, allow_loopback=allow_loopback)
    if kind == "x":
        from outreach.platforms.x import X

        return X(secret, base_url, allow_loopback=allow_loopback)
    raise PlatformError(
        ErrorKind.INVALID, f"Messages are not sent by connections of kind {kind!r}.", field="kind"
    )
