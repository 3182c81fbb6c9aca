"""Schedules: every job of the workspace, when it ran and runs, and its switch."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.schedules import schedule_of
from workspaces.services.job_kinds import Job, known_job, switch_job
from workspaces.starting import start_by


@require_GET
@page(Role.VIEWER)
def schedules(request: PageRequest) -> HttpResponse:
    """Show all jobs; the table follows what runs."""
    rows = schedule_of(request.workspace, now=timezone.now())
    context = {
        "title": "Schedules",
        "rows": rows,
        "is_busy": any(row.run is not None and row.run.is_open for row in rows),
        "may_run": has_role(request, Role.OPERATOR),
        "may_switch": has_role(request, Role.ADMIN),
        "may_plan": request.user.is_superuser,
    }
    template = "workspaces/schedules.html"
    return show(request, f"{template}#rows" if request.htmx else template, context)


@require_POST
@page(Role.OPERATOR)
def run_now(request: PageRequest, name: str) -> HttpResponse:
    """Queue a run."""
    job = _job(name)
    start_by(request, job.name, told=f"{job.label} starts in a moment.")
    return redirect("schedules")


@require_POST
@page(Role.ADMIN)
def switch(request: PageRequest, name: str) -> HttpResponse:
    """Switch a job on or off in this workspace."""
    job, is_on = _job(name), request.POST.get("on") == "yes"
    switch_job(workspace=request.workspace, name=job.name, is_on=is_on)
    words = "runs again by its schedule" if is_on else "is switched off here"
    messages.success(request, f"{job.label} {words}.")
    return redirect("schedules")


def _job(name: str) -> Job:
    job = known_job(name)
    if job is None:
        raise Http404("There is no such job.")
    return job
