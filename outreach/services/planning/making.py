"""Plans are made: at once where few are asked about, else by a job; then they are fixed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Max

from outreach.engine.zones import to_datetime
from outreach.models import OutreachCampaign, PlannedSend, PlanStatus, SendPlan
from outreach.selectors.asked import Asked, asked_audience, ids_sha256, member_count
from outreach.selectors.campaign_rules import settings_of
from outreach.selectors.expected import expected_of
from outreach.selectors.launches import open_launch_of
from outreach.selectors.plan_rows import PlanRows
from outreach.services.life import lock_campaign
from outreach.services.planning.deciding import Asking, amount, counts_of, decide_step
from outreach.services.planning.rows import write_rows
from workspaces.gate import Proposer, StateError
from workspaces.roles import Role
from workspaces.services.jobs import request_job, send_soon
from workspaces.services.live import bump
from workspaces.services.permissions import require
from workspaces.snapshot import snapshot

TOPIC: Final = "outreach"  # live counter of the pages
PLANNING_JOB: Final = "outreach-planning"
#: People for whom a plan is made while somebody waits.
AT_ONCE: Final = 5_000


def plan_campaign(*, campaign: OutreachCampaign, by: Proposer, now: datetime) -> SendPlan:
    """Make a plan of a campaign's first step; of many people a job makes it.

    Raises
    ------
    StateError : it has no steps, waits for a signature, or nothing of it can be sent
    NotAllowedError : the person is no operator
    """
    require(Role.OPERATOR, by=by, workspace=campaign.workspace, now=now, what="Planning a send")
    if proposal := open_launch_of(campaign):
        raise StateError(
            f"“{proposal.summary}” is {proposal.get_status_display().lower()}. Cancel that first."
        )
    plan = begin_plan(campaign=campaign, now=now)
    if member_count(campaign.workspace, campaign.audience, now) <= AT_ONCE:
        return build(plan=plan, now=now)
    run = request_job(
        workspace=campaign.workspace, name=PLANNING_JOB, trigger="plan", now=now, by=by.user
    )
    send_soon(run)
    return plan


@transaction.atomic
def begin_plan(*, campaign: OutreachCampaign, now: datetime) -> SendPlan:
    """Write down that a plan is to be made; an older one that was not finished is given up.

    Raises
    ------
    StateError : the campaign is archived or has no steps
    """
    locked = lock_campaign(campaign)
    if locked.archived_at is not None:
        raise StateError("The campaign is archived.")
    if not locked.steps.exists():
        raise StateError("Add a step with a text before planning.")
    plans = SendPlan.objects.filter(campaign=locked)
    for old in plans.filter(status=PlanStatus.BUILDING):
        give_up(old, now=now)
    newest = plans.aggregate(newest=Max("number"))["newest"] or 0
    return SendPlan.objects.create(
        workspace=locked.workspace, campaign=locked, number=newest + 1, as_of=now,
        settings=settings_of(locked),
    )  # fmt: skip


def give_up(plan: SendPlan, *, now: datetime) -> None:
    """Put a plan away that was not finished, with what it has of rows."""
    PlannedSend.objects.filter(plan=plan).delete()
    SendPlan.objects.filter(pk=plan.pk, status=PlanStatus.BUILDING).update(
        status=PlanStatus.SUPERSEDED, ended_at=now
    )


def build(*, plan: SendPlan, now: datetime) -> SendPlan:
    """Work a plan out for its campaign's audience and fix it.

    Raises
    ------
    StateError : nothing of it can be sent; the plan is given up
    """
    campaign = plan.campaign
    step = campaign.steps.order_by("position")[0]
    try:
        with snapshot():
            asked = asked_audience(plan.workspace, campaign.audience, now)
            if not asked.n:
                raise StateError("Nobody is in the audience.")  # the end of both
            finish(plan, asked, Asking(campaign, plan.settings, step, now))
    except StateError:
        give_up(plan, now=now)
        raise
    return plan


def finish(plan: SendPlan, asked: Asked, asking: Asking) -> PlanRows:
    """Decide for everybody, write the rows, and fix the plan; in the caller's transaction."""
    rows = decide_step(asked, asking)
    write_rows(plan, rows)
    _fix(plan, rows, asking)
    plan.audience_sha256 = ids_sha256(asked.ids)
    if plan.follows_id is None:
        _supersede_older(plan)
    plan.save()
    bump(plan.workspace_id, TOPIC)
    return rows


def _fix(plan: SendPlan, rows: PlanRows, asking: Asking) -> None:
    is_sent = rows.is_sent
    at = rows.columns["send_at"][is_sent]
    waves = rows.columns["wave"][is_sent]
    plan.rows_sha256 = rows.sha256()
    plan.counts = counts_of(rows, plan.workspace.zone)
    if not asking.is_follow_up:
        plan.expected = expected_of(asking.campaign, plan.counts["channel"])
    plan.recipients = int(is_sent.sum())
    plan.blocked = len(is_sent) - plan.recipients
    plan.cost = Decimal(amount(int(rows.columns["cost"][is_sent].sum())))
    plan.waves = np.cumsum(np.bincount(waves, minlength=1)).tolist()
    plan.first_at = to_datetime(at.min()) if len(at) else None
    plan.last_at = to_datetime(at.max()) if len(at) else None
    plan.as_of = plan.made_at = asking.now
    plan.status = PlanStatus.READY


def _supersede_older(plan: SendPlan) -> None:
    older = SendPlan.objects.filter(
        campaign=plan.campaign_id, status=PlanStatus.READY, number__lt=plan.number
    )
    older.update(status=PlanStatus.SUPERSEDED)
