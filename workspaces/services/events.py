"""What the world hears of a proposal: live pages, notices, webhooks out."""

from __future__ import annotations

from datetime import datetime

from workspaces.models import Proposal
from workspaces.services.live import bump

TOPIC = "approvals"


def announce(proposal: Proposal, event: str, *, now: datetime) -> None:
    """Tell of ``proposal.<event>``, in the caller's transaction."""
    bump(proposal.workspace_id, TOPIC)
