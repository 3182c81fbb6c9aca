"""What a message's proof says of the signature that let it go."""

from __future__ import annotations

from typing import Any

from workspaces.models import Decision, Proposal


def signed_proof(proposal: Proposal | None) -> dict[str, Any]:
    """Return the proposal, the document that was signed and the signatures; nothing for none."""
    if proposal is None or proposal.current_plan is None:
        return {}
    words = proposal.current_plan.signatures.filter(
        decision=Decision.APPROVE, withdrawn_at=None
    ).order_by("pk")
    return {
        "proposal": str(proposal.public_id),
        "signed_sha256": proposal.current_plan.sha256,
        "signatures": list(words.values_list("pk", flat=True)),
    }
