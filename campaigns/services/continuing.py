"""A change that limits cut to a step goes on: the rest is a proposal of its own."""

from __future__ import annotations

import logging
from datetime import datetime

from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal, ProposerType
from workspaces.services.proposing import propose

logger = logging.getLogger(__name__)


def propose_rest(proposal: Proposal, rest: str, *, now: datetime) -> Proposal | None:
    """Propose what a limit left over, once this step has executed; ``None`` when it cannot be."""
    proposer = Proposer(
        ProposerType(proposal.proposer_type),
        proposal.proposer_key,
        proposal.proposer_label,
        proposal.proposed_by,
        proposal.confidence,
    )
    try:
        return propose(
            workspace=proposal.workspace,
            kind=proposal.kind,
            request={**proposal.request, "value": rest},
            proposer=proposer,
            reason=f"Goes on with “{proposal.summary}”. {proposal.reason}",
            now=now,
            idempotency_key=f"rest:{proposal.public_id}",
            continues=proposal,
        )
    except GateError as error:
        # The step itself stands; that it cannot go on is no reason to lose its record.
        logger.info("no next step", extra={"proposal": proposal.pk, "why": str(error)})
        return None
