"""What came of a launch, against what was foretold."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from outreach.models import CampaignLaunch, MessageDay
from workspaces.models import Proposal


def measured_launch(proposal: Proposal) -> dict[str, Any] | None:
    """Clicks per hundred delivered against the expected ones; ``None`` while nothing arrived."""
    plan = proposal.current_plan
    launch = CampaignLaunch.objects.filter(proposal=proposal).first()
    if launch is None or plan is None or plan.predicted is None:
        return {"separable": False, "why": "There was no prediction to hold it against."}
    sums = MessageDay.objects.filter(
        workspace=proposal.workspace_id, campaign=launch.campaign_id
    ).aggregate(delivered=Sum("delivered"), clicked=Sum("clicked"))
    if not sums["delivered"]:
        return None
    share = 100 * sums["clicked"] / sums["delivered"]
    low, high = float(plan.predicted["low"]), float(plan.predicted["high"])
    return {
        "separable": True,
        "metric": plan.predicted["metric"],
        "delta": f"{share:.2f}",
        "expected": plan.predicted["delta"],
        "inside_interval": low <= share <= high,
    }
