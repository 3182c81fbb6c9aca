"""Proposals come in: planned, judged, stored, and superseding what they replace.

``propose`` is the one write path into the gate; ``edit`` and ``replan`` make a new plan for an
open proposal, which starts unsigned because signatures hang on plans.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from workspaces.gate import (
    Draft,
    GateError,
    Handler,
    Judgement,
    NotAllowedError,
    PlanView,
    Proposer,
    RequestError,
    StateError,
    canonical,
    digest,
    handler_of,
)
from workspaces.models import Plan, Proposal, Signature, Status, User, Workspace
from workspaces.models.gate import OPEN
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.approving import approve_if_signed, sign_by_policy
from workspaces.services.events import announce
from workspaces.services.locks import lock_names, lock_proposal


class SubjectBusyError(GateError):
    """Another proposal for the same subject stands in the way."""

    def __init__(self, other: Proposal) -> None:
        super().__init__(
            f"“{other.summary}” by {other.proposer_label} is {other.get_status_display().lower()}"
            " for the same subject. Edit, cancel or wait for that one first."
        )
        self.other = other


class ReplayedKeyError(GateError):
    """The idempotency key was used before, for something else."""

    status = 422


def propose(
    *,
    workspace: Workspace,
    kind: str,
    request: dict[str, Any],
    proposer: Proposer,
    reason: str,
    now: datetime,
    evidence: dict[str, Any] | None = None,
    idempotency_key: str = "",
    bundle_id: UUID | None = None,
    reverts: Proposal | None = None,
    continues: Proposal | None = None,
) -> Proposal:
    """Plan and store a proposal; the policy may sign it at once.

    Repeating a call with its idempotency key returns the first proposal. A machine's newer
    proposal supersedes a machine's pending one, and changes nothing when the plan is the same.
    Raises
    ------
    RequestError : a field of the request is wrong
    NotAllowedError : the person may not propose
    SubjectBusyError : a person's, a signed or a running proposal holds the subject
    ReplayedKeyError : the idempotency key belongs to another request
    """
    _require_may_propose(workspace, proposer, reason, now)
    handler = handler_of(kind)
    with transaction.atomic():
        if idempotency_key:
            lock_names([f"idempotency:{workspace.pk}:{kind}:{proposer.key}:{idempotency_key}"])
            if earlier := _by_key(workspace, kind, proposer, idempotency_key, request):
                return earlier
        draft = handler.make_plan(workspace=workspace, request=request, now=now)
        lock_names([f"subject:{workspace.pk}:{kind}:{draft.subject_key}"])
        standing = _open_for(workspace, kind, draft.subject_key)
        if standing and _is_same(standing, draft, proposer):
            return standing
        if standing:
            _supersede(standing, proposer, now)
        proposal = Proposal.objects.create(
            workspace=workspace,
            kind=kind,
            subject_key=draft.subject_key,
            reason=reason,
            **_shown(draft),
            **_by(proposer),
            idempotency_key=idempotency_key,
            request=request,
            bundle_id=bundle_id,
            reverts=reverts,
            continues=continues,
            created_at=now,
        )
        if standing:
            Proposal.objects.filter(pk=standing.pk).update(superseded_by=proposal)
        store_plan(proposal, draft, now=now, evidence=evidence or {})
        handler.attach(proposal, draft)
        announce(proposal, "created", now=now)
        if sign_by_policy(proposal, now=now):
            approve_if_signed(proposal, now=now)
    return proposal


def _shown(draft: Draft) -> dict[str, Any]:
    """Columns that lists show of a draft; a new plan renews them."""
    return {
        "subject_label": draft.subject_label[:300],
        "summary": draft.summary[:500],
        "money_at_stake": draft.money_at_stake,
    }


def _by(proposer: Proposer) -> dict[str, Any]:
    return {
        "proposer_type": proposer.type,
        "proposer_key": proposer.key,
        "proposer_label": proposer.label[:200],
        "proposed_by": proposer.user,
        "confidence": proposer.confidence,
    }


def _require_may_propose(
    workspace: Workspace, proposer: Proposer, reason: str, now: datetime
) -> None:
    if not reason.strip():
        raise RequestError("reason", "Say why: the person who signs reads it.")
    if proposer.user is None:
        return
    rank = effective_rank(user=proposer.user, workspace=workspace, now=now)
    if rank < Role.OPERATOR.rank:
        raise NotAllowedError("Proposing changes needs the role of operator. Ask an admin.")


def _by_key(
    workspace: Workspace, kind: str, proposer: Proposer, key: str, request: dict[str, Any]
) -> Proposal | None:
    earlier = Proposal.objects.filter(
        workspace=workspace, kind=kind, proposer_key=proposer.key, idempotency_key=key
    ).first()
    if earlier and earlier.request != request:
        raise ReplayedKeyError(
            "This idempotency key was used for another request. Use a new key for a new request."
        )
    return earlier


def _open_for(workspace: Workspace, kind: str, subject_key: str) -> Proposal | None:
    standing = (
        Proposal.objects.select_related("current_plan", "workspace")
        .filter(workspace=workspace, kind=kind, subject_key=subject_key, status__in=OPEN)
        .first()
    )
    # What is signed or running is refused, not changed. To wait for its lock would be a ring: the
    # worker that settles a step holds it, and waits for this subject to propose the next one.
    if standing is None or standing.status != Status.PENDING:
        return standing
    locked = lock_proposal(standing.pk)
    return locked if locked.is_open else None


def _is_same(standing: Proposal, draft: Draft, proposer: Proposer) -> bool:
    if not (standing.is_by_machine and proposer.user is None):
        return False
    plan = standing.current_plan
    body = _body(standing.workspace, standing.kind, draft)
    return plan is not None and plan.sha256 == digest(canonical(body))


def _supersede(standing: Proposal, proposer: Proposer, now: datetime) -> None:
    """Close a machine's pending proposal for a newer one; anything else is in the way."""
    if standing.status != Status.PENDING or not standing.is_by_machine:
        raise SubjectBusyError(standing)
    if _has_signatures(standing) or (standing.current_plan and standing.current_plan.edited_by_id):
        raise SubjectBusyError(standing)
    standing.status = Status.SUPERSEDED
    standing.decided_at = now
    standing.decision_reason = f"A newer proposal by {proposer.label} took its place."
    standing.save(update_fields=["status", "decided_at", "decision_reason", "updated_at"])
    announce(standing, "superseded", now=now)


def _has_signatures(proposal: Proposal) -> bool:
    return Signature.objects.filter(
        plan=proposal.current_plan_id, withdrawn_at=None, decision="approve"
    ).exists()


def _body(workspace: Workspace, kind: str, draft: Draft) -> dict[str, Any]:
    return {**draft.body, "kind": kind, "workspace": workspace.slug}


def store_plan(
    proposal: Proposal,
    draft: Draft,
    *,
    now: datetime,
    evidence: dict[str, Any],
    edited_by: User | None = None,
    editor_may_sign: bool = False,
    why: str = "",
) -> Plan:
    """Judge a draft and make it the current plan of a pending proposal."""
    handler = handler_of(proposal.kind)
    body = _body(proposal.workspace, proposal.kind, draft)
    confidence = draft.confidence if proposal.confidence is None else proposal.confidence
    view = PlanView(
        proposal.workspace, body, confidence, proposal.is_by_machine, proposal.pk,
        puts_back=proposal.reverts_id is not None and edited_by is None,
    )  # fmt: skip
    verdict = handler.judge(view, now=now)
    text = canonical(body)
    plan = Plan.objects.create(
        proposal=proposal,
        version=proposal.plans.count() + 1,
        body=text,
        sha256=digest(text),
        predicted=draft.predicted,
        confidence=confidence,
        # The kind's own figures win: no proposer, and no earlier plan, writes over them.
        evidence={**evidence, **draft.evidence},
        edited_by=edited_by,
        editor_may_sign=editor_may_sign and verdict.signatures == 1,
        why=why[:300],
        created_at=now,
        **_judged(verdict, is_by_machine=proposal.is_by_machine),
    )
    proposal.current_plan = plan
    proposal.status = Status.PENDING
    # Nothing that was decided or tried for an earlier plan counts for this one.
    proposal.decided_at = proposal.decided_by = None
    proposal.execute_after = proposal.next_attempt_at = None
    proposal.attempts = proposal.reminders_sent = 0
    proposal.risk = plan.risk
    for name, value in _shown(draft).items():
        setattr(proposal, name, value)
    proposal.expires_at = now + handler.lifetime(view)
    proposal.remind_at = proposal.next_reminder
    proposal.waiting_for = verdict.holds[:300]
    proposal.save()
    return plan


def _judged(verdict: Judgement, *, is_by_machine: bool) -> dict[str, Any]:
    """Columns of a plan that freeze a verdict."""
    return {
        "policy_version": verdict.policy_version,
        "verdict": [check.as_json() for check in verdict.checks],
        "risk": verdict.risk,
        "rank_required": verdict.rank,
        "signatures_required": verdict.signatures,
        # A person's proposal never signs itself through the policy.
        "policy_may_sign": verdict.policy_may_sign and is_by_machine,
        "is_blocked": verdict.is_blocked,
    }


def edit(
    *, proposal_id: int, changes: dict[str, Any], by: User, now: datetime, why: str = ""
) -> Proposal:
    """Ask for another value: a new plan, unsigned, with the editor as co-author.

    Raises
    ------
    NotAllowedError : neither the proposer (as operator) nor an approver
    StateError : it is no longer waiting or signed
    RequestError : the new value is wrong
    """
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        _require_may_edit(proposal, by, now)
        if proposal.status not in (Status.PENDING, Status.APPROVED):
            raise StateError(f"It is {proposal.get_status_display().lower()}; too late to edit.")
        handler = handler_of(proposal.kind)
        proposal.request = {**proposal.request, **changes}
        draft = handler.make_plan(workspace=proposal.workspace, request=proposal.request, now=now)
        _require_same_subject(proposal, draft)
        first = proposal.plans.order_by("version")[0]
        within = handler.edit_is_within(first.content, draft.body)
        _renew(proposal, handler, draft, now, why or f"Edited by {by}.", by, may_sign=within)
        announce(proposal, "edited", now=now)
    return proposal


def _require_may_edit(proposal: Proposal, by: User, now: datetime) -> None:
    rank = effective_rank(user=by, workspace=proposal.workspace, now=now)
    own = proposal.proposed_by_id == by.pk and rank >= Role.OPERATOR.rank
    # Answers are put into better words by those who send them.
    editor = Role.AGENT if handler_of(proposal.kind).queue == "inbox" else Role.APPROVER
    if not (own or rank >= editor.rank):
        raise NotAllowedError(
            f"Only its proposer or somebody with the role of {editor.label.lower()} can edit this."
        )


def _require_same_subject(proposal: Proposal, draft: Draft) -> None:
    if draft.subject_key != proposal.subject_key:
        raise RequestError("subject", "An edit cannot turn a change into one of something else.")


def _renew(
    proposal: Proposal,
    handler: Handler,
    draft: Draft,
    now: datetime,
    why: str,
    by: User | None,
    *,
    may_sign: bool,
) -> None:
    evidence = proposal.current_plan.evidence if proposal.current_plan else {}
    store_plan(
        proposal,
        draft,
        now=now,
        evidence=evidence,
        edited_by=by,
        editor_may_sign=may_sign,
        why=why,
    )
    handler.attach(proposal, draft)


def replan(proposal: Proposal, *, now: datetime, why: str, force: bool = False) -> bool:
    """Plan a locked, open proposal afresh; signatures stay only when the plan is byte-identical.

    ``force`` makes a new plan even then: the same words under a stricter policy need new
    signatures. Returns whether there is a new plan.

    Raises
    ------
    GateError : it can no longer be planned
    """
    handler = handler_of(proposal.kind)
    draft = handler.make_plan(workspace=proposal.workspace, request=proposal.request, now=now)
    body = _body(proposal.workspace, proposal.kind, draft)
    current = proposal.current_plan
    if current and not force and current.sha256 == digest(canonical(body)):
        return False
    editor = current.edited_by if current else None
    may_sign = current.editor_may_sign if current else False
    _renew(proposal, handler, draft, now, why, editor, may_sign=may_sign)
    announce(proposal, "replanned", now=now)
    return True


def replan_or_cancel(proposal: Proposal, *, now: datetime, why: str) -> None:
    """Ask for new signatures on a fresh plan; what cannot be planned any more is cancelled."""
    try:
        replan(proposal, now=now, why=why, force=True)
    except GateError as error:
        proposal.status = Status.CANCELLED
        proposal.decided_at = now
        proposal.decision_reason = f"{why} {error}"
        proposal.save()
        announce(proposal, "cancelled", now=now)
