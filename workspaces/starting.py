"""Starting a job by a button of a page."""

from __future__ import annotations

from django.contrib import messages
from django.utils import timezone

from workspaces.models import JobRun
from workspaces.pages import PageRequest
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks.jobs import request_and_send


def start_by(request: PageRequest, name: str, *, told: str = "") -> JobRun | None:
    """Start a job for the person who asks; ``told`` says so, a refusal says why not."""
    try:
        run = request_and_send(
            workspace=request.workspace,
            name=name,
            trigger="page",
            now=timezone.now(),
            by=request.user,
        )
    except JobRefusedError as error:
        messages.error(request, str(error))
        return None
    if told:
        messages.success(request, told)
    return run
