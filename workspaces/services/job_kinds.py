"""Which jobs there are, and how each runs in a workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from workspaces.models import JobConfig, JobRun, User, Workspace
from workspaces.models.jobs import MAX_RUN_LIMIT_S
from workspaces.services.live import bump
from workspaces.services.refusals import RefusedError

TOPIC: Final = "jobs"
DEFAULT_QUEUE: Final = "default"
BACKOFF_CAP: Final = timedelta(hours=1)
# What may be gone at the next try. Everything else is a fault that a repeat would only repeat.
TRANSIENT: Final[tuple[type[BaseException], ...]] = (
    OperationalError, ConnectionError, TimeoutError, SoftTimeLimitExceeded,
)  # fmt: skip


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
    """A job that any workspace can have; the numbers are what its ``JobConfig`` starts with.

    ``limit_s``: a run older than that has lost its worker. ``retry_on``: errors after which another
    try may help. ``queue``: whose worker takes it.
    """

    name: str
    label: str
    run: JobBody
    max_per_hour: int | None = None
    limit_s: int = MAX_RUN_LIMIT_S
    max_attempts: int = 3
    backoff_base_ms: int = 5000
    give_up_after_min: int = 1440
    priority: int = 0
    retry_on: tuple[type[BaseException], ...] = TRANSIENT
    queue: str = DEFAULT_QUEUE

    def defaults(self) -> dict[str, int | None]:
        """Columns of a new ``JobConfig``."""
        return {
            "max_per_hour": self.max_per_hour,
            "run_limit_s": self.limit_s,
            "max_attempts": self.max_attempts,
            "backoff_base_ms": self.backoff_base_ms,
            "give_up_after_min": self.give_up_after_min,
            "priority": self.priority,
        }


_jobs: dict[str, Job] = {}


def register_job(
    name: str,
    label: str,
    run: JobBody,
    *,
    max_per_hour: int | None = None,
    limit_s: int = MAX_RUN_LIMIT_S,
    max_attempts: int = 3,
    backoff_base_ms: int = 5000,
    give_up_after_min: int = 1440,
    priority: int = 0,
    retry_on: tuple[type[BaseException], ...] = TRANSIENT,
    queue: str = DEFAULT_QUEUE,
) -> None:
    """Make a job known. Called in ``ready()``; the numbers are defaults of its ``JobConfig``."""
    _jobs[name] = Job(
        name, label, run, max_per_hour, limit_s, max_attempts, backoff_base_ms,
        give_up_after_min, priority, retry_on, queue,
    )  # fmt: skip


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


def known_job(name: str) -> Job | None:
    """One job, ``None`` when no app brings it."""
    return _jobs.get(name)


def configure_jobs(workspace: Workspace) -> None:
    """Give a workspace a row per job, to switch and limit it by."""
    JobConfig.objects.bulk_create(
        [JobConfig(workspace=workspace, name=job.name, **job.defaults()) for job in jobs()],
        ignore_conflicts=True,
    )


def configure_new(workspace: Workspace, _by: User, _now: datetime) -> None:
    """As ``configure_jobs``, for a workspace that is being made."""
    configure_jobs(workspace)


def switch_job(*, workspace: Workspace, name: str, is_on: bool) -> JobConfig:
    """Let a job run in a workspace, or not; who did it stands in the history of its row.

    Raises
    ------
    JobRefusedError : there is no such job
    """
    config = config_of(workspace, job_of(name))
    config.is_enabled = is_on
    config.save(update_fields=["is_enabled", "updated_at"])
    return config


def config_of(workspace: Workspace, job: Job) -> JobConfig:
    """How a job runs in a workspace; made from the job's defaults when there is no row yet."""
    config, _ = JobConfig.objects.get_or_create(
        workspace=workspace, name=job.name, defaults=job.defaults()
    )
    return config
