"""Planning and looking after sends as jobs of a workspace."""

from __future__ import annotations

import logging
from typing import Final

from outreach.models import PlanStatus, SendPlan
from outreach.services.planning.making import PLANNING_JOB, build
from outreach.services.sequencing import send_due_steps
from outreach.services.watching import (
    campaigns_to_end,
    end_in_time,
    free_unsigned,
    plans_in_sending,
    watch_plan,
)
from workspaces.gate import StateError
from workspaces.services.jobs import Progress, register_job

logger = logging.getLogger(__name__)

WATCH_JOB: Final = "outreach-watch"


def register_jobs() -> None:
    """Make them known; called in ``ready()``."""
    register_job(PLANNING_JOB, "Planning of sends", plan_workspace, limit_s=1800, priority=5)
    # It runs again within the minute, so one that failed is not tried before.
    register_job(WATCH_JOB, "Watch over sends", watch_workspace, limit_s=600, max_attempts=1)


def plan_workspace(progress: Progress) -> None:
    """Make every plan that waits for it."""
    plans = SendPlan.objects.filter(workspace=progress.workspace, status=PlanStatus.BUILDING)
    for plan in plans.select_related("campaign__audience", "campaign__workspace", "workspace"):
        progress.step(f"Planning {plan.campaign.name}")
        try:
            built = build(plan=plan, now=progress.now)
        except StateError as error:
            progress.count(refused=1)
            logger.info("not planned", extra={"plan": plan.pk, "why": str(error)})
            continue
        progress.count(plans=1, recipients=built.recipients, blocked=built.blocked)


def watch_workspace(progress: Progress) -> None:
    """Look after every plan that is being sent, and send later steps on their way."""
    workspace, now = progress.workspace, progress.now
    progress.count(freed=free_unsigned(workspace=workspace))
    if workspace.kill_switch:
        return
    ended = [end_in_time(campaign=one, now=now) for one in campaigns_to_end(workspace, now)]
    progress.count(ended=sum(ended))
    for plan in plans_in_sending(workspace):
        if done := watch_plan(plan=plan, now=now):
            progress.count(**{done: 1})
    progress.count(**send_due_steps(workspace=workspace, now=now))
