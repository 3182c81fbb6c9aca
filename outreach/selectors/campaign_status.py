"""How far a campaign is, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from outreach.models import (
    Enrolment,
    EnrolmentState,
    MessageDay,
    OutreachCampaign,
    OutreachMessage,
    SendPlan,
)
from outreach.selectors.launches import active_plan, newest_ready, open_launch_of

_COUNTS: Final = ("sent", "delivered", "opened", "clicked", "replied", "converted", "bounced",
                  "complained", "unsubscribed")  # fmt: skip


@dataclass(frozen=True)
class CampaignFigures:
    """A campaign, the plan that counts for it now, and what came of it so far."""

    campaign: OutreachCampaign
    plan: SendPlan | None
    proposal_id: UUID | None
    messages: dict[str, int]
    counts: dict[str, int]
    cost: Decimal
    enrolled: int

    def __getattr__(self, name: str) -> Any:
        """Counts by their names."""
        if name in _COUNTS:
            return self.counts[name]
        raise AttributeError(name)


def figures_of(campaign: OutreachCampaign) -> CampaignFigures:
    """Count what is known of a campaign."""
    days = MessageDay.objects.filter(workspace=campaign.workspace_id, campaign=campaign)
    sums = days.aggregate(
        **{name: Coalesce(Sum(name), 0) for name in _COUNTS}, cost=Sum("cost")
    )  # fmt: skip
    messages = OutreachMessage.objects.filter(campaign=campaign).values_list("status")
    proposal = open_launch_of(campaign)
    enrolled = Enrolment.objects.filter(campaign=campaign, state=EnrolmentState.ACTIVE)
    return CampaignFigures(
        campaign=campaign,
        plan=active_plan(campaign) or newest_ready(campaign),
        proposal_id=proposal.public_id if proposal else None,
        messages=dict(messages.annotate(Count("pk")).order_by("status")),
        counts={name: sums[name] for name in _COUNTS},
        cost=sums["cost"] or Decimal(0),
        enrolled=enrolled.count(),
    )
