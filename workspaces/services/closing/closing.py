"""Close a workspace, and open it again: whose it is leave nothing running behind them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import (
    ApiKey,
    Connection,
    ConnectionStatus,
    Membership,
    User,
    WebhookEndpoint,
    Workspace,
)
from workspaces.roles import Role
from workspaces.services import brake


def close_workspace(*, workspace: Workspace, by: User, reason: str, now: datetime) -> Workspace:
    """Let nobody in and nothing run.

    The kill switch is pulled, keys are revoked, connections and outgoing webhooks paused.

    Raises
    ------
    NotAllowedError : neither admin of the workspace nor superuser
    RequestError : no reason was given
    StateError : it is closed already
    """
    _require_owner(workspace, by)
    if not reason.strip():
        raise RequestError("reason", "Say why, so that the others know.")
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if locked.closed_at is not None:
            raise StateError(f"{locked.name} is closed already.")
        if not locked.kill_switch:
            brake.stop(workspace=locked, by=by, reason=reason, now=now)
        locked.closed_at = now
        locked.exported_at = None
        locked.save(update_fields=["closed_at", "exported_at", "updated_at"])
        ApiKey.objects.filter(workspace=locked, revoked=False).update(revoked=True)
        Connection.objects.filter(workspace=locked, status=ConnectionStatus.ACTIVE).update(
            status=ConnectionStatus.PAUSED
        )
        WebhookEndpoint.objects.filter(workspace=locked, is_enabled=True).update(
            is_enabled=False, disabled_reason="The workspace was closed."
        )
    return locked


def reopen_workspace(*, workspace: Workspace, by: User, now: datetime) -> Workspace:
    """Let people in again. The kill switch stays pulled, keys revoked, connections paused.

    Raises
    ------
    NotAllowedError : neither admin of the workspace nor superuser
    StateError : it is open, or purged
    """
    _require_owner(workspace, by)
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if locked.closed_at is None:
            raise StateError(f"{locked.name} is open.")
        if locked.purged_at is not None:
            raise StateError(f"Nothing is left of {locked.name}; make a new workspace.")
        locked.closed_at = locked.exported_at = None
        locked.save(update_fields=["closed_at", "exported_at", "updated_at"])
    return locked


def _require_owner(workspace: Workspace, by: User) -> None:
    # Of a closed workspace nobody holds a role, so the membership itself is asked.
    owns = Membership.objects.filter(workspace=workspace, user=by, role=Role.ADMIN)
    if not (by.is_active and (by.is_superuser or owns.exists())):
        raise NotAllowedError(f"{by.email} is neither an admin of {workspace.name} nor superuser.")
