"""Training as jobs of a workspace, one for each model that can be trained."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Final

from mlops.selectors.registry import label_of
from mlops.services.job_names import training_job
from mlops.services.training import TRAINERS, NothingNewError, TooLittleError, train_model
from mlops.services.watch.jobs import SCORE_JOB
from workspaces.services.jobs import (
    JobRefusedError,
    Progress,
    register_job,
    request_job,
    send_soon,
)

QUEUE: Final = "train"
LIMIT_S: Final = 3600


def register_training() -> None:
    """Make a job of each trainer known."""
    for name in TRAINERS:
        register_job(
            training_job(name),
            f"Training: {label_of(name)}",
            partial(train_for_workspace, name),
            max_per_hour=6,
            limit_s=LIMIT_S,
            # A worker that ran out of memory once will again.
            max_attempts=2,
            backoff_base_ms=60_000,
            priority=-5,
            queue=QUEUE,
        )


def train_for_workspace(name: str, progress: Progress) -> None:
    """Body of a training job.

    By schedule too little to learn from is no failure: most workspaces have no app. Rows that the
    newest version has learnt are left alone then; who asks for a training gets one.
    """
    by_schedule = progress.run.trigger == "schedule"
    try:
        version = train_model(
            workspace=progress.workspace,
            name=name,
            now=progress.now,
            told=progress.step,
            by=progress.run.started_by,
            only_new=by_schedule,
        )
    except (NothingNewError, TooLittleError) as error:
        if not by_schedule:
            raise
        progress.step(str(error))
        progress.count(skipped=1)
        return
    better = "beats the plain models" if version.is_better else "does not beat the plain models"
    progress.step(f"Version {version.version} {better}")
    progress.count(versions=1, rows=version.rows + version.held_out)
    if version.is_better:
        _compare_soon(progress)


def _compare_soon(progress: Progress) -> None:
    """Have a version that may serve compared and proposed now, not next night."""
    # Where that runs already, or was asked for too often, the night will do.
    with suppress(JobRefusedError):
        run = request_job(
            workspace=progress.workspace, name=SCORE_JOB, trigger="training", now=progress.now
        )
        send_soon(run)
