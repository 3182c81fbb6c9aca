"""What every page and the admin shell show: workspace, brake, counters."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from workspaces.roles import Role


def workspace(request: HttpRequest) -> dict[str, Any]:
    """Workspace and membership of the request, for templates."""
    return {
        "workspace": getattr(request, "workspace", None),
        "membership": getattr(request, "membership", None),
        "holds": {role.value: _holds(request, role) for role in Role},  # own or lent
        "sandbox_allowed": settings.ALLOW_SANDBOX,
    }


def _holds(request: HttpRequest, role: Role) -> bool:
    from workspaces.pages import has_role  # as below

    return getattr(request, "membership", None) is not None and has_role(request, role)


def environment_label(request: HttpRequest) -> list[str] | None:
    """Mark of the admin header while the workspace lives on the sandbox."""
    current = getattr(request, "workspace", None)
    return ["SANDBOX", "warning"] if current and current.is_sandbox else None


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Data of the admin's first page."""
    from workspaces.dashboard import overview  # settings name this module before models exist

    return {**context, **overview(request)}
