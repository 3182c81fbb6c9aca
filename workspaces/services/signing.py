"""People decide: sign, reject, withdraw, cancel, snooze; one by one or in bulk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from workspaces.gate import (
    GateError,
    Judgement,
    NotAllowedError,
    PlanView,
    RequestError,
    StalePlanError,
    StateError,
    handler_of,
)
from workspaces.models import Decision, Plan, Proposal, Signature, Status, User
from workspaces.roles import Role, rank_of
from workspaces.selectors import effective_rank, held_role
from workspaces.services.approving import approve_all, approve_if_signed
from workspaces.services.events import announce, announce_all
from workspaces.services.locks import lock_proposal, lock_proposals


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
        plan, role = Signer([proposal], by, now).may_sign(proposal, plan_sha256)
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
    result = bulk_withdraw(proposal_ids=[proposal_id], by=by, now=now)
    for _, why in result.refused:
        raise StateError(why)
    return result.done[0]


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
    """Sign many, each by the hash that was shown; what cannot be signed is listed with why.

    Each is checked by itself and gets a signature of its own. What their checks have in common is
    read once, and what is written is written together.
    """
    signed: dict[int, Signature] = {}
    refused: list[tuple[int, str]] = []
    with transaction.atomic():
        # Locked in one order, so that two bulk calls never wait for each other.
        locked = lock_proposals(pk for pk, _ in pairs)
        signer = Signer(locked.values(), by, now)
        for pk, sha256 in sorted(set(pairs)):
            try:
                plan, role = signer.may_sign(_found(locked, pk), sha256)
                handler_of(locked[pk].kind)
            except GateError as error:
                refused.append((pk, str(error)))
            else:
                signed[pk] = _signature(plan, by, role, Decision.APPROVE, why, now)
        rows = [locked[pk] for pk in signed]
        judged = _judged([row for row in rows if signer.completes(row)], now)
        Signature.objects.bulk_create(signed.values())
        approve_all(judged, now=now, by=by)
        left = [row for row in rows if not signer.completes(row)]
        _announce_each(left, "countersigned", now)
    return BulkResult(tuple(rows), tuple(refused))


def bulk_withdraw(*, proposal_ids: Sequence[int], by: User, now: datetime) -> BulkResult:
    """Take one's signatures back; where that is too late is listed with why."""
    done: dict[int, int] = {}
    refused: list[tuple[int, str]] = []
    with transaction.atomic():
        locked = lock_proposals(proposal_ids)
        own = Signature.objects.filter(
            plan__in=[row.current_plan_id for row in locked.values()], person=by,
            decision=Decision.APPROVE, withdrawn_at=None,
        )  # fmt: skip
        mine = dict(own.values_list("plan", "pk"))
        for pk in sorted(set(proposal_ids)):
            try:
                done[pk] = _withdrawable(_found(locked, pk), mine)
            except GateError as error:
                refused.append((pk, str(error)))
        Signature.objects.filter(pk__in=done.values()).update(withdrawn_at=now)
        rows = [locked[pk] for pk in done]
        _put_back([row for row in rows if row.status == Status.APPROVED])
        _announce_each(rows, "withdrawn", now)
    return BulkResult(tuple(rows), tuple(refused))


def _withdrawable(proposal: Proposal, mine: Mapping[int, int]) -> int:
    """Return the key of one's signature on it, when it can still be taken back."""
    if proposal.status not in (Status.PENDING, Status.APPROVED):
        raise StateError(
            f"It is {proposal.get_status_display().lower()}; undo it instead of withdrawing."
        )
    signature = mine.get(proposal.current_plan_id or 0)
    if signature is None:
        raise StateError("You have no signature on the current version.")
    return signature


def _put_back(approved: Sequence[Proposal]) -> None:
    """Let approved proposals wait for a signature again."""
    for row in approved:
        row.status = Status.PENDING
        row.decided_at = row.decided_by = row.execute_after = None
    Proposal.objects.filter(pk__in=[row.pk for row in approved]).update(
        status=Status.PENDING, decided_at=None, decided_by=None, execute_after=None,
        updated_at=timezone.now(),
    )  # fmt: skip


def _judged(
    proposals: Sequence[Proposal], now: datetime
) -> list[tuple[Proposal, PlanView, Judgement]]:
    """Policy's word on proposals that have all their signatures, asked by kind."""
    kinds: defaultdict[str, list[tuple[Proposal, PlanView]]] = defaultdict(list)
    for row in proposals:
        if row.current_plan is not None:
            kinds[row.kind].append((row, PlanView.of(row.current_plan, row)))
    return [
        (row, view, verdict)
        for kind, some in kinds.items()
        for (row, view), verdict in zip(
            some, handler_of(kind).judge_all([view for _, view in some], now=now), strict=True
        )
    ]


def _announce_each(proposals: Sequence[Proposal], event: str, now: datetime) -> None:
    """Tell the same of proposals, by workspace."""
    by_workspace: defaultdict[int, list[Proposal]] = defaultdict(list)
    for row in proposals:
        by_workspace[row.workspace_id].append(row)
    for rows in by_workspace.values():
        announce_all(rows, event, now=now)


def _found(locked: Mapping[int, Proposal], proposal_id: int) -> Proposal:
    if proposal_id not in locked:
        raise StateError("This proposal does not exist.")
    return locked[proposal_id]


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


class Signer:
    """A person before locked proposals: what speaks against signing any of them, read once."""

    def __init__(self, proposals: Collection[Proposal], by: User, now: datetime) -> None:
        self._by, self._now = by, now
        self._roles: dict[tuple[int, int | None], str] = {}
        edits = Plan.objects.filter(proposal__in=[row.pk for row in proposals], edited_by=by)
        self._edits = set(edits.values_list("proposal", "editor_may_sign"))
        standing = Signature.objects.filter(
            plan__in=[row.current_plan_id for row in proposals], withdrawn_at=None
        )
        self._standing = set(standing.values_list("plan", "person", "decision"))
        self._approved = Counter(
            plan for plan, _, decision in self._standing if decision == Decision.APPROVE
        )

    def may_sign(self, proposal: Proposal, plan_sha256: str) -> tuple[Plan, str]:
        """Return the plan and the role it is signed in; or raise, as ``sign`` says."""
        plan = _signable(proposal, plan_sha256, self._now)
        role = self._role(proposal)
        _refuse_lower(role, plan)
        self._require_four_eyes(proposal, plan)
        if plan.is_blocked:
            raise StateError(f"A rule forbids this: {proposal.waiting_for} Edit or reject it.")
        return plan, role

    def completes(self, proposal: Proposal) -> bool:
        """Whether this person's signature is the last that its current plan needs."""
        plan = proposal.current_plan
        return plan is not None and self._approved[plan.pk] + 1 >= plan.signatures_required

    def _role(self, proposal: Proposal) -> str:
        asked = proposal.workspace_id, proposal.proposed_by_id
        if asked not in self._roles:
            self._roles[asked] = _role_of(proposal, self._by, self._now)
        return self._roles[asked]

    def _require_four_eyes(self, proposal: Proposal, plan: Plan) -> None:
        if proposal.proposed_by_id == self._by.pk:
            raise NotAllowedError("You proposed this, so another person has to sign it.")
        # What its editor may sign counts for nothing where one signature is enough.
        counted = (False,) if plan.signatures_required == 1 else (False, True)
        if any((proposal.pk, may_sign) in self._edits for may_sign in counted):
            raise NotAllowedError("You edited this, so another person has to sign it.")
        if any((plan.pk, self._by.pk, word) in self._standing for word in Decision):
            raise StateError("You have signed this already; another person has to sign too.")


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
    role = _role_of(proposal, by, now)
    _refuse_lower(role, plan)
    return role


def _role_of(proposal: Proposal, by: User, now: datetime) -> str:
    return held_role(user=by, workspace=proposal.workspace, now=now, not_from=proposal.proposed_by)


def _refuse_lower(role: str, plan: Plan) -> None:
    if rank_of(role) < rank_of(plan.rank_required):
        raise NotAllowedError(f"Deciding this needs the role of {plan.rank_required}.")


def _write(plan: Plan, by: User, role: str, decision: Decision, why: str, now: datetime) -> None:
    _signature(plan, by, role, decision, why, now).save()


def _signature(
    plan: Plan, by: User, role: str, decision: Decision, why: str, now: datetime
) -> Signature:
    return Signature(plan=plan, person=by, decision=decision, rank_held=role, why=why, at=now)


def _close(proposal: Proposal, status: Status, by: User, why: str, now: datetime) -> None:
    proposal.status = status
    proposal.decided_at = now
    proposal.decided_by = by
    proposal.decision_reason = why
    proposal.save()
    announce(proposal, str(status), now=now)
