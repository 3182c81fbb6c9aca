"""A client of an ad platform for what is no ad change: its token, its errors, its quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from campaigns.platforms import (
    google,
    google_wire,
    linkedin_wire,
    meta,
    meta_wire,
    tiktok,
    tiktok_wire,
)
from campaigns.platforms.adapter import invalid
from campaigns.platforms.registry import google_token
from workspaces.platforms.client import Dialect, FixedHeaders, PlatformClient, checked_secret

META_VERSION: Final = meta.API_VERSION
GOOGLE_VERSION: Final = google.API_VERSION
_META: Final = Dialect(meta_wire.LABEL, meta_wire.usage_of, meta_wire.error_of)
_GOOGLE: Final = Dialect("Google", google_wire.usage_of, google_wire.error_of)
_LINKEDIN: Final = Dialect(linkedin_wire.LABEL, linkedin_wire.usage_of, linkedin_wire.error_of)
linkedin_error_kind = linkedin_wire.kind_of
_TIKTOK: Final = Dialect(tiktok_wire.LABEL, tiktok_wire.usage_of, tiktok_wire.error_of)


class _BearerOnly:
    """Google's token without the headers that only its Ads API takes."""

    def __init__(self, token: google_wire.RefreshingToken) -> None:
        self._token = token

    def headers(self) -> Mapping[str, str]:
        """Return the token alone."""
        return {"Authorization": self._token.headers()["Authorization"]}

    def secrets(self) -> Sequence[str]:
        """Return all that the connection holds."""
        return self._token.secrets()


class _GoogleClient(PlatformClient):
    """Closes the client of its token too."""

    def __init__(self, *, token: google_wire.RefreshingToken, is_ads: bool, **options: Any) -> None:
        auth = token if is_ads else _BearerOnly(token)
        super().__init__(auth=auth, dialect=_GOOGLE, **options)
        self._token = token

    def close(self) -> None:
        """Give the connections of both back."""
        super().close()
        self._token.close()


def client_of(
    kind: str,
    *,
    credentials: Mapping[str, str],
    base_url: str = "",
    home: str = "",
    allow_loopback: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> PlatformClient:
    """Return a client with the token of a connection; nothing is sent yet.

    Parameters
    ----------
    kind : ``meta``, ``google``, ``tiktok`` or ``linkedin``
    credentials : what the connection keeps
    base_url : the connection's own address; empty for the platform's
    home : where the platform has this interface, if not where its ads interface is
    allow_loopback : whether a sandbox on this machine may be talked to
    transport : how requests travel; the network when it is left out

    Raises
    ------
    PlatformError : unknown kind, refused base URL, missing or impossible secret
    """
    options: dict[str, Any] = {"allow_loopback": allow_loopback, "transport": transport}
    if kind == "google":
        token, token_url = google_token(credentials, base_url or None)
        google.connect_token(token, token_url, **options)
        base = base_url or home or google.BASE_URL
        return _GoogleClient(token=token, is_ads=not home, base_url=base, **options)
    if kind == "linkedin":
        version = credentials.get("api_version") or linkedin_wire.API_VERSION
        headers = linkedin_wire.headers_of(credentials.get("access_token", ""), version)
        base = base_url or home or linkedin_wire.BASE_URL
        return PlatformClient(base_url=base, auth=headers, dialect=_LINKEDIN, **options)
    if kind not in ("meta", "tiktok"):
        raise invalid(f"{kind!r} is no ad platform that this is sent to.", "kind")
    secret = checked_secret(credentials.get("access_token", ""), "access token")
    if kind == "meta":
        auth = FixedHeaders({"Authorization": f"Bearer {secret}"}, (secret,))
        base = base_url or home or meta.BASE_URL
        return PlatformClient(base_url=base, auth=auth, dialect=_META, **options)
    auth = FixedHeaders({"Access-Token": secret}, (secret,))
    base = base_url or home or tiktok.BASE_URL
    return PlatformClient(base_url=base, auth=auth, dialect=_TIKTOK, **options)
