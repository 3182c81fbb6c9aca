"""People decide: sign, reject, withdraw, cancel, snooze; one by one or in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from workspaces.gate import GateError, NotAllowedError, RequestError, StalePlanError, StateError
from workspaces.models import Decision, Plan, Proposal, Signature, Status, User
from workspaces.roles import Role, rank_of
from workspaces.selectors import effective_rank, held_role
from workspaces.services.approving import approve_if_signed
from workspaces.services.events import announce
from workspaces.services.locks import lock_proposal


@dataclass(frozen=True)
class BulkResult:
    """What a bulk call did: proposals it decided, and for the others why not."""

    done: tuple[Proposal, ...]
    refused: tuple[tuple[int, str], ...]


def sign(*, proposal_id: int, plan_sha256: str, by: User, now: datetime, why: str = "") -> Proposal:
    """Sign the plan that was shown. With the last signature needed, the proposal is approved.

    Raises
    ------
    StalePlanError : another plan is current by now
    NotAllowedError : rank too low, or proposer, or editor of this plan
    StateError : it is not waiting for a signature
    """
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        plan = _signable(proposal, plan_sha256, now)
        role = _require_rank(proposal, plan, by, now)
        _require_four_eyes(proposal, plan, by)
        if plan.is_blocked:
            raise StateError(f"A rule forbids this: {proposal.waiting_for} Edit or reject it.")
        _write(plan, by, role, Decision.APPROVE, why, now)
        if not approve_if_signed(proposal, now=now, by=by):
            announce(proposal, "countersigned", now=now)
    return proposal


def reject(*, proposal_id: int, plan_sha256: str, by: User, now: datetime, why: str) -> Proposal:
    """Reject what was shown, with a reason that the proposer can learn from."""
    if not why.strip():
        raise RequestError("why", "Give a reason: the proposer learns from it.")
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        plan = _signable(proposal, plan_sha256, now)
        role = _require_rank(proposal, plan, by, now)
        # Who signed as the first of two may still think better of it.
        plan.signatures.filter(person=by, withdrawn_at=None).update(withdrawn_at=now)
        _write(plan, by, role, Decision.REJECT, why, now)
        _close(proposal, Status.REJECTED, by, why, now)
    return proposal


def withdraw(*, proposal_id: int, by: User, now: datetime) -> Proposal:
    """Take one's signature back, until execution starts."""
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        if proposal.status not in (Status.PENDING, Status.APPROVED):
            raise StateError(
                f"It is {proposal.get_status_display().lower()}; undo it instead of withdrawing."
            )
        withdrawn = Signature.objects.filter(
            plan=proposal.current_plan, person=by, decision=Decision.APPROVE, withdrawn_at=None
        ).update(withdrawn_at=now)
        if not withdrawn:
            raise StateError("You have no signature on the current version.")
        if proposal.status == Status.APPROVED:
            proposal.status = Status.PENDING
            proposal.decided_at = proposal.decided_by = proposal.execute_after = None
            proposal.save()
        announce(proposal, "withdrawn", now=now)
    return proposal


def cancel(*, proposal_id: int, by: User, now: datetime, why: str = "") -> Proposal:
    """Take a proposal back before it executes: its proposer, or an approver."""
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        rank = effective_rank(user=by, workspace=proposal.workspace, now=now)
        own = proposal.proposed_by_id == by.pk and rank >= Role.OPERATOR.rank
        if not (own or rank >= Role.APPROVER.rank):
            raise NotAllowedError("Only its proposer or an approver can cancel this change.")
        if proposal.status not in (Status.PENDING, Status.APPROVED):
            raise StateError(f"It is {proposal.get_status_display().lower()}; too late to cancel.")
        _close(proposal, Status.CANCELLED, by, why, now)
    return proposal


def snooze(*, proposal_id: int, until: datetime, by: User, now: datetime) -> Proposal:
    """Hide a pending proposal from everyone's queue until a moment; its expiry runs on."""
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        if effective_rank(user=by, workspace=proposal.workspace, now=now) < Role.OPERATOR.rank:
            raise NotAllowedError("Snoozing needs the role of operator.")
        if proposal.status != Status.PENDING:
            raise StateError("Only what waits for a signature can be snoozed.")
        if until <= now:
            raise RequestError("until", "Choose a moment in the future.")
        if proposal.expires_at and until >= proposal.expires_at:
            raise RequestError("until", "It expires before that. Choose an earlier moment.")
        proposal.snoozed_until = until
        proposal.save(update_fields=["snoozed_until", "updated_at"])
        announce(proposal, "snoozed", now=now)
    return proposal


def bulk_sign(
    *, pairs: Sequence[tuple[int, str]], by: User, now: datetime, why: str = ""
) -> BulkResult:
    """Sign many, each by the hash that was shown; what cannot be signed is listed with why."""
    return _bulk(
        pairs, lambda pk, sha: sign(proposal_id=pk, plan_sha256=sha, by=by, now=now, why=why)
    )


def bulk_reject(
    *, pairs: Sequence[tuple[int, str]], by: User, now: datetime, why: str
) -> BulkResult:
    """Reject many with one reason."""
    return _bulk(
        pairs, lambda pk, sha: reject(proposal_id=pk, plan_sha256=sha, by=by, now=now, why=why)
    )


def _bulk(pairs: Sequence[tuple[int, str]], decide: Callable[[int, str], Proposal]) -> BulkResult:
    done: list[Proposal] = []
    refused: list[tuple[int, str]] = []
    with transaction.atomic():
        # One order for all bulk calls, so that two of them never wait for each other.
        for proposal_id, sha256 in sorted(set(pairs)):
            try:
                with transaction.atomic():
                    done.append(decide(proposal_id, sha256))
            except GateError as error:
                refused.append((proposal_id, str(error)))
    return BulkResult(tuple(done), tuple(refused))


def _signable(proposal: Proposal, plan_sha256: str, now: datetime) -> Plan:
    """Return the current plan, when it is the one that was shown and still open."""
    if proposal.status != Status.PENDING:
        raise StateError(_closed_sentence(proposal))
    plan = proposal.current_plan
    if plan is None:
        raise StateError("This proposal is still being prepared; try again in a moment.")
    if plan.sha256 != plan_sha256:
        raise StalePlanError(proposal)
    if proposal.expires_at and proposal.expires_at <= now:
        raise StateError("It has expired. Propose it again if it is still wanted.")
    return plan


def _closed_sentence(proposal: Proposal) -> str:
    who = f" by {proposal.decided_by}" if proposal.decided_by else ""
    return f"It was decided already{who}: {proposal.get_status_display().lower()}."


def _require_rank(proposal: Proposal, plan: Plan, by: User, now: datetime) -> str:
    role = held_role(user=by, workspace=proposal.workspace, now=now, not_from=proposal.proposed_by)
    if rank_of(role) < rank_of(plan.rank_required):
        raise NotAllowedError(f"Deciding this needs the role of {plan.rank_required}.")
    return role


def _require_four_eyes(proposal: Proposal, plan: Plan, by: User) -> None:
    if proposal.proposed_by_id == by.pk:
        raise NotAllowedError("You proposed this, so another person has to sign it.")
    edits = proposal.plans.filter(edited_by=by)
    if plan.signatures_required == 1:
        edits = edits.filter(editor_may_sign=False)
    if edits.exists():
        raise NotAllowedError("You edited this, so another person has to sign it.")
    if plan.signatures.filter(person=by, withdrawn_at=None).exists():
        raise StateError("You have signed this already; another person has to sign too.")


def _write(plan: Plan, by: User, role: str, decision: Decision, why: str, now: datetime) -> None:
    Signature.objects.create(
        plan=plan, person=by, decision=decision, rank_held=role, why=why, at=now
    )


def _close(proposal: Proposal, status: Status, by: User, why: str, now: datetime) -> None:
    proposal.status = status
    proposal.decided_at = now
    proposal.decided_by = by
    proposal.decision_reason = why
    proposal.save()
    announce(proposal, str(status), now=now)
