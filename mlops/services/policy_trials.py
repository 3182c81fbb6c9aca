"""Trials of other policies: asked on a page, worked off by a job, kept for all to see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from django.db import transaction

from campaigns.models import SafetyPolicy
from mlops.models import PolicyTrial, TrialState
from mlops.selectors.policy_trials import policy_versions
from mlops.services.policy_asking import RULES, Asked, read_asked
from workspaces.models import JobRun, User, Workspace
from workspaces.services.jobs import Progress, request_job

if TYPE_CHECKING:
    from mlops.engine.off_policy import Estimate
    from mlops.engine.plain_splits import Rule
    from mlops.services.policy_evaluation import OtherPolicy, PolicyEvaluation

POLICY_JOB: Final = "policy-evaluation"
KEPT: Final = 200
_ESTIMATES: Final = (
    "logged", "ips", "snips", "doubly_robust", "gain", "ips_gain", "snips_gain",
)  # fmt: skip
_TOLD_EVERY: Final = 10


@transaction.atomic
def ask_trial(
    *, workspace: Workspace, given: Mapping[str, str], by: User, now: datetime
) -> tuple[PolicyTrial, JobRun]:
    """Write a question down, and ask for the job that answers it.

    Raises
    ------
    AskedError : a field is wrong
    JobRefusedError : the job is off, at work, or has run too often
    """
    versions = frozenset(row.version for row in policy_versions(workspace))
    asked = read_asked(given, versions)
    trial = PolicyTrial.objects.create(
        workspace=workspace, asked=asked.as_json(), asked_by=by, asked_at=now
    )
    run = request_job(workspace=workspace, name=POLICY_JOB, trigger="page", now=now, by=by)
    return trial, run


def answer_trials(progress: Progress) -> None:
    """Body of the job: answer whatever waits, the oldest first, and let go of old answers."""
    waiting = PolicyTrial.objects.filter(
        workspace=progress.workspace, state=TrialState.WAITING
    ).order_by("asked_at", "pk")
    while trial := waiting.first():
        _answer(trial, progress)
        progress.count(trials=1)
    rows = PolicyTrial.objects.filter(workspace=progress.workspace).order_by("-asked_at", "-pk")
    rows.filter(pk__in=list(rows.values_list("pk", flat=True)[KEPT:])).delete()


def _answer(trial: PolicyTrial, progress: Progress) -> None:
    from mlops.services.policy_evaluation import NotEvaluableError, evaluate_policy

    asked = Asked.from_json(trial.asked)

    def told(done: int, total: int) -> None:
        if done % _TOLD_EVERY == 0:
            progress.step("Replaying the ledger", done=done, total=total)

    try:
        found = evaluate_policy(
            workspace=progress.workspace, now=progress.now, days=asked.days, told=told,
            other=_other(progress.workspace, asked),
        )  # fmt: skip
    except (NotEvaluableError, ValueError) as error:
        trial.state, trial.why = TrialState.REFUSED, str(error)
    else:
        trial.state, trial.results = TrialState.DONE, _plain(found)
    trial.finished_at = progress.now
    trial.save(update_fields=["state", "why", "results", "finished_at"])


def _other(workspace: Workspace, asked: Asked) -> OtherPolicy:
    from mlops.services.policy_evaluation import OtherPolicy

    version: SafetyPolicy | None = None
    if asked.version is not None:
        version = policy_versions(workspace).filter(version=asked.version).first()
    rule = cast("Rule", asked.policy) if asked.policy in RULES else None
    return OtherPolicy(options=asked.options, version=version, rule=rule)


def _plain(found: PolicyEvaluation) -> dict[str, Any]:
    """Plain values, as the page reads them."""
    return {
        "mode": found.mode,
        "since": found.since.isoformat(),
        "allocations": found.allocations,
        "rounds": found.found.rounds,
        "effective_rounds": found.found.effective_rounds,
        "uncovered": found.found.uncovered,
        "decisions": found.decisions,
        "decided_otherwise": found.decided_otherwise,
        "money_moved": found.money_moved,
        "estimates": {name: _ends(getattr(found.found, name)) for name in _ESTIMATES},
    }


def _ends(estimate: Estimate) -> list[float]:
    return [estimate.value, estimate.low, estimate.high]
