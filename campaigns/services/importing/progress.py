"""The record of a run while it goes on, for people to watch."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaigns.models import ImportRun
from workspaces.models import JobRun, JobState, User, Workspace

JOB: Final = "campaigns.import_performance"


def open_run(
    run: ImportRun | None, *, workspace: Workspace, file_name: str, by: User | None, now: datetime
) -> ImportRun:
    """Start a run that waits, or a new one."""
    if run is None:
        run = ImportRun(workspace=workspace, file_name=file_name[:300], created_by=by)
        run.job = queue_job(workspace=workspace, by=by, now=now, trigger="command")
        run.save()
    if run.job is None:
        run.job = queue_job(workspace=workspace, by=by, now=now, trigger="page")
    run.job.state, run.job.started_at, run.job.step = JobState.RUNNING, now, "Reading"
    run.job.save(update_fields=["state", "started_at", "step"])
    run.finished_at = None
    run.bad_rows.all().delete()
    return run


def queue_job(*, workspace: Workspace, by: User | None, now: datetime, trigger: str) -> JobRun:
    """Make the job row of an import."""
    return JobRun.objects.create(
        workspace=workspace, name=JOB, trigger=trigger, started_by=by, queued_at=now
    )


def end_run(run: ImportRun, *, now: datetime, error: str = "") -> None:
    """Close a run, with the reason if nothing was written."""
    job = run.job
    if job is not None:
        job.state = JobState.FAILED if error else JobState.DONE
        job.error, job.step, job.finished_at = error, "", now
        job.counts = {"rows": run.rows_read, "bad": run.rows_bad, "days": run.days_written}
        job.save(update_fields=["state", "error", "step", "finished_at", "counts"])
    run.finished_at = now
    run.save()


class Progress:
    """Tells the job row how far reading is."""

    def __init__(self, run: ImportRun, *, total: int | None) -> None:
        self._run, self._total = run, total

    def tell(self, step: str, *, done: int) -> None:
        """Write step and count."""
        JobRun.objects.filter(importrun=self._run).update(step=step, done=done, total=self._total)
