"""Runs of jobs, in a worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone

from workspaces.models import JobRun, JobState, User, Workspace
from workspaces.services import jobs

_SWEEP_AFTER = timedelta(seconds=60)


class JobTask(Task):  # type: ignore[type-arg]  # no generic at run time
    """Sends every run to its queue, as urgent and as limited as its ``JobConfig`` says."""

    def apply_async(
        self,
        args: Any = None,
        kwargs: dict[str, Any] | None = None,
        *more: Any,
        **options: Any,
    ) -> Any:
        """Add them where the run is sent."""
        known = jobs.message_options(run_id=kwargs["run_id"]) if kwargs else {}
        return super().apply_async(args, kwargs, *more, **{**known, **options})


@shared_task(name="workspaces.run_job", base=JobTask, acks_late=True, time_limit=2 * 3600)
def run_job(*, run_id: int, **_: object) -> str:
    """Work off one run. A second delivery finds it started and leaves it alone."""
    run = jobs.perform(run_id=run_id)
    if run.state == JobState.RETRY and run.next_attempt_at is not None:
        run_job.apply_async(kwargs={"run_id": run_id}, eta=run.next_attempt_at)
    return str(run.state)


def send_soon(run: JobRun) -> None:
    """Have a queued run worked off once its row is written; a lost message is swept up."""
    transaction.on_commit(partial(run_job.delay, run_id=run.pk))


def request_and_send(
    *, workspace: Workspace, name: str, trigger: str, now: datetime, by: User | None = None
) -> JobRun:
    """Queue a run, or find the one that waits, and have it worked off soon.

    Raises
    ------
    JobRefusedError : unknown, switched off, running already, or its hourly limit is used
    """
    with transaction.atomic():
        run = jobs.request_job(workspace=workspace, name=name, trigger=trigger, now=now, by=by)
        send_soon(run)
    return run


@shared_task(name="workspaces.start_job", time_limit=300)
def start_job(*, name: str, trigger: str = "schedule", **_: object) -> int:
    """Start a job in every workspace where it is switched on and within its limit."""
    started = 0
    for workspace in Workspace.objects.open().order_by("pk"):
        try:
            request_and_send(workspace=workspace, name=name, trigger=trigger, now=timezone.now())
        except jobs.JobRefusedError:
            # Off, busy or at its limit here: that is what the row in ``job_config`` is for.
            continue
        started += 1
    return started


@shared_task(name="workspaces.sweep_jobs", time_limit=300)
def sweep_jobs(**_: object) -> int:
    """Send runs again whose message was lost: a queued row is the queue."""
    now = timezone.now()
    waiting = jobs.due_runs(now=now, queued_before=now - _SWEEP_AFTER)
    for run in waiting:
        # One that is still there at the next sweep is sent then: long queues do not fill up.
        run_job.apply_async(kwargs={"run_id": run.pk}, expires=_SWEEP_AFTER.total_seconds())
    return len(waiting)
