"""From a connection to its client; the only place that reads settings for it."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from attribution.hubspot.client import API_VERSION, BASE_URL, HubSpot
from workspaces.models import Connection


def client_of(connection: Connection, secret: Mapping[str, str]) -> HubSpot:
    """Build the client of a portal; nothing is sent yet.

    Raises
    ------
    PlatformError : refused base URL, missing or impossible token
    """
    return HubSpot(
        token=secret.get("access_token", ""),
        base_url=connection.base_url or BASE_URL,
        api_version=settings.HUBSPOT_API_VERSION or API_VERSION,
        allow_loopback=settings.ALLOW_SANDBOX,
    )
