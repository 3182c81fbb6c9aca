"""The jobs of this app, and within what limits each runs."""

from __future__ import annotations

from experiments.services.counting.job import (
    COUNTING_JOB,
    RECOUNT_JOB,
    count_workspace,
    recount_workspace,
)
from experiments.services.decision_jobs import (
    BANDITS_JOB,
    DECISIONS_JOB,
    decide_workspace,
    reweigh_workspace,
)
from experiments.services.practices.refreshing import PRACTICES_JOB, refresh_for_workspace
from workspaces.services.jobs import register_job


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(
        PRACTICES_JOB,
        "Best practices",
        refresh_for_workspace,
        limit_s=600,
        backoff_base_ms=10_000,
        priority=-5,
    )
    register_job(
        COUNTING_JOB,
        "Counting of A/B tests",
        count_workspace,
        limit_s=600,
        backoff_base_ms=2_000,
    )
    register_job(
        RECOUNT_JOB, "Check of the sums of A/B tests", recount_workspace, limit_s=3600, priority=-5
    )
    # They run again within the hour, so one that failed is not tried before.
    register_job(DECISIONS_JOB, "Decisions on tests", decide_workspace, limit_s=600, max_attempts=1)
    register_job(BANDITS_JOB, "Shares of bandits", reweigh_workspace, limit_s=600, max_attempts=1)
