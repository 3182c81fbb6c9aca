"""The demo's agent: a program that reads and suggests, with a key that signs nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, DeliveryStatus, EntityType, PendingAdChange
from workspaces import scopes
from workspaces.gate import Proposer
from workspaces.models import KeyKind, ProposerType, User, Workspace
from workspaces.services.keys import create_key
from workspaces.services.suggesting import suggest

NAME = "Growth watcher"
_SCOPES = (
    scopes.CHANGES_READ, scopes.CHANGES_PROPOSE, scopes.INSIGHT_READ, scopes.EXPERIMENTS_WRITE,
    scopes.OUTREACH_WRITE,
)  # fmt: skip
_IDEAS: tuple[dict[str, Any], ...] = (
    {
        "id": "churn/quiet-members", "type": "churn_prevention", "priority": "high",
        "title": "Members who were quiet for three weeks leave twice as often",
        "description": "A short word with a free check-up session may bring them back.",
        "impact": {"people": "about one in eight"},
        "recommended_actions": [{
            "action_type": "create_campaign",
            "parameters": {"name": "Come back to training", "channels": ["email"]},
        }],
    },
    {
        "id": "funnel/price-page", "type": "funnel_optimization", "priority": "medium",
        "title": "Visitors leave on the price page",
        "description": "Most who leave saw no monthly price. Show one, and count who books.",
        "recommended_actions": [{
            "action_type": "create_ab_test", "parameters": {"name": "Monthly price first"},
        }],
    },
    {
        "id": "segment/evening", "type": "segment_opportunity", "priority": "low",
        "title": "Evening visitors book more trial sessions",
        "description": "Between 19 and 22 o'clock a visit ends in a booking more often.",
    },
)  # fmt: skip


def watch(*, workspace: Workspace, admin: User, now: datetime) -> None:
    """Make its key, and let it suggest what it saw this morning."""
    key, _plain = create_key(
        workspace=workspace, name=NAME, scopes=_SCOPES, by=admin, now=now, kind=KeyKind.AGENT,
        expires_at=now + timedelta(days=365),
    )  # fmt: skip
    suggest(
        agent=key, proposer=Proposer(ProposerType.KEY, f"key:{key.prefix}", key.name),
        agent_type="growth-watcher", priority="medium", at=now, now=now,
        suggestions=[*_IDEAS, *_room(workspace)],
    )  # fmt: skip


def _room(workspace: Workspace) -> list[dict[str, Any]]:
    """One campaign whose budget nobody proposed to change today."""
    busy = PendingAdChange.objects.filter(
        workspace=workspace, entity_type=EntityType.CAMPAIGN,
        proposal__status__in=["pending", "approved", "executing"],
    )  # fmt: skip
    found = Campaign.objects.filter(
        account__workspace=workspace, daily_budget__gt=0, status=DeliveryStatus.ACTIVE
    ).exclude(pk__in=busy.values("entity_id"))
    campaign = found.order_by("pk").first()
    if campaign is None or campaign.daily_budget is None:
        return []
    value = (campaign.daily_budget * Decimal("1.05")).quantize(Decimal("0.01"))
    return [{
        "id": "budget/room", "type": "budget_change", "priority": "medium",
        "title": f"{campaign.name} has room to grow",
        "description": "Its budget is spent by early afternoon at a cost below the target.",
        "recommended_actions": [{
            "action_type": "change_budget",
            "parameters": {"entity_type": "campaign", "entity": str(campaign.public_id),
                           "value": str(value)},
        }],
    }]  # fmt: skip
