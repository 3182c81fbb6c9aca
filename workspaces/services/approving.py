"""The one place where a proposal becomes approved: enough signatures on the current plan."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from workspaces.gate import Judgement, PlanView, handler_of
from workspaces.models import Decision, Plan, Proposal, Signature, Status, User
from workspaces.services.events import announce

_RNG = random.SystemRandom()


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
    handler = handler_of(proposal.kind)
    view = PlanView.of(plan, proposal)
    verdict = handler.judge(view, now=now)
    proposal.status = Status.APPROVED
    proposal.decided_at = now
    proposal.decided_by = by
    proposal.lane = handler.lane(view)
    proposal.batch_key = handler.batch_key(view)
    schedule(proposal, verdict, now=now)
    proposal.save()
    announce(proposal, "signed", now=now)
    return True


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
