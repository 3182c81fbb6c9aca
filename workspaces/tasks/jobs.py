"""Runs of jobs, in a worker."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from workspaces.models import JobRun, JobState, Workspace
from workspaces.services import jobs

_SWEEP_AFTER_S = 60


@shared_task(name="workspaces.run_job", acks_late=True, time_limit=2 * 3600)
def run_job(*, run_id: int, **_: object) -> str:
    """Work off one queued run. A second delivery finds it started and leaves it alone."""
    return str(jobs.perform(run_id=run_id).state)


@shared_task(name="workspaces.start_job", time_limit=300)
def start_job(*, name: str, trigger: str = "schedule", **_: object) -> int:
    """Start a job in every workspace where it is switched on and within its limit."""
    started = 0
    for workspace in Workspace.objects.order_by("pk"):
        try:
            run = jobs.request_job(
                workspace=workspace, name=name, trigger=trigger, now=timezone.now()
            )
        except jobs.JobRefusedError:
            # Off, busy or at its limit here: that is what the row in ``job_config`` is for.
            continue
        transaction.on_commit(partial(run_job.delay, run_id=run.pk))
        started += 1
    return started


@shared_task(name="workspaces.sweep_jobs", time_limit=300)
def sweep_jobs(**_: object) -> int:
    """Send runs again whose message was lost: a queued row is the queue."""
    before = timezone.now() - timedelta(seconds=_SWEEP_AFTER_S)
    waiting = JobRun.objects.filter(state=JobState.QUEUED, queued_at__lt=before)
    keys = list(waiting.filter(name__in=[job.name for job in jobs.jobs()]).values_list("pk")[:100])
    for (run_id,) in keys:
        run_job.delay(run_id=run_id)
    return len(keys)
