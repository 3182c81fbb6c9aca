"""One sync of the ML dashboards: collect, predict, draw, store; or the last good batch stays."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from mlops.models import SyncRun, SyncState, SyncStep
from mlops.selectors.board_days import board_days
from mlops.selectors.boards import JOB
from mlops.services.boards.drawing import draw
from mlops.services.boards.predicting import predict
from mlops.services.boards.storing import store
from workspaces.models import JobRun, JobState, User, Workspace
from workspaces.services.jobs import JobRefusedError, Progress, request_job
from workspaces.services.refusals import RefusedError
from workspaces.services.webhooks_out import publish

logger = logging.getLogger(__name__)

_LOST: Final = "Its worker stopped without a word."


def request_sync(
    *, workspace: Workspace, trigger: str, now: datetime, by: User | None = None
) -> JobRun:
    """Ask for a sync; one that waits or runs already is returned, so many calls make one run.

    Raises
    ------
    JobRefusedError : switched off here, or its hourly limit is used
    """
    try:
        return request_job(workspace=workspace, name=JOB, trigger=trigger, now=now, by=by)
    except JobRefusedError:
        running = JobRun.objects.filter(
            workspace=workspace, name=JOB, state=JobState.RUNNING
        ).first()
        if running is None:
            raise
        return running


def sync_boards(progress: Progress) -> None:
    """Body of the job: a step that fails ends the run and leaves the last good batch in place."""
    steps = _Steps(_begin(progress), progress)
    try:
        _carry_out(steps)
    except BaseException as error:
        # Also when the worker is told to stop: the run must not look busy for ever.
        _fail(steps, error)
        raise


@transaction.atomic
def _begin(progress: Progress) -> SyncRun:
    """Open the run's row; a repeated try of a job opens the same one again."""
    own = SyncRun.objects.filter(workspace=progress.workspace)
    # The job runs once at a time, so whatever still looks busy has lost its worker.
    own.filter(state=SyncState.RUNNING).update(
        state=SyncState.FAILED, error=_LOST, finished_at=progress.now
    )
    run, _ = SyncRun.objects.update_or_create(
        public_id=progress.run.public_id,
        defaults={
            "workspace": progress.workspace,
            "trigger": progress.run.trigger,
            "state": SyncState.RUNNING,
            "step": SyncStep.COLLECT,
            "started_at": progress.now,
            "finished_at": None,
            "error": "",
        },
    )
    return run


@dataclass
class _Steps:
    """Tells people which step a run is at, and counts how long each took."""

    run: SyncRun
    progress: Progress
    took_ms: dict[str, int] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    @contextmanager
    def at(self, step: SyncStep) -> Iterator[None]:
        done = SyncStep.values.index(step)
        self.progress.step(str(step.label), done=done, total=len(SyncStep.values))
        SyncRun.objects.filter(pk=self.run.pk).update(step=step)
        self.run.step = step
        begun = time.monotonic()
        yield
        self.took_ms[f"{step}_ms"] = round((time.monotonic() - begun) * 1000)

    @property
    def now(self) -> datetime:
        """The moment, counted on from the beginning."""
        return self.progress.now + timedelta(seconds=time.monotonic() - self.begun)


def _carry_out(steps: _Steps) -> None:
    workspace, now = steps.progress.workspace, steps.progress.now
    with steps.at(SyncStep.COLLECT):
        days = board_days(workspace, now)
    with steps.at(SyncStep.PREDICT):
        predicted = predict(workspace=workspace, days=days, now=now) if days else None
    with steps.at(SyncStep.DRAW):
        pictures = (
            list(draw(workspace=workspace, days=days, predicted=predicted))
            if days and predicted
            else []
        )
    found = {"channels": len(days.channels) if days else 0, "pictures": len(pictures)}
    with steps.at(SyncStep.STORE), transaction.atomic():
        store(
            run=steps.run, days=days, predicted=predicted, pictures=pictures,
            counts={**found, **steps.took_ms}, now=steps.now,
        )  # fmt: skip
        _tell(steps, found)
    steps.progress.count(**found, **steps.took_ms)


def _tell(steps: _Steps, found: dict[str, int]) -> None:
    publish(
        workspace=steps.run.workspace,
        event_type="sync.finished",
        event_id=f"{JOB}:{steps.run.public_id}:{steps.progress.run.attempt}",
        data={"run_id": str(steps.run.public_id), "kind": JOB, **found},
        now=steps.now,
    )


def _fail(steps: _Steps, error: BaseException) -> None:
    text = str(error) if isinstance(error, RefusedError) else f"{type(error).__name__}: {error}"
    SyncRun.objects.filter(pk=steps.run.pk, state=SyncState.RUNNING).update(
        state=SyncState.FAILED, error=text, finished_at=steps.now
    )
    logger.warning("the dashboards were not made", extra={"run": steps.run.pk})
