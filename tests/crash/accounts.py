"""An account of fifty ad sets, and signed changes of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from campaigns.models import AdSet
from workspaces.gate import Proposer
from workspaces.models import Proposal, User
from workspaces.services import proposing, signing

CAMPAIGNS, AD_SETS = 10, 5


def seed_account(now: datetime) -> dict[str, object]:
    """Ten campaigns of five ad sets, each with a budget of 100 a day; no traffic."""
    campaigns = [
        {
            "id": f"10{number}",
            "name": f"Campaign {number}",
            "status": "active",
            "adsets": [
                {
                    "id": f"20{number}{place}",
                    "name": f"Ad set {number}.{place}",
                    "status": "active",
                    "daily_budget": "100.00",
                    "ads": [],
                }
                for place in range(AD_SETS)
            ],
        }
        for number in range(CAMPAIGNS)
    ]
    account = {
        "platform": "meta",
        "id": "9001",
        "name": "Crash",
        "currency": "USD",
        "timezone": "UTC",
        "token": "t",
        "campaigns": campaigns,
    }
    # Old enough for every learning phase to be over.
    return {"accounts": [account], "created_at": int(now.timestamp()) - 30 * 24 * 3600}


def signed_change(
    ad_set: AdSet,
    by: list[User],
    now: datetime,
    *,
    change_type: str = "budget",
    operator: User | None = None,
) -> Proposal:
    """A change that every signature it needs is on."""
    value = "paused" if change_type == "status" else str(Decimal("110"))
    proposal = proposing.propose(
        workspace=ad_set.workspace,
        kind="ad_change",
        request={
            "entity_type": "adset",
            "entity": str(ad_set.public_id),
            "change_type": change_type,
            "value": value,
        },
        proposer=Proposer.person(operator) if operator else Proposer.model("sampler", "v1"),
        reason="Crash.",
        now=now,
    )
    for person in by[: proposal.current_plan.signatures_required]:
        proposal = signing.sign(
            proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=person, now=now
        )
    return proposal
