"""A training that drift asks for: at most one at a time, and not again within the cool-down."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mlops.models import DriftReport, ModelVersion
from mlops.selectors.canary import running_canary
from mlops.selectors.registry import PROMOTION_KIND
from mlops.selectors.watch import model_policy
from mlops.services.job_names import training_job
from workspaces.models import Proposal, Workspace
from workspaces.models.gate import OPEN
from workspaces.services.jobs import JobRefusedError, request_job, send_soon


def answer_drift(*, report: DriftReport, now: datetime) -> None:
    """Ask for a training where none is near, and keep on the report what came of it."""
    if report.has_asked:
        return
    why_not = _why_not(report)
    if why_not:
        report.answer = why_not
    else:
        report.has_asked = True
        report.answer = request_training(
            workspace=report.workspace, name=report.version.name, now=now
        )
    report.save(update_fields=["has_asked", "answer"])


def request_training(*, workspace: Workspace, name: str, now: datetime) -> str:
    """Have a model trained by its job; returns what came of asking.

    A run that waits or goes on already is the one: no second is queued.
    """
    try:
        run = request_job(workspace=workspace, name=training_job(name), trigger="drift", now=now)
    except JobRefusedError as error:
        return f"It is not trained now: {error}"
    send_soon(run)
    return "A training was asked for."


def _why_not(report: DriftReport) -> str:
    """Why no training is asked for, as a sentence; empty: it is."""
    version, policy = report.version, model_policy(report.workspace)
    if not policy.trains_by_itself:
        return "The workspace's policy leaves training to people."
    waiting = Proposal.objects.filter(
        workspace=report.workspace,
        kind=PROMOTION_KIND,
        subject_key=f"model:{version.name}",
        status__in=OPEN,
    ).first()
    if waiting is not None:
        return f"“{waiting.summary}” waits for a decision; that comes first."
    canary = running_canary(workspace=report.workspace, name=version.name)
    if canary is not None:
        return f"The canary of version {canary.version.version} runs; that comes first."
    last = _last_training(report)
    pause = timedelta(days=policy.cool_down_days)
    if last is not None and report.day < last + pause:
        return (
            f"The last training was on {last:%d %b %Y}; the next one that drift asks for is on"
            f" {last + pause:%d %b %Y} at the earliest."
        )
    return ""


def _last_training(report: DriftReport) -> date | None:
    """The day of the last training of the name, done or asked for."""
    name = report.version.name
    asked = DriftReport.objects.filter(
        workspace=report.workspace, version__name=name, has_asked=True
    )
    newest = ModelVersion.objects.filter(workspace=report.workspace, name=name)
    days = [
        *asked.order_by("-day").values_list("day", flat=True)[:1],
        *(
            at.astimezone(report.workspace.zone).date()
            for at in newest.order_by("-created_at").values_list("created_at", flat=True)[:1]
        ),
    ]
    return max(days, default=None)
