"""Other policies of the sampler, tried on its ledger."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.selectors import current_policy
from mlops.models import PolicyTrial
from mlops.selectors.policy_trials import (
    MOST_SHOWN,
    TrialBoard,
    has_ledger,
    shown_versions,
    trials_of,
)
from mlops.services.policy_asking import (
    DAYS,
    ESTIMATORS,
    LEAST_DAYS,
    MOST_DAYS,
    POLICIES,
    SAMPLER_VALUES,
    Asked,
    AskedError,
    name_of_field,
)
from mlops.services.policy_trials import POLICY_JOB, ask_trial
from workspaces.formats import plain
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.selectors import newest_runs
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import run_job

_PAGE: Final = "mlops/policies.html"


@require_safe
@page(Role.VIEWER)
def policies(request: PageRequest, public_id: UUID | None = None) -> HttpResponse:
    """Ask what another policy would have earned; the newest answer, or the one that is named."""
    return show(request, _PAGE, _context(request, public_id))


@require_safe
@page(Role.VIEWER)
def progress(request: PageRequest) -> HttpResponse:
    """How far the job is; the page anew once it has ended."""
    run = newest_runs(request.workspace, [POLICY_JOB]).get(POLICY_JOB)
    if run is None or not run.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return show(request, f"{_PAGE}#progress", {"run": run})


@require_POST
@page(Role.OPERATOR)
def try_policy(request: PageRequest) -> HttpResponse:
    """Ask for a trial; the page follows it."""
    try:
        with transaction.atomic():
            trial, run = ask_trial(
                workspace=request.workspace, given=request.POST.dict(), by=request.user,
                now=timezone.now(),
            )  # fmt: skip
            transaction.on_commit(partial(run_job.delay, run_id=run.pk))
    except AskedError as error:
        said = f"{name_of_field(error.field)}: {error}"
        return show(request, _PAGE, _context(request, error=said), status=error.status)
    except JobRefusedError as error:
        messages.error(request, str(error))
        return redirect("policies")
    return redirect("policies-trial", trial.public_id)


def _context(
    request: PageRequest, public_id: UUID | None = None, error: str = ""
) -> dict[str, Any]:
    trials = list(trials_of(request.workspace)[:MOST_SHOWN])
    given = request.POST if request.method == "POST" else {}
    return {
        "title": "Other policies",
        "has_ledger": bool(trials) or has_ledger(request.workspace),
        "boards": [_board(request, trial) for trial in trials],
        "shown": _shown(request, trials, public_id),
        "run": newest_runs(request.workspace, [POLICY_JOB]).get(POLICY_JOB),
        "may_try": has_role(request, Role.OPERATOR),
        "policies": POLICIES.items(),
        "versions": shown_versions(request.workspace),
        "estimators": ESTIMATORS.items(),
        "fields": _fields(request, given),
        "days": given.get("days", DAYS),
        "least_days": LEAST_DAYS,
        "most_days": MOST_DAYS,
        "given": given,
        "error": error,
    }


def _shown(
    request: PageRequest, trials: list[PolicyTrial], public_id: UUID | None
) -> TrialBoard | None:
    if public_id is None:
        return _board(request, trials[0]) if trials else None
    found = trials_of(request.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such trial.")
    return _board(request, found)


def _board(request: PageRequest, trial: PolicyTrial) -> TrialBoard:
    asked = Asked.from_json(trial.asked)
    return TrialBoard(trial, asked, asked.name, request.workspace.currency, ESTIMATORS)


def _fields(request: PageRequest, given: Any) -> list[dict[str, Any]]:
    """Values of the sampler with what is in force."""
    policy = current_policy(workspace=request.workspace)
    return [
        {
            "value": one,
            "unit": request.workspace.currency if one.unit == "money" else one.unit,
            "given": given.get(one.name, ""),
            "in_force": plain(one.in_force(policy)),
        }
        for one in SAMPLER_VALUES
    ]
