"""What attribution brings to the ground floor: HubSpot to connect, and to listen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attribution.hubspot.registry import client_of
from attribution.hubspot.webhook import PRIVATE_APP, HubSpotProvider
from attribution.services import crm_sync, hubspot_events
from workspaces.hooks import ConnectionTestError, SecretField, register_connection_kind
from workspaces.inbound.registry import register_consumer, register_provider
from workspaces.inbound.setup import address_of
from workspaces.models import Connection
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.jobs import TRANSIENT, register_job

APP_TYPES: Final = (PRIVATE_APP, "public")
HUBSPOT_FIELDS: Final = (
    SecretField(
        "access_token", "Private-app token", "Starts with pat-; it must read deals and contacts."
    ),
    SecretField("portal_id", "Portal id", "The number of the HubSpot account, also Hub id."),
    SecretField(
        "client_secret",
        "Client secret",
        "Signs its webhooks. Without one the deals are asked for every five minutes.",
        is_required=False,
    ),
    SecretField("previous_client_secret", "Client secret before", is_required=False),
    SecretField(
        "app_type",
        "Type of app",
        "private or public; webhooks of a private app may carry the older signature v1.",
        is_required=False,
    ),
)


def register() -> None:
    """Called once, when the app is ready."""
    register_provider(HubSpotProvider())
    register_consumer(
        hubspot_events.CONSUMER,
        HubSpotProvider.name,
        hubspot_events.consume,
        kinds=hubspot_events.KINDS,
    )
    register_job(
        crm_sync.SYNC_JOB,
        "Sync of CRM deals",
        crm_sync.sync_workspace,
        limit_s=1800,
        max_attempts=5,
        backoff_base_ms=10_000,
        priority=-5,
        retry_on=(*TRANSIENT, crm_sync.CrmSyncPausedError),
    )
    register_job(
        crm_sync.POLL_JOB,
        "CRM deals without webhooks",
        crm_sync.poll_workspace,
        limit_s=600,
        max_attempts=1,
        priority=-5,
    )
    register_connection_kind(HubSpotProvider.name, "HubSpot", HUBSPOT_FIELDS, try_hubspot)


def try_hubspot(connection: Connection, secret: Mapping[str, str]) -> str:
    """Ask HubSpot what the token opens, and say where webhooks are to be sent."""
    if secret.get("app_type", PRIVATE_APP) not in APP_TYPES:
        raise ConnectionTestError(f"Type of app must be {' or '.join(APP_TYPES)}.")
    try:
        client = client_of(connection, secret)
        try:
            token = client.token_info()
            client.stage_labels()
        finally:
            client.close()
    except PlatformError as error:
        is_login = error.kind in (ErrorKind.AUTH, ErrorKind.GONE)
        raise ConnectionTestError(error.message, needs_login=is_login) from error
    if token.portal_id != secret["portal_id"]:
        raise ConnectionTestError(
            f"The token opens portal {token.portal_id}, not {secret['portal_id']};"
            " correct the portal id or the token."
        )
    if not secret.get("client_secret"):
        return f"Portal {token.portal_id} answers; its deals are asked for every five minutes."
    return f"Portal {token.portal_id} answers. It sends its webhooks to {address_of(connection)}"
