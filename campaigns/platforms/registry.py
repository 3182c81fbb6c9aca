"""Which class speaks to which platform, and where its production lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx

from campaigns.platforms.adapter import coarse_step, invalid
from campaigns.platforms.base import Platform

if TYPE_CHECKING:
    from campaigns.platforms.google_wire import RefreshingToken

KINDS = ("google", "linkedin", "meta", "tiktok")

Credentials = Mapping[str, str]
_Builder = Callable[[Credentials, str | None, bool, httpx.BaseTransport | None], Platform]


def build(
    kind: str,
    *,
    credentials: Credentials,
    base_url: str | None = None,
    allow_loopback: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> Platform:
    """Return an adapter for one connection; nothing is sent yet.

    Parameters
    ----------
    kind : ``meta``, ``google``, ``tiktok`` or ``linkedin``
    credentials : what the connection keeps. All but Google: ``access_token``; Google:
        ``client_id``, ``client_secret``, ``refresh_token``, ``developer_token``. Optional, and
        no secrets: ``api_version`` (all but TikTok), ``conversion_action`` (Meta),
        ``conversion_metric`` and ``revenue_metric`` (TikTok, LinkedIn), ``login_customer_id`` and
        ``token_url`` (Google)
    base_url : scheme, host and port; the platform's production when it is left out
    allow_loopback : whether a sandbox on this machine may be talked to; never in production
    transport : how requests travel; the network when it is left out

    Raises
    ------
    PlatformError : unknown kind, refused base URL, missing or impossible secret
    """
    builders: Mapping[str, _Builder] = {
        "meta": _meta,
        "google": _google,
        "tiktok": _tiktok,
        "linkedin": _linkedin,
    }
    if kind not in builders:
        raise invalid(
            f"{kind!r} is no platform that is connected here; there are {', '.join(KINDS)}.", "kind"
        )
    return builders[kind](credentials, base_url, allow_loopback, transport)


# Each platform is loaded on first use: a workspace with one of them does not pay for all.


def _meta(
    credentials: Credentials,
    base_url: str | None,
    allow_loopback: bool,  # noqa: FBT001  # the shape of a builder
    transport: httpx.BaseTransport | None,
) -> Platform:
    from campaigns.platforms import meta

    return meta.Meta(
        access_token=credentials.get("access_token", ""),
        base_url=base_url or meta.BASE_URL,
        api_version=credentials.get("api_version") or meta.API_VERSION,
        conversion_action=credentials.get("conversion_action") or meta.CONVERSION_ACTION,
        allow_loopback=allow_loopback,
        transport=transport,
    )


def _google(
    credentials: Credentials,
    base_url: str | None,
    allow_loopback: bool,  # noqa: FBT001  # the shape of a builder
    transport: httpx.BaseTransport | None,
) -> Platform:
    from campaigns.platforms import google

    auth, token_url = google_token(credentials, base_url)
    return google.Google(
        auth=auth,
        base_url=base_url or google.BASE_URL,
        token_url=token_url,
        api_version=credentials.get("api_version") or google.API_VERSION,
        allow_loopback=allow_loopback,
        transport=transport,
    )


def google_token(credentials: Credentials, base_url: str | None) -> tuple[RefreshingToken, str]:
    """Token of a Google connection, and where it is fetched."""
    from campaigns.platforms import google
    from campaigns.platforms.google_wire import RefreshingToken

    auth = RefreshingToken(
        client_id=credentials.get("client_id", ""),
        client_secret=credentials.get("client_secret", ""),
        refresh_token=credentials.get("refresh_token", ""),
        developer_token=credentials.get("developer_token", ""),
        login_customer_id=credentials.get("login_customer_id", ""),
    )
    # Away from production the token comes from the same place: it must not leave the sandbox.
    default = f"{base_url.rstrip('/')}/token" if base_url else google.TOKEN_URL
    return auth, credentials.get("token_url") or default


def _tiktok(
    credentials: Credentials,
    base_url: str | None,
    allow_loopback: bool,  # noqa: FBT001  # the shape of a builder
    transport: httpx.BaseTransport | None,
) -> Platform:
    from campaigns.platforms import tiktok

    return tiktok.TikTok(
        access_token=credentials.get("access_token", ""),
        base_url=base_url or tiktok.BASE_URL,
        conversion_metric=credentials.get("conversion_metric") or tiktok.CONVERSION_METRIC,
        revenue_metric=credentials.get("revenue_metric") or tiktok.REVENUE_METRIC,
        allow_loopback=allow_loopback,
        transport=transport,
    )


def _linkedin(
    credentials: Credentials,
    base_url: str | None,
    allow_loopback: bool,  # noqa: FBT001  # the shape of a builder
    transport: httpx.BaseTransport | None,
) -> Platform:
    from campaigns.platforms import linkedin, linkedin_wire

    return linkedin.LinkedIn(
        access_token=credentials.get("access_token", ""),
        base_url=base_url or linkedin_wire.BASE_URL,
        api_version=credentials.get("api_version") or linkedin_wire.API_VERSION,
        conversion_metric=credentials.get("conversion_metric") or linkedin.CONVERSION_METRIC,
        revenue_metric=credentials.get("revenue_metric") or linkedin.REVENUE_METRIC,
        allow_loopback=allow_loopback,
        transport=transport,
    )


def money_step(kind: str, currency: str, reported_offset: int | None) -> Decimal:
    """Smallest amount in major units that a platform takes in a currency, without a connection.

    Raises
    ------
    PlatformError : the platform's unit of this currency is not known
    """
    if kind == "meta":
        from campaigns.platforms.meta_wire import step_of

        return step_of(currency, reported_offset)
    return coarse_step(currency)


def executes(kind: str) -> bool:
    """Whether signed changes are sent there; see ``executes`` of its adapter."""
    return kind in ("google", "meta", "tiktok")


def takes_batches(kind: str) -> bool:
    """Whether a platform takes several changes in one call; see ``max_batch`` of its adapter."""
    return kind in ("meta", "google")
