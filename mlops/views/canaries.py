"""Ending a canary on the page of its version."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from mlops.selectors.registry import label_of
from mlops.services.registry.canaries import serve_everybody, stop_canary
from mlops.views.models import draw_one, version_shown
from workspaces.gate import GateError
from workspaces.pages import PageRequest, page
from workspaces.roles import Role


@require_POST
@page(Role.APPROVER)
def stop(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Have the champion answer everyone again, at once."""
    version = version_shown(request, public_id)
    try:
        stop_canary(
            workspace=request.workspace, name=version.name, by=request.user,
            reason=request.POST.get("reason", ""), now=timezone.now(), shown=public_id,
        )  # fmt: skip
    except GateError as error:
        return draw_one(request, version, error=error)
    messages.success(request, f"The canary of version {version.version} is stopped.")
    return redirect("model", public_id=public_id)


@require_POST
@page(Role.APPROVER)
def serve(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Let it serve everyone before its time is up."""
    version = version_shown(request, public_id)
    try:
        serve_everybody(
            workspace=request.workspace, name=version.name, by=request.user, now=timezone.now(),
            shown=public_id,
        )  # fmt: skip
    except GateError as error:
        return draw_one(request, version, error=error)
    told = f"Version {version.version} of {label_of(version.name)} serves everyone."
    messages.success(request, told)
    return redirect("model", public_id=public_id)
