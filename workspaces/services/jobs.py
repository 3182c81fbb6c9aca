"""Recurring jobs: known by name, switched and limited per workspace, every run on record.

``request_job`` writes the queued row, ``perform`` works it off, ``run_job`` does both at once and
``job_run`` wraps a body that is already running somewhere. One run per workspace and job at a time
is a constraint of the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from workspaces.models import JobConfig, JobRun, JobState, User, Workspace
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)

TOPIC: Final = "jobs"
HOUR: Final = timedelta(hours=1)
Clock = Callable[[], datetime]


class JobRefusedError(RefusedError):
    """The job may not run now; the text says until when or who can change it."""


@dataclass
class Progress:
    """What a body sees of its run: it tells how far it is, people see it at once."""

    run: JobRun
    workspace: Workspace
    now: datetime
    counts: dict[str, int] = field(default_factory=dict)

    def step(self, text: str, *, done: int | None = None, total: int | None = None) -> None:
        """Tell what is being done and, where known, how much of how many."""
        self.run.step = text[:120]
        if done is not None:
            self.run.done = done
        if total is not None:
            self.run.total = total
        self.run.save(update_fields=["step", "done", "total"])
        bump(self.workspace.pk, TOPIC)

    def count(self, **amounts: int) -> None:
        """Add to the figures that the finished run shows."""
        for name, amount in amounts.items():
            self.counts[name] = self.counts.get(name, 0) + amount


JobBody = Callable[[Progress], None]


@dataclass(frozen=True)
class Job:
    """A job that any workspace can have. ``limit_s``: a run older than that has lost its worker."""

    name: str
    label: str
    run: JobBody
    max_per_hour: int | None = None
    limit_s: int = 2 * 3600


_jobs: dict[str, Job] = {}


def register_job(
    name: str,
    label: str,
    run: JobBody,
    *,
    max_per_hour: int | None = None,
    limit_s: int = 2 * 3600,
) -> None:
    """Make a job known. Called in ``ready()``; the numbers are defaults of its ``JobConfig``."""
    _jobs[name] = Job(name, label, run, max_per_hour, limit_s)


def jobs() -> list[Job]:
    """All jobs, by name."""
    return [_jobs[name] for name in sorted(_jobs)]


def job_of(name: str) -> Job:
    """One job, or a refusal that names the known ones."""
    try:
        return _jobs[name]
    except KeyError:
        known = ", ".join(sorted(_jobs)) or "none"
        raise JobRefusedError(f"There is no job {name!r}; known: {known}.") from None


def configure_jobs(workspace: Workspace) -> None:
    """Give a workspace a row per job, to switch and limit it by."""
    JobConfig.objects.bulk_create(
        [
            JobConfig(workspace=workspace, name=job.name, max_per_hour=job.max_per_hour)
            for job in jobs()
        ],
        ignore_conflicts=True,
    )


def configure_new(workspace: Workspace, _by: User, _now: datetime) -> None:
    """As ``configure_jobs``, for a workspace that is being made."""
    configure_jobs(workspace)


def run_job(
    *,
    workspace: Workspace,
    name: str,
    trigger: str,
    now: datetime,
    by: User | None = None,
    clock: Clock = timezone.now,
) -> JobRun:
    """Run a job here and now; its error is recorded and raised.

    Raises
    ------
    JobRefusedError : unknown, switched off, running already, or its hourly limit is used
    """
    run = request_job(workspace=workspace, name=name, trigger=trigger, now=now, by=by)
    return perform(run_id=run.pk, clock=clock)


def request_job(
    *, workspace: Workspace, name: str, trigger: str, now: datetime, by: User | None = None
) -> JobRun:
    """Write the queued row of a run, or return the one that waits already.

    Raises
    ------
    JobRefusedError : unknown, switched off, running already, or its hourly limit is used
    """
    job = job_of(name)
    return _queue(workspace, job, trigger=trigger, now=now, by=by)


@transaction.atomic
def _queue(
    workspace: Workspace, job: Job, *, trigger: str, now: datetime, by: User | None
) -> JobRun:
    lock_names([f"job:{workspace.pk}:{job.name}"])
    _end_abandoned(workspace, job, now)
    runs = JobRun.objects.filter(workspace=workspace, name=job.name)
    if waiting := runs.filter(state=JobState.QUEUED).order_by("pk").first():
        return waiting
    if running := runs.filter(state=JobState.RUNNING).first():
        since = timezone.localtime(running.started_at).strftime("%H:%M")
        raise JobRefusedError(f"{job.label} is running since {since}; wait until it has ended.")
    _require_allowed(workspace, job, now)
    run = JobRun.objects.create(
        workspace=workspace, name=job.name, trigger=trigger, started_by=by, queued_at=now
    )
    bump(workspace.pk, TOPIC)
    return run


def _require_allowed(workspace: Workspace, job: Job, now: datetime) -> None:
    config, _ = JobConfig.objects.get_or_create(
        workspace=workspace, name=job.name, defaults={"max_per_hour": job.max_per_hour}
    )
    if not config.is_enabled:
        raise JobRefusedError(
            f"{job.label} is switched off in {workspace}; an admin can switch it on again."
        )
    limit = config.max_per_hour
    if limit is None:
        return
    moments = list(
        JobRun.objects.filter(workspace=workspace, name=job.name, queued_at__gt=now - HOUR)
        .order_by("-queued_at")
        .values_list("queued_at", flat=True)[: limit or 1]
    )
    if len(moments) < limit:
        return
    if not limit:
        raise JobRefusedError(f"{job.label} is limited to 0 runs an hour; raise its limit.")
    next_at = timezone.localtime(moments[-1] + HOUR).strftime("%H:%M")
    raise JobRefusedError(
        f"{job.label} ran {limit} times within the hour, which is its limit; try again at {next_at}"
        " or raise the limit."
    )


def _end_abandoned(workspace: Workspace, job: Job, now: datetime) -> None:
    """Close what no worker can still be working on, so that a dead one blocks nothing."""
    JobRun.objects.filter(
        workspace=workspace,
        name=job.name,
        state=JobState.RUNNING,
        started_at__lt=now - timedelta(seconds=job.limit_s),
    ).update(
        state=JobState.FAILED,
        finished_at=now,
        error=f"Its worker stopped without a word; given up after {job.limit_s} s.",
    )


def perform(*, run_id: int, clock: Clock = timezone.now) -> JobRun:
    """Work a queued run off; what is not queued any more is left as it is."""
    run = JobRun.objects.select_related("workspace").get(pk=run_id)
    if run.state != JobState.QUEUED:
        return run
    job = job_of(run.name)
    with _recorded(run, clock) as progress:
        job.run(progress)
    return run


@contextmanager
def job_run(
    *,
    workspace: Workspace,
    name: str,
    trigger: str,
    now: datetime,
    by: User | None = None,
    label: str = "",
    clock: Clock = timezone.now,
) -> Iterator[Progress]:
    """Record a body as a run: done with its figures, or failed with its error, which goes on.

    The job need not be registered; then ``label`` names it and nothing limits it but its config.

    Raises
    ------
    JobRefusedError : switched off, running already, or its hourly limit is used
    """
    job = _jobs.get(name) or Job(name, label or name, _no_body)
    run = _queue(workspace, job, trigger=trigger, now=now, by=by)
    with _recorded(run, clock) as progress:
        yield progress


def _no_body(_progress: Progress) -> None:
    """Stand in for the body, which the caller of ``job_run`` holds."""


@contextmanager
def _recorded(run: JobRun, clock: Clock) -> Iterator[Progress]:
    workspace = run.workspace
    if workspace is None:
        raise JobRefusedError("This run names no workspace, so nothing says what it may touch.")
    progress = Progress(run=run, workspace=workspace, now=clock())
    _start(run, workspace, now=progress.now)
    try:
        yield progress
    except BaseException as error:
        # Also when the worker is told to stop: the row must not look busy for ever.
        _end(run, JobState.FAILED, progress.counts, now=clock(), error=_words(error))
        raise
    _end(run, JobState.DONE, progress.counts, now=clock())


def _words(error: BaseException) -> str:
    text = str(error)
    return text if isinstance(error, RefusedError) else f"{type(error).__name__}: {text}"


def _start(run: JobRun, workspace: Workspace, *, now: datetime) -> None:
    with transaction.atomic():
        lock_names([f"job:{workspace.pk}:{run.name}"])
        busy = JobRun.objects.filter(
            workspace=workspace, name=run.name, state=JobState.RUNNING
        ).exists()
        won = 0 if busy else _claim(run, now)
    if not won:
        raise JobRefusedError(f"{run.name} is being run by another worker.")
    run.state, run.started_at = JobState.RUNNING, now


def _claim(run: JobRun, now: datetime) -> int:
    return JobRun.objects.filter(pk=run.pk, state=JobState.QUEUED).update(
        state=JobState.RUNNING, started_at=now
    )


def _end(
    run: JobRun, state: JobState, counts: Mapping[str, int], *, now: datetime, error: str = ""
) -> None:
    run.state, run.finished_at, run.counts, run.error = state, now, dict(counts), error
    run.save(update_fields=["state", "finished_at", "counts", "error"])
    if run.workspace_id:
        bump(run.workspace_id, TOPIC)
    if error:
        logger.warning("job failed", extra={"job": run.name, "run": run.pk})
