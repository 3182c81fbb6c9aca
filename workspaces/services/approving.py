"""The one place where a proposal becomes approved: enough signatures on the current plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import pgbulk
from django.utils import timezone

from workspaces.gate import Judgement, PlanView, handler_of
from workspaces.models import Decision, Plan, Proposal, Signature, Status, User
from workspaces.services.events import announce_all

_RNG = random.SystemRandom()
_APPROVING = [
    "status", "decided_at", "decided_by", "lane", "batch_key", "execute_after", "waiting_for",
    "jitter_ms", "updated_at",
]  # fmt: skip


def sign_by_policy(proposal: Proposal, *, now: datetime) -> bool:
    """Let the policy sign the current plan where its verdict allows it."""
    plan = proposal.current_plan
    if plan is None or not plan.policy_may_sign:
        return False
    Signature.objects.create(
        plan=plan,
        policy_version=plan.policy_version,
        decision=Decision.APPROVE,
        why="Small, sure and inside every limit.",
        at=now,
    )
    return True


def is_fully_signed(plan: Plan) -> bool:
    """Whether a plan has the policy's signature, or those of enough people."""
    signatures = list(plan.signatures.filter(decision=Decision.APPROVE, withdrawn_at=None))
    by_policy = any(signature.person_id is None for signature in signatures)
    return by_policy or len(signatures) >= plan.signatures_required


def approve_if_signed(proposal: Proposal, *, now: datetime, by: User | None = None) -> bool:
    """Approve a locked, pending proposal when its current plan has all its signatures."""
    plan = proposal.current_plan
    if plan is None or not is_fully_signed(plan):
        return False
    view = PlanView.of(plan, proposal)
    verdict = handler_of(proposal.kind).judge(view, now=now)
    approve_all([(proposal, view, verdict)], now=now, by=by)
    return True


def approve_all(
    signed: Sequence[tuple[Proposal, PlanView, Judgement]], *, now: datetime, by: User | None
) -> None:
    """Approve locked, pending proposals whose current plans have all their signatures."""
    for proposal, view, verdict in signed:
        handler = handler_of(proposal.kind)
        proposal.status = Status.APPROVED
        proposal.decided_at = now
        proposal.decided_by = by
        proposal.lane = handler.lane(view)
        proposal.batch_key = handler.batch_key(view)
        proposal.updated_at = timezone.now()
        schedule(proposal, verdict, now=now)
    rows = sorted((row for row, _, _ in signed), key=lambda row: (row.workspace_id, row.pk))
    if rows:
        pgbulk.update(Proposal, rows, _APPROVING)
    for _, some in groupby(rows, key=lambda row: row.workspace_id):
        announce_all(list(some), "signed", now=now)


def schedule(proposal: Proposal, verdict: Judgement, *, now: datetime) -> None:
    """Set the earliest moment of execution: what the checks allow, plus a fresh jitter."""
    if verdict.by_hand:
        proposal.execute_after = None
        proposal.waiting_for = "A person makes this change and ticks it off here."
        return
    proposal.jitter_ms = _RNG.randint(*verdict.jitter_ms)
    start = max(now, verdict.earliest or now)
    proposal.execute_after = start + timedelta(milliseconds=proposal.jitter_ms)
    proposal.waiting_for = verdict.holds[:300]
