"""How attempts end: one transaction writes attempts, proposals and the kind's own rows."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pgbulk
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from workspaces.backoff import backoff
from workspaces.gate import Outcome, Reading, handler_of
from workspaces.models import ExecutionAttempt, Proposal, Status
from workspaces.services.events import announce, announce_all
from workspaces.services.locks import lock_again, lock_proposals
from workspaces.services.proposing import replan_or_cancel

logger = logging.getLogger(__name__)

End = tuple[ExecutionAttempt, Outcome]

_RNG = random.SystemRandom()
# Named, because a row of a proposal has fifty columns and each settlement writes one.
_CLOSING = [
    "call_sent_at",
    "settled_at",
    "outcome",
    "error_kind",
    "error",
    "request_id",
    "response",
    "facts",
]
_MOVING = [
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
]


class NotOwnerError(Exception):
    """The lease went to another worker, which settles instead."""


def token(attempt: ExecutionAttempt) -> str:
    """What a proposal names as the owner of its lease."""
    return f"{attempt.worker}#{attempt.pk}"


def settle_readings(
    read: Sequence[tuple[ExecutionAttempt, Reading, Outcome]], *, now: datetime
) -> None:
    """Decide by what the far end shows after calls were sent."""
    ends: list[End] = []
    for attempt, reading, outcome in read:
        if end := _end(attempt, reading, outcome, now):
            ends.append((attempt, end))
        elif reading.state == "other" and _grace_is_over(attempt, now):
            settle_drift(attempt, reading, now=now)
        else:
            _keep_open(attempt, outcome, now=now)
    settle(ends, now=now)


def _end(
    attempt: ExecutionAttempt, reading: Reading, outcome: Outcome, now: datetime
) -> Outcome | None:
    """How it ended; ``None`` while that is not known, or where something else stands there."""
    seen = replace(outcome, facts={**outcome.facts, **reading.facts})
    if outcome.status == "applied":
        # The platform said yes; what it shows since then is somebody else's later edit or lag.
        return seen
    if reading.state == "after":
        return replace(seen, status="applied", message="Settled by reading back.")
    if reading.state == "before" and _grace_is_over(attempt, now):
        why = outcome.message or "The platform did not take the change."
        return replace(seen, status="transient", message=why)
    return None


def _grace() -> timedelta:
    return timedelta(seconds=settings.EXECUTOR_SETTLE_GRACE_S)


def _grace_is_over(attempt: ExecutionAttempt, now: datetime) -> bool:
    sent = attempt.call_sent_at
    return sent is None or now - sent >= _grace()


def _next_look(attempt: ExecutionAttempt, now: datetime) -> datetime:
    """When the call cannot commit any more, however late the first look came; then again."""
    sent = attempt.call_sent_at
    since = now if sent is None or _grace_is_over(attempt, now) else sent
    return since + _grace()


def _keep_open(attempt: ExecutionAttempt, outcome: Outcome, *, now: datetime) -> None:
    """Unknown so far: stay executing, and let the reaper read again when the lease ends."""
    with transaction.atomic():
        proposal = _owned(attempt)
        proposal.lease_until = _next_look(attempt, now)
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
        _close(attempt, replace(drift, facts=reading.facts), now)
        attempt.save(update_fields=_CLOSING)
        handler.settle([(attempt, drift)], now=now)
        handler.absorb(proposal, reading, now=now)
        _release(proposal)
        proposal.status = Status.PENDING
        proposal.save()
        replan_or_cancel(proposal, now=now, why=drift.message)


def settle(ends: Sequence[End], *, now: datetime, call_was_sent: bool = True) -> None:
    """End attempts of one kind and workspace whose outcomes are known.

    ``call_was_sent=False`` takes the write-ahead marks back: nothing left the house.

    Raises
    ------
    NotOwnerError : none of them belongs to its worker any more
    """
    if not ends:
        return
    with transaction.atomic():
        owned = _owned_of(ends)
        for attempt, outcome in owned:
            if not call_was_sent:
                attempt.call_sent_at = None
            _close(attempt, outcome, now)
        events = [_move(attempt.plan.proposal, outcome, now) for attempt, outcome in owned]
        _plan_measuring(owned)
        _store(owned)
        for event in dict.fromkeys(events):
            told = [
                attempt.plan.proposal
                for (attempt, _), own in zip(owned, events, strict=True)
                if own == event
            ]
            announce_all(told, event, now=now)
        handler_of(owned[0][0].plan.proposal.kind).settle(owned, now=now)
        _mark_reverted(owned, now)


def _plan_measuring(owned: Sequence[End]) -> None:
    done = [attempt.plan.proposal for attempt, outcome in owned if outcome.status == "applied"]
    if done:
        moments = handler_of(done[0].kind).measure_after(done)
        for proposal, moment in zip(done, moments, strict=True):
            proposal.measure_after = moment


def _store(owned: Sequence[End]) -> None:
    attempts = [attempt for attempt, _ in owned]
    proposals = [attempt.plan.proposal for attempt in attempts]
    for proposal in proposals:
        proposal.updated_at = timezone.now()  # what saving it would do
    pgbulk.update(ExecutionAttempt, attempts, _CLOSING)
    pgbulk.update(Proposal, proposals, _MOVING)


def _mark_reverted(owned: Sequence[End], now: datetime) -> None:
    """What an executed undo has undone."""
    undone = [
        proposal.reverts_id
        for proposal in (attempt.plan.proposal for attempt, _ in owned)
        if proposal.status == Status.EXECUTED and proposal.reverts_id
    ]
    for proposal in lock_proposals(undone).values() if undone else ():
        if proposal.status == Status.EXECUTED:
            proposal.status = Status.REVERTED
            proposal.save(update_fields=["status", "updated_at"])
            announce(proposal, "reverted", now=now)


def _owned_of(ends: Sequence[End]) -> list[End]:
    """Those whose lease is still their worker's, each with its locked proposal."""
    locked = lock_again(attempt for attempt, _ in ends)
    owned: list[End] = []
    for attempt, outcome in ends:
        proposal = locked.get(attempt.plan.proposal_id)
        if (
            proposal
            and proposal.status == Status.EXECUTING
            and (proposal.claimed_by == token(attempt))
        ):
            attempt.plan.proposal = proposal  # the kind sees the locked row, not an earlier one
            owned.append((attempt, outcome))
        else:
            logger.warning("no longer ours to settle", extra={"attempt": attempt.pk})
    if not owned:
        raise NotOwnerError(f"attempt {ends[0][0].pk} is no longer {ends[0][0].worker}'s to settle")
    return owned


def _owned(attempt: ExecutionAttempt) -> Proposal:
    _owned_of([(attempt, Outcome("unknown"))])
    return attempt.plan.proposal


def _close(attempt: ExecutionAttempt, outcome: Outcome, now: datetime) -> None:
    attempt.settled_at = now
    attempt.outcome = outcome.error_kind if outcome.error_kind == "drift" else outcome.status
    attempt.error_kind = outcome.error_kind
    attempt.error = "" if outcome.status == "applied" else outcome.message
    attempt.request_id = outcome.request_id[:120]
    attempt.response = outcome.response
    attempt.facts = {**attempt.facts, **outcome.facts}


def _release(proposal: Proposal) -> None:
    proposal.claimed_by = ""
    proposal.lease_until = None


def _move(proposal: Proposal, outcome: Outcome, now: datetime) -> str:
    """Where the proposal goes from executing; the event that tells of it."""
    _release(proposal)
    proposal.last_error = "" if outcome.status == "applied" else outcome.message
    if outcome.status == "applied":
        proposal.status = Status.EXECUTED
        proposal.executed_at = now
        proposal.result = {"message": outcome.message, "request_id": outcome.request_id}
        proposal.waiting_for = ""
        return "executed"
    if outcome.status == "refused":
        return _fail(proposal, outcome.message)
    if outcome.status == "transient":
        return _retry(proposal, outcome, now)
    # Throttled or deferred: it waits and no attempt is used up.
    proposal.status = Status.APPROVED
    proposal.next_attempt_at = now + timedelta(seconds=outcome.retry_after_s or 0)
    proposal.waiting_for = outcome.message[:300]
    return "deferred"


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
