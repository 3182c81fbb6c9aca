"""What somebody who signs a send sees: who, how many, why not, at what cost, for example whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outreach.models import CampaignLaunch, MessageChannel
from outreach.selectors.plan_diff import diff_of
from workspaces.models import Proposal


def launch_context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """The campaign, its send plan, and what that changes."""
    rows = CampaignLaunch.objects.select_related("campaign__audience", "plan", "workspace")
    launch = rows.filter(proposal=proposal).first()
    plan = proposal.current_plan
    if launch is None or plan is None:
        return {}
    launch.plan.campaign = launch.campaign
    return {
        "campaign": launch.campaign,
        "send": launch.plan,
        "body": plan.content,
        "senders": [
            (MessageChannel(name).label, one)
            for name, one in plan.content.get("senders", {}).items()
        ],
        "diff": diff_of(launch.plan),
        "currency": launch.workspace.currency,
    }
