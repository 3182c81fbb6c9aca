"""What was signed is what runs: the hash is computed again before every execution."""

from __future__ import annotations

import logging
from datetime import datetime

from workspaces.gate import digest
from workspaces.models import Plan, Proposal, Status
from workspaces.services.events import announce

logger = logging.getLogger(__name__)


def require_intact(proposal: Proposal, plan: Plan, *, now: datetime) -> bool:
    """Cancel a proposal whose plan no longer has the hash that was signed."""
    if digest(plan.body) == plan.sha256 and plan.proposal_id == proposal.pk:
        return True
    logger.error("plan does not match its hash", extra={"proposal": proposal.pk, "plan": plan.pk})
    proposal.status = Status.CANCELLED
    proposal.decision_reason = "The stored plan does not match the hash that was signed."
    proposal.decided_at = now
    proposal.save()
    announce(proposal, "cancelled", now=now)
    return False
