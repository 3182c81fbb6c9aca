"""The brake in the header of every page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from workspaces.gate import GateError
from workspaces.pages import PageRequest, page, refuse
from workspaces.roles import Role
from workspaces.services import brake


@require_POST
@page(Role.VIEWER)
def kill_switch(request: PageRequest) -> HttpResponse:
    """Pull or release the kill switch, and go back to where it was pressed."""
    switch = brake.release if request.POST.get("do") == "release" else brake.pull
    try:
        workspace = switch(
            workspace=request.workspace,
            by=request.user,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    stopped = "Everything is stopped. Calls in flight finish and are recorded."
    messages.success(request, stopped if workspace.kill_switch else "Executions go on.")
    return redirect(_back(request))


def _back(request: PageRequest) -> str:
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/approvals/"
