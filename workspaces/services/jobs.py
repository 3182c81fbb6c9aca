"""Recurring jobs: known by name, switched and limited per workspace, every run on record.

``request_job`` writes the queued row, ``perform`` works it off, ``run_job`` does both at once and
``job_run`` wraps a body that is already running somewhere. One run per workspace and job at a time
is a constraint of the database. How often, how long and how many times stands in ``JobConfig``.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from workspaces.models import JobConfig, JobRun, JobState, User, Workspace
from workspaces.services.job_kinds import (
    BACKOFF_CAP,
    TOPIC,
    TRANSIENT,
    Job,
    JobBody,
    JobRefusedError,
    Progress,
    config_of,
    configure_jobs,
    configure_new,
    job_of,
    jobs,
    known_job,
    register_job,
)
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.refusals import RefusedError
from workspaces.services.run_locks import holding, unheld

__all__ = [
    "TRANSIENT",
    "Job",
    "JobBody",
    "JobRefusedError",
    "Progress",
    "configure_jobs",
    "configure_new",
    "due_runs",
    "end_lost_runs",
    "job_of",
    "job_run",
    "jobs",
    "message_options",
    "perform",
    "register_job",
    "request_job",
    "run_job",
    "send_soon",
]

logger = logging.getLogger(__name__)

HOUR: Final = timedelta(hours=1)
WAITING: Final = (JobState.QUEUED, JobState.RETRY)
# Between the polite stop of a run at its limit and the hard one; then its row is given up.
STOP_S: Final = 30
# A run that no process holds any more is given up; it was claimed by one that held it already.
_SURE_AFTER: Final = timedelta(seconds=60)
# Redis hands out 0 first and 9 last; people think the other way round, from −10 to 10.
LAST_PRIORITY: Final = 9
Clock = Callable[[], datetime]


def run_job(
    *,
    workspace: Workspace,
    name: str,
    trigger: str,
    now: datetime,
    by: User | None = None,
    clock: Clock | None = None,
) -> JobRun:
    """Run a job here and now; an error that no further try follows is recorded and raised.

    Without a ``clock`` time goes on from ``now``.

    Raises
    ------
    JobRefusedError : unknown, switched off, running already, or its hourly limit is used
    """
    run = request_job(workspace=workspace, name=name, trigger=trigger, now=now, by=by)
    return perform(run_id=run.pk, clock=clock or _going_on_from(now))


def _going_on_from(now: datetime) -> Clock:
    begun = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - begun)


def request_job(
    *, workspace: Workspace, name: str, trigger: str, now: datetime, by: User | None = None
) -> JobRun:
    """Write the queued row of a run, or return the one that waits already.

    One that waits for its next try does not wait any longer when a person asks for it.

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
    config = config_of(workspace, job)
    end_lost_runs(job=job, config=config, now=now)
    runs = JobRun.objects.filter(workspace=workspace, name=job.name)
    if waiting := runs.filter(state__in=WAITING).order_by("pk").first():
        return _sooner(waiting, by=by, now=now)
    if running := runs.filter(state=JobState.RUNNING).first():
        since = timezone.localtime(running.started_at).strftime("%H:%M")
        raise JobRefusedError(f"{job.label} is running since {since}; wait until it has ended.")
    _require_allowed(config, job, now)
    run = JobRun.objects.create(
        workspace=workspace, name=job.name, trigger=trigger, started_by=by, queued_at=now
    )
    bump(workspace.pk, TOPIC)
    return run


def _sooner(run: JobRun, *, by: User | None, now: datetime) -> JobRun:
    if by is not None and run.next_attempt_at is not None and run.next_attempt_at > now:
        run.next_attempt_at = now
        run.save(update_fields=["next_attempt_at"])
    return run


def _require_allowed(config: JobConfig, job: Job, now: datetime) -> None:
    if not config.is_enabled:
        raise JobRefusedError(
            f"{job.label} is switched off in {config.workspace}; an admin can switch it on again."
        )
    limit = config.max_per_hour
    if limit is None:
        return
    moments = list(
        JobRun.objects.filter(workspace=config.workspace, name=job.name, queued_at__gt=now - HOUR)
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


def end_lost_runs(*, job: Job, config: JobConfig, now: datetime) -> None:
    """Close what no worker can still be working on and what nobody needs any more."""
    runs = JobRun.objects.filter(workspace=config.workspace, name=job.name)
    for run, error in _lost(runs, config, now):
        state = _after_failure(run, config, now=now, is_transient=bool(job.retry_on))
        runs.filter(pk=run.pk, state=JobState.RUNNING, attempt=run.attempt).update(
            state=state,
            error=error,
            finished_at=None if state == JobState.RETRY else now,
            next_attempt_at=run.next_attempt_at,
        )
    give_up = timedelta(minutes=config.give_up_after_min)
    runs.filter(state__in=WAITING, queued_at__lte=now - give_up).update(
        state=JobState.EXPIRED,
        finished_at=now,
        next_attempt_at=None,
        error=f"Not done within {config.give_up_after_min} minutes; nobody waits for it any more.",
    )


def _lost(runs: QuerySet[JobRun], config: JobConfig, now: datetime) -> Iterator[tuple[JobRun, str]]:
    """Runs whose worker is gone, with what became of it in words."""
    running = {
        run.pk: run for run in runs.filter(state=JobState.RUNNING, started_at__lt=now - _SURE_AFTER)
    }
    limit = timedelta(seconds=config.run_limit_s + STOP_S)
    for pk in unheld(running):
        yield running.pop(pk), "Its worker was killed, or the memory of the machine ran out."
    for run in running.values():
        if run.started_at is not None and run.started_at < now - limit:
            yield run, f"Its worker does not answer; given up after {config.run_limit_s} s."


def due_runs(*, now: datetime, queued_before: datetime, limit: int = 100) -> list[JobRun]:
    """Runs whose message was lost or whose next try has come, the more urgent ones first."""
    open_runs = JobRun.objects.filter(
        name__in=[job.name for job in jobs()], workspace__in=Workspace.objects.open()
    ).select_related("workspace")
    stuck = open_runs.filter(state__in=[*WAITING, JobState.RUNNING])
    configs: dict[tuple[int | None, str], JobConfig] = {}
    for run in stuck.order_by("workspace_id", "name").distinct("workspace_id", "name"):
        job, config = job_of(run.name), _config(run)
        end_lost_runs(job=job, config=config, now=now)
        configs[run.workspace_id, run.name] = config
    due = open_runs.filter(
        Q(state=JobState.QUEUED, queued_at__lt=queued_before)
        | Q(state=JobState.RETRY, next_attempt_at__lte=now)
    )
    found = [
        (configs[run.workspace_id, run.name], run)
        for run in due.order_by("queued_at", "pk")[:limit]
        if (run.workspace_id, run.name) in configs
    ]
    found.sort(key=lambda pair: -pair[0].priority)
    return [run for config, run in found if config.is_enabled]


def _config(run: JobRun) -> JobConfig:
    if run.workspace is None:
        raise JobRefusedError("This run names no workspace, so nothing says what it may touch.")
    return config_of(run.workspace, job_of(run.name))


def message_options(*, run_id: int) -> dict[str, Any]:
    """How a run is sent to a worker: how urgent it is and when it is stopped."""
    run = JobRun.objects.select_related("workspace").filter(pk=run_id).first()
    if run is None or run.workspace is None or known_job(run.name) is None:
        return {}
    config = _config(run)
    return {
        "queue": job_of(run.name).queue,
        "priority": round((10 - config.priority) * LAST_PRIORITY / 20),
        "soft_time_limit": config.run_limit_s,
        "time_limit": config.run_limit_s + STOP_S,
    }


def send_soon(run: JobRun) -> None:
    """Send a run to its worker once it is committed; without a broker the sweep finds it.

    For services: doors send the task itself.
    """
    run_id = run.pk
    transaction.on_commit(lambda: _send(run_id))


def _send(run_id: int) -> None:
    try:
        current_app.send_task(
            "workspaces.run_job",
            kwargs={"run_id": run_id},
            retry=False,
            ignore_result=True,
            **message_options(run_id=run_id),
        )
    except OperationalError:
        logger.warning("a run waits for the sweep; the broker does not answer")


def perform(*, run_id: int, clock: Clock = timezone.now) -> JobRun:
    """Work off a run that waits; what does not wait, or not yet, is left as it is."""
    now = clock()
    run = JobRun.objects.select_related("workspace").get(pk=run_id)
    if run.state not in WAITING or (run.next_attempt_at and run.next_attempt_at > now):
        return run
    job, config = job_of(run.name), _config(run)
    end_lost_runs(job=job, config=config, now=now)
    run.refresh_from_db(fields=["state"])
    if run.state not in WAITING or not config.is_enabled or config.workspace.closed_at:
        return run
    with _recorded(run, job, clock) as progress:
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
    job = known_job(name) or Job(name, label or name, _no_body, retry_on=())
    run = _queue(workspace, job, trigger=trigger, now=now, by=by)
    # Only the caller holds the body, so nobody could try it again.
    with _recorded(run, Job(name, job.label, _no_body, retry_on=()), clock) as progress:
        yield progress


def _no_body(_progress: Progress) -> None:
    """Stand in for the body, which the caller of ``job_run`` holds."""


@contextmanager
def _recorded(run: JobRun, job: Job, clock: Clock) -> Iterator[Progress]:
    workspace = run.workspace
    if workspace is None:
        raise JobRefusedError("This run names no workspace, so nothing says what it may touch.")
    config = config_of(workspace, job)
    progress = Progress(run=run, workspace=workspace, now=clock())
    with holding(run.pk):
        _start(run, workspace, now=progress.now)
        try:
            yield progress
        except BaseException as error:
            # Also when the worker is told to stop: the row must not look busy for ever.
            now, is_transient = clock(), isinstance(error, job.retry_on)
            state = _after_failure(run, config, now=now, is_transient=is_transient)
            _end(run, state, progress.counts, now=now, error=_words(error, config))
            if state != JobState.RETRY:
                raise
        else:
            _end(run, JobState.DONE, progress.counts, now=clock())


def _after_failure(
    run: JobRun, config: JobConfig, *, now: datetime, is_transient: bool
) -> JobState:
    """Plan the next try, or none: not worth it, too many already, or too late."""
    run.next_attempt_at = None
    if not is_transient or run.attempt >= config.max_attempts:
        return JobState.FAILED
    wait = min(timedelta(milliseconds=config.backoff_base_ms) * 2 ** (run.attempt - 1), BACKOFF_CAP)
    # Half of it by chance: what failed together does not come back together.
    next_at = now + wait * random.uniform(0.5, 1)  # noqa: S311  # jitter, no secret
    if next_at >= run.queued_at + timedelta(minutes=config.give_up_after_min):
        return JobState.FAILED
    run.next_attempt_at = next_at
    return JobState.RETRY


def _words(error: BaseException, config: JobConfig) -> str:
    if isinstance(error, SoftTimeLimitExceeded):
        return f"Stopped at its limit of {config.run_limit_s} s; raise the limit if it needs more."
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
    run.state, run.started_at, run.next_attempt_at = JobState.RUNNING, now, None
    run.attempt += 1


def _claim(run: JobRun, now: datetime) -> int:
    waiting = JobRun.objects.filter(pk=run.pk, state=run.state, attempt=run.attempt)
    return waiting.update(
        state=JobState.RUNNING, started_at=now, next_attempt_at=None, attempt=run.attempt + 1
    )


def _end(
    run: JobRun, state: JobState, counts: Mapping[str, int], *, now: datetime, error: str = ""
) -> None:
    run.state, run.counts, run.error = state, dict(counts), error
    run.finished_at = None if state == JobState.RETRY else now
    run.save(update_fields=["state", "finished_at", "counts", "error", "next_attempt_at"])
    if run.workspace_id:
        bump(run.workspace_id, TOPIC)
    if error:
        logger.warning("job failed", extra={"job": run.name, "run": run.pk, "attempt": run.attempt})
