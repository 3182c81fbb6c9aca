"""The jobs of this app, and within what limits each runs."""

from __future__ import annotations

from outreach.services.converting import CONVERSIONS_JOB, convert
from outreach.services.halting import DELIVERABILITY_JOB, watch
from outreach.services.social import syncing
from outreach.services.social.following import FUNNELS_JOB, run_funnels
from outreach.services.social.insights import INSIGHTS_JOB, run_insights
from outreach.services.social.scoring import ADVOCATES_JOB, score
from workspaces.services.jobs import register_job


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    # They run again within minutes, so one that failed is not tried before.
    register_job(DELIVERABILITY_JOB, "Watch over mail", watch, limit_s=120, max_attempts=1)
    register_job(
        CONVERSIONS_JOB, "Conversions after messages", convert, limit_s=600, max_attempts=1
    )
    for name, label, body in syncing.jobs():
        register_job(name, label, body, limit_s=1_800, max_attempts=1)
    register_job(FUNNELS_JOB, "Answer who comments", run_funnels, limit_s=300, max_attempts=1)
    register_job(INSIGHTS_JOB, "Learn from posts", run_insights, limit_s=600)
    register_job(ADVOCATES_JOB, "Score who speaks for us", score, limit_s=600)
