"""Undo: a revert is itself a proposal, with its own plan and signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from workspaces.gate import GateError, NotAllowedError, Proposer, StateError, handler_of
from workspaces.ids import uuid7
from workspaces.models import Proposal, Status, User
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.locks import lock_proposal
from workspaces.services.proposing import propose
from workspaces.services.signing import BulkResult


def revert(
    *,
    proposal_id: int,
    by: User,
    now: datetime,
    reason: str = "",
    idempotency_key: str = "",
    bundle_id: UUID | None = None,
    proposer: Proposer | None = None,
) -> Proposal:
    """Propose the inverse of an executed change.

    Raises
    ------
    StateError : it was never executed, or is undone already
    NotAllowedError : undoing needs the role of operator
    """
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        if effective_rank(user=by, workspace=proposal.workspace, now=now) < Role.OPERATOR.rank:
            raise NotAllowedError("Undoing a change needs the role of operator.")
        if proposal.status != Status.EXECUTED:
            raise StateError(
                f"It is {proposal.get_status_display().lower()}; only an executed change can be"
                " undone."
            )
        return propose(
            workspace=proposal.workspace,
            kind=proposal.kind,
            request=handler_of(proposal.kind).inverse(proposal),
            proposer=proposer or Proposer.person(by),
            reason=reason.strip() or f"Undo “{proposal.summary}”.",
            evidence={"reverts": str(proposal.public_id)},
            now=now,
            idempotency_key=idempotency_key,
            bundle_id=bundle_id,
            reverts=proposal,
        )


def bulk_revert(
    *, proposal_ids: Sequence[int], by: User, now: datetime, reason: str = ""
) -> BulkResult:
    """Propose the inverse of many, as one bundle; what cannot be undone is listed with why."""
    done: list[Proposal] = []
    refused: list[tuple[int, str]] = []
    bundle_id = uuid7()
    with transaction.atomic():
        for proposal_id in sorted(set(proposal_ids)):
            try:
                with transaction.atomic():
                    done.append(
                        revert(
                            proposal_id=proposal_id,
                            by=by,
                            now=now,
                            reason=reason,
                            bundle_id=bundle_id,
                        )
                    )
            except GateError as error:
                refused.append((proposal_id, str(error)))
    return BulkResult(tuple(done), tuple(refused))
