"""Looks after plans that are being sent: the next wave, a halt by itself, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from outreach.engine.canary import CanaryState, Verdict
from outreach.models import (
    CampaignStatus,
    Enrolment,
    EnrolmentState,
    OutreachCampaign,
    PlanStatus,
    SendPlan,
)
from outreach.selectors.day_room import is_past_its_end
from outreach.selectors.harm import Fares, canary_of, fares_of
from outreach.selectors.launches import KIND, active_plan, open_launch_of
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.senders import changed_since
from outreach.services.life import (
    TOPIC,
    cancel_waiting,
    complete,
    lock_campaign,
    pause_campaign,
)
from workspaces.gate import Proposer
from workspaces.models import Proposal, Workspace
from workspaces.models.gate import OPEN
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.notices import notify

#: Answers for what stops itself.
CANARY: Final = Proposer.rule("watch over harm")
SIGNED: Final = Proposer.rule("watch over what was signed")
_STOPS: Final = (Verdict.HALT, Verdict.HOLD)


def plans_in_sending(workspace: Workspace) -> list[SendPlan]:
    """Plans that are being sent and not paused."""
    plans = SendPlan.objects.filter(
        workspace=workspace, status=PlanStatus.ACTIVE, campaign__status=CampaignStatus.ACTIVE
    )
    return list(plans.select_related("campaign__workspace", "workspace").order_by("pk"))


def watch_plan(*, plan: SendPlan, now: datetime) -> str:
    """Look at one plan: ``advanced``, ``halted``, ``held``, ``done``, or nothing to do.

    Every look counts all that is known, so one that was missed is made good by the next.
    """
    if changed := changed_since(plan, terms=False):
        return _hold(plan, f"Changed since it was signed: {changed}.", now)
    fares = fares_of(plan, now)
    is_last = plan.wave >= len(plan.waves) - 1
    if len(plan.waves) > 1:
        state = canary_of(plan, outreach_policy_of(plan.workspace), fares, now)
        if state.verdict in _STOPS:
            return _halt(plan, state, fares, now)
        if state.verdict == Verdict.ADVANCE and not is_last:
            return _advance(plan, now)
    if is_last and fares.is_over:
        return _finish(plan, now)
    return ""


@transaction.atomic
def _advance(plan: SendPlan, now: datetime) -> str:
    moved = SendPlan.objects.filter(pk=plan.pk, status=PlanStatus.ACTIVE, wave=plan.wave).update(
        wave=plan.wave + 1, wave_at=now
    )
    bump(plan.workspace_id, TOPIC)
    return "advanced" if moved else ""


@transaction.atomic
def _halt(plan: SendPlan, state: CanaryState, fares: Fares, now: datetime) -> str:
    """Stop by itself; whoever lets it go on signs for it."""
    campaign = lock_campaign(plan.campaign)
    if campaign.status != CampaignStatus.ACTIVE:
        return ""
    reason = f"Stopped after {fares.sent:,} messages: {state.reason}"
    SendPlan.objects.filter(pk=plan.pk).update(status=PlanStatus.HALTED, halted_reason=reason[:300])
    pause_campaign(campaign=campaign, by=CANARY, reason=reason, now=now)
    _tell(plan, campaign, reason, f"halted:{plan.activated_at}", now)
    return "halted"


@transaction.atomic
def _hold(plan: SendPlan, reason: str, now: datetime) -> str:
    """Pause what would come from somebody else than was signed; a new plan is signed anew."""
    campaign = lock_campaign(plan.campaign)
    if campaign.status != CampaignStatus.ACTIVE:
        return ""
    pause_campaign(campaign=campaign, by=SIGNED, reason=reason, now=now)
    _tell(plan, campaign, reason, f"held:{now}", now)
    return "held"


def _tell(plan: SendPlan, campaign: OutreachCampaign, reason: str, key: str, now: datetime) -> None:
    notify(
        workspace=plan.workspace,
        rank=Role.OPERATOR.rank,
        topic="outreach.halted",
        title=f"Stopped by itself: {campaign.name}"[:200],
        body=reason,
        url=reverse("approvals"),
        dedup_key=f"outreach:{plan.public_id}:{key}",
        now=now,
    )


@transaction.atomic
def _finish(plan: SendPlan, now: datetime) -> str:
    campaign = lock_campaign(plan.campaign)
    SendPlan.objects.filter(pk=plan.pk, status=PlanStatus.ACTIVE).update(
        status=PlanStatus.DONE, ended_at=now
    )
    finish_if_over(campaign, now=now)
    return "done"


def campaigns_to_end(workspace: Workspace, now: datetime) -> list[OutreachCampaign]:
    """Campaigns that run past the end that was signed; what the row says now does not count."""
    running = OutreachCampaign.objects.filter(workspace=workspace, status=CampaignStatus.ACTIVE)
    plans = [(one, active_plan(one)) for one in running.order_by("pk")]
    return [one for one, plan in plans if plan is not None and is_past_its_end(plan, now)]


@transaction.atomic
def end_in_time(*, campaign: OutreachCampaign, now: datetime) -> bool:
    """Complete a campaign whose signed end has come: nothing of it is sent any more."""
    locked = lock_campaign(campaign)
    plan = active_plan(locked)
    if locked.status != CampaignStatus.ACTIVE or plan is None or not is_past_its_end(plan, now):
        return False
    SendPlan.objects.filter(campaign=locked, status=PlanStatus.ACTIVE).update(
        status=PlanStatus.DONE, ended_at=now
    )
    cancel_waiting(locked, reason="The campaign's end has come.")
    Enrolment.objects.filter(campaign=locked, state=EnrolmentState.ACTIVE).update(
        state=EnrolmentState.EXITED, exit_reason="the campaign ended", due_at=None
    )
    complete(locked, now=now)
    return True


def finish_if_over(campaign: OutreachCampaign, *, now: datetime) -> bool:
    """Complete a locked campaign of which nothing is left to send."""
    is_going = SendPlan.objects.filter(campaign=campaign, status=PlanStatus.ACTIVE).exists()
    has_people = Enrolment.objects.filter(campaign=campaign, state=EnrolmentState.ACTIVE).exists()
    if is_going or has_people or campaign.status != CampaignStatus.ACTIVE:
        return False
    complete(campaign, now=now)
    return True


def free_unsigned(*, workspace: Workspace) -> int:
    """Make drafts again of campaigns whose launch was rejected, cancelled or forgotten."""
    waiting = OutreachCampaign.objects.filter(
        workspace=workspace, status=CampaignStatus.AWAITING_APPROVAL
    )
    freed = [one.pk for one in waiting if open_launch_of(one) is None]
    return waiting.filter(pk__in=freed).update(status=CampaignStatus.DRAFT)


def workspaces_sending(*, now: datetime) -> list[Workspace]:
    """Workspaces in which there is something to look after."""
    waits = Q(pk__in=SendPlan.objects.filter(
        Q(status=PlanStatus.ACTIVE, campaign__status=CampaignStatus.ACTIVE)
    ).values("workspace"))  # fmt: skip
    waits |= Q(pk__in=Enrolment.objects.filter(
        state=EnrolmentState.ACTIVE, due_at__lte=now, campaign__status=CampaignStatus.ACTIVE
    ).values("workspace"))  # fmt: skip
    ending = OutreachCampaign.objects.filter(status=CampaignStatus.ACTIVE, ends_at__lte=now)
    waits |= Q(pk__in=ending.values("workspace"))
    unsigned = OutreachCampaign.objects.filter(status=CampaignStatus.AWAITING_APPROVAL)
    asked = Proposal.objects.filter(kind=KIND, status__in=OPEN).values("campaignlaunch__campaign")
    waits |= Q(pk__in=unsigned.exclude(pk__in=asked).values("workspace"))
    return list(Workspace.objects.open().filter(waits, kill_switch=False).order_by("pk"))
