"""Training a model by a button, and how far it is."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mlops.selectors.registry import label_of
from mlops.services.job_names import training_job
from mlops.services.training import TRAINERS
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.selectors import newest_runs
from workspaces.starting import start_by


@require_POST
@page(Role.OPERATOR)
def train_now(request: PageRequest, name: str) -> HttpResponse:
    """Ask for a training; the page tells how far it is."""
    start_by(request, _job(name))
    return redirect("models")


@require_safe
@page(Role.VIEWER)
def progress(request: PageRequest, name: str) -> HttpResponse:
    """How far a training is; the page anew once it has ended."""
    job = _job(name)
    run = newest_runs(request.workspace, [job]).get(job)
    if run is None or not run.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"name": name, "label": label_of(name), "run": run}
    return show(request, "mlops/_training_run.html", context)


def _job(name: str) -> str:
    if name not in TRAINERS:
        raise Http404("No such model can be trained.")
    return training_job(name)
