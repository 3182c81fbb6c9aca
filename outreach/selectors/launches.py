"""Proposals to send campaigns, and the plans that they are about."""

from __future__ import annotations

from typing import Final

from outreach.models import OutreachCampaign, PlanStatus, SendPlan
from workspaces.models import Proposal
from workspaces.models.gate import OPEN

KIND: Final = "outreach.launch"
#: What proposals of sends below every line are proposed by; who asked for it follows.
SMALL_SENDS: Final = "rule:small send:"


def subject_of(campaign: OutreachCampaign) -> str:
    """What proposals about a campaign call it; one of them is open at a time."""
    return f"{KIND}:{campaign.public_id}"


def open_launch_of(campaign: OutreachCampaign) -> Proposal | None:
    """The proposal about a campaign that waits, is signed or runs."""
    return Proposal.objects.filter(
        workspace=campaign.workspace_id, kind=KIND, subject_key=subject_of(campaign),
        status__in=OPEN,
    ).first()  # fmt: skip


def newest_ready(campaign: OutreachCampaign) -> SendPlan | None:
    """The plan that can be launched."""
    plans = SendPlan.objects.filter(campaign=campaign, status=PlanStatus.READY)
    return plans.order_by("-number").first()


def active_plan(campaign: OutreachCampaign) -> SendPlan | None:
    """The signed plan of the whole campaign that is being sent, was sent or stopped last."""
    statuses = (PlanStatus.ACTIVE, PlanStatus.HALTED, PlanStatus.DONE)
    plans = SendPlan.objects.filter(campaign=campaign, status__in=statuses, follows=None)
    return plans.order_by("-number").first()
