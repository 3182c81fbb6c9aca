"""What every page and the admin shell show: workspace, brake, counters."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from workspaces.roles import Role


def workspace(request: HttpRequest) -> dict[str, Any]:
    """Workspace and membership of the request, for templates."""
    return {
        "workspace": getattr(request, "workspace", None),
        "membership": getattr(request, "membership", None),
        # Called by the banner only, so that no other page pays for looking up what is lent.
        "may_release": partial(_may_release, request),
        "sandbox_allowed": settings.ALLOW_SANDBOX,
    }


def _may_release(request: HttpRequest) -> bool:
    from workspaces.pages import has_role  # as below

    return has_role(request, Role.APPROVER)


def environment_label(request: HttpRequest) -> list[str] | None:
    """Mark of the admin header while the workspace lives on the sandbox."""
    current = getattr(request, "workspace", None)
    return ["SANDBOX", "warning"] if current and current.is_sandbox else None


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Data of the admin's first page."""
    from workspaces.dashboard import overview  # settings name this module before models exist

    return {**context, **overview(request)}
