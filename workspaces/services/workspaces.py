"""New workspaces."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from workspaces import hooks
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role


@transaction.atomic
def create_workspace(
    *,
    name: str,
    slug: str,
    currency: str,
    time_zone: str,
    mode: str,
    by: User,
    now: datetime,
    is_sandbox: bool = False,
) -> Workspace:
    """Create a workspace with its creator as admin, and let the apps add their defaults.

    Raises
    ------
    ValidationError : a field is wrong or the slug is taken; names the field
    """
    workspace = Workspace(
        name=name,
        slug=slug,
        currency=currency,
        time_zone=time_zone,
        mode=mode,
        is_sandbox=is_sandbox,
    )
    workspace.full_clean()
    workspace.save()
    Membership.objects.create(workspace=workspace, user=by, role=Role.ADMIN, last_used_at=now)
    hooks.workspace_created(workspace, by=by, now=now)
    return workspace
