"""Which class reads by which kind of connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from outreach.platforms.social.base import Reader
from workspaces.platforms.errors import ErrorKind, PlatformError

#: Networks that a kind of connection opens.
PLATFORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "messenger": ("facebook", "instagram"),
    "x": ("twitter",),
    "linkedin_page": ("linkedin",),
    "tiktok_creator": ("tiktok",),
}


def build_reader(
    kind: str, *, secret: Mapping[str, str], base_url: str | None, allow_loopback: bool
) -> Reader:
    """Return the reader of one connection; nothing is asked yet.

    Raises
    ------
    PlatformError : unknown kind, refused address, missing or impossible credential
    """
    # Each is loaded on first use.
    if kind == "messenger":
        from outreach.platforms.social.meta import MetaReader

        return MetaReader(secret, base_url, allow_loopback=allow_loopback)
    if kind == "x":
        from outreach.platforms.social.x import XReader

        return XReader(secret, base_url, allow_loopback=allow_loopback)
    if kind == "linkedin_page":
        from outreach.platforms.social.linkedin import LinkedInReader

        return LinkedInReader(secret, base_url, allow_loopback=allow_loopback)
    if kind == "tiktok_creator":
        from outreach.platforms.social.tiktok import TikTokReader

        return TikTokReader(secret, base_url, allow_loopback=allow_loopback)
    raise PlatformError(
        ErrorKind.INVALID, f"Nothing is read by connections of kind {kind!r}.", field="kind"
    )
