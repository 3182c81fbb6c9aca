"""Makes a signed plan anew whose audience has changed; it needs a new signature then."""

from __future__ import annotations

from datetime import datetime

from outreach.models import PlanStatus, SendPlan
from outreach.selectors.asked import member_count
from outreach.services.planning.making import AT_ONCE, begin_plan, build
from workspaces.gate import StateError
from workspaces.models import Workspace


def renew_plan(*, workspace: Workspace, public_id: str, now: datetime) -> SendPlan | None:
    """Plan the same campaign again, where that is done at once; of many people somebody asks.

    In the transaction that settles an attempt, which a long one would hold up.
    """
    old = SendPlan.objects.select_related("campaign__workspace", "campaign__audience").get(
        workspace=workspace, public_id=public_id
    )
    SendPlan.objects.filter(pk=old.pk, status=PlanStatus.READY).update(status=PlanStatus.SUPERSEDED)
    if member_count(workspace, old.campaign.audience, now) > AT_ONCE:
        return None
    try:
        return build(plan=begin_plan(campaign=old.campaign, now=now), now=now)
    except StateError:
        # Asked for a plan, the gate finds none, and says so to those who signed.
        return None
