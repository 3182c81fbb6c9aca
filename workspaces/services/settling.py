"""How an attempt ends: one transaction writes attempt, proposal and the kind's own rows."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from workspaces.gate import Outcome, Reading, handler_of
from workspaces.models import ExecutionAttempt, Proposal, Status
from workspaces.services.events import announce
from workspaces.services.locks import lock_proposal
from workspaces.services.proposing import replan_or_cancel

_RNG = random.SystemRandom()
_BASE_S = 60
_MAX_S = 3600
# Named, because a row of a proposal has fifty columns and each settlement writes one.
_CLOSING = (
    "call_sent_at",
    "settled_at",
    "outcome",
    "error_kind",
    "error",
    "request_id",
    "response",
    "facts",
)
_MOVING = (
    "status",
    "claimed_by",
    "lease_until",
    "attempts",
    "next_attempt_at",
    "waiting_for",
    "last_error",
    "result",
    "executed_at",
    "measure_after",
    "updated_at",
)


class NotOwnerError(Exception):
    """The lease went to another worker, which settles instead."""


def backoff(attempts: int, rng: random.Random) -> timedelta:
    """Full jitter over min(60·2^(n−1), 3600) seconds, n = attempts made so far (from 1)."""
    ceiling = min(_BASE_S * 2 ** (attempts - 1), _MAX_S)
    return timedelta(seconds=rng.uniform(0, ceiling))


def settle_reading(
    attempt: ExecutionAttempt, reading: Reading, outcome: Outcome, *, now: datetime
) -> None:
    """Decide by what the far end shows after a call was sent."""
    facts = {**outcome.facts, **reading.facts}
    if reading.state == "after":
        how = outcome.message if outcome.status == "applied" else "Settled by reading back."
        settle(attempt, _with(outcome, "applied", how, facts), now=now)
    elif outcome.status == "applied":
        # The platform said yes; what it shows since then is somebody else's later edit or lag.
        settle(attempt, _with(outcome, "applied", outcome.message, facts), now=now)
    elif reading.state == "other" and _grace_is_over(attempt, now):
        settle_drift(attempt, reading, now=now)
    elif reading.state == "before" and _grace_is_over(attempt, now):
        why = outcome.message or "The platform did not take the change."
        settle(attempt, _with(outcome, "transient", why, facts), now=now)
    else:
        _keep_open(attempt, outcome, now=now)


def _with(outcome: Outcome, status: str, message: str, facts: dict[str, object]) -> Outcome:
    return Outcome(
        status,  # type: ignore[arg-type]  # one of Outcome's words, from settle_reading
        message,
        outcome.error_kind,
        outcome.request_id,
        outcome.response,
        outcome.retry_after_s,
        facts,
    )


def _grace_is_over(attempt: ExecutionAttempt, now: datetime) -> bool:
    sent = attempt.call_sent_at
    grace = timedelta(seconds=settings.EXECUTOR_SETTLE_GRACE_S)
    return sent is None or now - sent >= grace


def _keep_open(attempt: ExecutionAttempt, outcome: Outcome, *, now: datetime) -> None:
    """Unknown so far: stay executing, and let the reaper read again when the lease ends."""
    with transaction.atomic():
        proposal = _owned(attempt)
        proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_SETTLE_GRACE_S)
        proposal.waiting_for = "Being settled: the platform's answer is not known yet."
        proposal.last_error = outcome.message
        proposal.save()
        announce(proposal, "settling", now=now)


def settle_drift(attempt: ExecutionAttempt, reading: Reading, *, now: datetime) -> None:
    """The far end shows a third value: plan again from it and ask for new signatures."""
    with transaction.atomic():
        proposal = _owned(attempt)
        handler = handler_of(proposal.kind)
        drift = Outcome("deferred", "The live value changed since it was signed.", "drift")
        _close_attempt(attempt, drift, reading.facts, now)
        handler.settle(attempt, drift, now=now)
        handler.absorb(proposal, reading, now=now)
        _release(proposal)
        proposal.status = Status.PENDING
        proposal.save()
        replan_or_cancel(proposal, now=now, why=drift.message)


def settle(
    attempt: ExecutionAttempt, outcome: Outcome, *, now: datetime, call_was_sent: bool = True
) -> None:
    """End an attempt whose outcome is known.

    ``call_was_sent=False`` takes the write-ahead mark back: nothing left the house.
    """
    with transaction.atomic():
        proposal = _owned(attempt)
        if not call_was_sent:
            attempt.call_sent_at = None
        _close_attempt(attempt, outcome, outcome.facts, now)
        _release(proposal)
        _move(proposal, outcome, now)
        handler_of(proposal.kind).settle(attempt, outcome, now=now)
        if proposal.status == Status.EXECUTED and proposal.reverts_id:
            _mark_reverted(proposal.reverts_id, now)


def _mark_reverted(proposal_id: int, now: datetime) -> None:
    undone = lock_proposal(proposal_id)
    if undone.status == Status.EXECUTED:
        undone.status = Status.REVERTED
        undone.save(update_fields=["status", "updated_at"])
        announce(undone, "reverted", now=now)


def _owned(attempt: ExecutionAttempt) -> Proposal:
    proposal = lock_proposal(attempt.plan.proposal_id)
    if proposal.status != Status.EXECUTING or proposal.claimed_by != (
        f"{attempt.worker}#{attempt.pk}"
    ):
        raise NotOwnerError(f"attempt {attempt.pk} is no longer {attempt.worker}'s to settle")
    attempt.plan.proposal = proposal  # the kind sees the locked row, not an earlier reading
    return proposal


def _close_attempt(
    attempt: ExecutionAttempt, outcome: Outcome, facts: dict[str, object], now: datetime
) -> None:
    attempt.settled_at = now
    attempt.outcome = outcome.error_kind if outcome.error_kind == "drift" else outcome.status
    attempt.error_kind = outcome.error_kind
    attempt.error = "" if outcome.status == "applied" else outcome.message
    attempt.request_id = outcome.request_id[:120]
    attempt.response = outcome.response
    attempt.facts = {**attempt.facts, **facts}
    attempt.save(update_fields=_CLOSING)


def _release(proposal: Proposal) -> None:
    proposal.claimed_by = ""
    proposal.lease_until = None


def _move(proposal: Proposal, outcome: Outcome, now: datetime) -> None:
    """Where the proposal goes from executing."""
    proposal.last_error = "" if outcome.status == "applied" else outcome.message
    if outcome.status == "applied":
        proposal.status = Status.EXECUTED
        proposal.executed_at = now
        proposal.result = {"message": outcome.message, "request_id": outcome.request_id}
        proposal.waiting_for = ""
        proposal.measure_after = handler_of(proposal.kind).measure_after(proposal, now=now)
        event = "executed"
    elif outcome.status == "refused":
        event = _fail(proposal, outcome.message)
    elif outcome.status == "transient":
        event = _retry(proposal, outcome, now)
    else:  # throttled or deferred: it waits and no attempt is used up
        wait = timedelta(seconds=outcome.retry_after_s or 0)
        proposal.status = Status.APPROVED
        proposal.next_attempt_at = now + wait
        proposal.waiting_for = outcome.message[:300]
        event = "deferred"
    proposal.save(update_fields=_MOVING)
    announce(proposal, event, now=now)


def _retry(proposal: Proposal, outcome: Outcome, now: datetime) -> str:
    proposal.attempts += 1
    if proposal.attempts >= settings.EXECUTOR_MAX_ATTEMPTS:
        return _fail(proposal, f"Given up after {proposal.attempts} tries: {outcome.message}")
    wait = backoff(proposal.attempts, _RNG)
    if outcome.retry_after_s:
        wait = max(wait, timedelta(seconds=outcome.retry_after_s))
    proposal.status = Status.APPROVED
    proposal.next_attempt_at = now + wait
    proposal.waiting_for = outcome.message[:300]
    return "deferred"


def _fail(proposal: Proposal, message: str) -> str:
    proposal.status = Status.FAILED
    proposal.last_error = message
    proposal.result = {"message": message}
    proposal.waiting_for = ""
    return "failed"
