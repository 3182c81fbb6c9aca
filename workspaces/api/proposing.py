"""Proposing over REST: what every kind does alike."""

from __future__ import annotations

from typing import Any

from workspaces.api.views import ApiView
from workspaces.models import Proposal
from workspaces.services.proposing import propose


def propose_for(view: ApiView, kind: str, request: dict[str, Any], *, reason: str) -> Proposal:
    """Propose as the caller, in his workspace; ``PlanProposedOut`` tells what came of it."""
    return propose(
        workspace=view.workspace,
        kind=kind,
        request=request,
        proposer=view.caller.proposer,
        reason=reason,
        now=view.now,
    )
