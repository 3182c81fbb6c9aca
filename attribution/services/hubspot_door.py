"""Events of HubSpot that somebody else passes on: the same way in as its own webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attribution.hubspot.webhook import HubSpotProvider
from workspaces import crypto
from workspaces.gate import RequestError
from workspaces.inbound.base import Call
from workspaces.models import Connection, Workspace
from workspaces.services import inbound

_PORTAL: Final = "portalId"


def queue_event(*, workspace: Workspace, event: Mapping[str, Any], now: datetime) -> str:
    """Store an event, once, for the worker; returns the id of the task that was sent for it.

    Raises
    ------
    RequestError : the workspace has no connection to that portal, or several and none is named
    """
    connection, secret = _connection(workspace, event.get(_PORTAL))
    told = {**event, _PORTAL: int(secret["portal_id"])}
    body = json.dumps([told]).encode()
    batch = HubSpotProvider().split(Call("POST", "", {}, {}, body), secret)
    inbound.take_in(connection=connection, batch=batch, now=now)
    return inbound.nudge(connection_id=connection.pk)


def _connection(workspace: Workspace, portal: int | None) -> tuple[Connection, dict[str, str]]:
    rows = Connection.objects.filter(workspace=workspace, kind=HubSpotProvider.name).order_by("pk")
    opened = [(row, crypto.decrypt(row.secret)) for row in rows]
    fitting = [
        (row, secret)
        for row, secret in opened
        if secret.get("portal_id", "").isdigit()
        and (portal is None or secret["portal_id"] == str(portal))
    ]
    if not fitting:
        raise RequestError(
            _PORTAL, "This workspace is not connected to that portal; connect HubSpot first."
        )
    if portal is None and len(fitting) > 1:
        raise RequestError(_PORTAL, "This workspace has several portals; name one.")
    return fitting[0]
