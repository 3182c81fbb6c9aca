"""The jobs of this app, and within what limits each runs."""

from __future__ import annotations

from mlops.selectors.boards import JOB as BOARDS_JOB
from mlops.services.boards.syncing import sync_boards
from mlops.services.budget_job import BUDGET_JOB, propose_for_workspace
from mlops.services.policy_trials import POLICY_JOB, answer_trials
from mlops.services.prediction_upkeep import PURGE_JOB, purge_workspace
from mlops.services.training_jobs import QUEUE, register_training
from mlops.services.watch.jobs import DRIFT_JOB, SCORE_JOB, score_workspace, watch_workspace
from mlops.services.winners.collecting import WINNERS_JOB, collect_for_workspace
from workspaces.services.jobs import register_job


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(
        BUDGET_JOB,
        "Budget proposals of the sampler",
        propose_for_workspace,
        max_per_hour=10,
        limit_s=600,
        max_attempts=3,
        backoff_base_ms=10_000,
        priority=5,
    )
    register_job(
        POLICY_JOB, "Trials of other policies", answer_trials, max_per_hour=60, limit_s=600,
        max_attempts=2, priority=5,
    )  # fmt: skip
    register_job(PURGE_JOB, "Purge of old predictions", purge_workspace, limit_s=600)
    # They load models: not in the worker that does all the rest.
    register_job(
        SCORE_JOB,
        "Scores of users and campaigns by models",
        score_workspace,
        priority=-5,
        queue=QUEUE,
    )
    register_job(DRIFT_JOB, "Drift of models", watch_workspace, priority=-5, queue=QUEUE)
    register_job(
        WINNERS_JOB,
        "Winner library",
        collect_for_workspace,
        limit_s=1800,
        priority=-5,
        queue=QUEUE,
    )
    register_training()
    # It runs again in half an hour anyway, so one that failed is not tried before.
    register_job(BOARDS_JOB, "ML dashboards", sync_boards, limit_s=120, max_attempts=1)
