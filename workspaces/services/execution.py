"""The executor: claim a signed plan, carry it out once, settle what happened.

Claim (transaction 1) takes a lease and commits an ``ExecutionAttempt``. Then, without any
transaction: look at the far end; commit ``call_sent_at`` (the write-ahead mark) under the same
locks and checks; read the kill switch; call; look again. Settling (last transaction) writes
attempt, proposal and the kind's rows together. Only the worker whose lease is on the row settles.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from workspaces.gate import (
    Judgement,
    NotAllowedError,
    Outcome,
    PlanView,
    Reading,
    StateError,
    handler_of,
    run_context,
)
from workspaces.models import ExecutionAttempt, Plan, Proposal, Status, User, Workspace
from workspaces.roles import Role, rank_of
from workspaces.selectors import effective_rank
from workspaces.services.approving import is_fully_signed, schedule
from workspaces.services.events import announce
from workspaces.services.integrity import require_intact
from workspaces.services.locks import lock_names, lock_proposal
from workspaces.services.proposing import replan_or_cancel
from workspaces.services.settling import NotOwnerError, settle, settle_drift, settle_reading

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

_LANE_WAIT = timedelta(seconds=5)


class LeaseLostError(NotOwnerError):
    """The lease is too short for a call, or gone; the reaper goes on from what is committed."""


def claim(
    *, worker: str, now: datetime, workspace: Workspace | None = None
) -> ExecutionAttempt | None:
    """Take the next signed, due and allowed plan; ``None`` when there is none.

    Plans that a check defers, or that need new signatures, are put back on the way.
    """
    while True:
        proposal = None
        try:
            with transaction.atomic():
                proposal = _next_due(now, workspace)
                if proposal is None:
                    return None
                if attempt := _try_claim(proposal, worker=worker, now=now):
                    return attempt
        except IntegrityError:
            if proposal is None or not _was_stopped(proposal.pk, now=now):
                raise


def _was_stopped(proposal_id: int, *, now: datetime) -> bool:
    """Whether the database refused a claim for the kill switch or a signature taken back.

    Both can happen after the row was chosen. One such row must not stop the rest of the queue.
    """
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        plan = proposal.current_plan
        if proposal.workspace.kill_switch:
            return True
        if proposal.status != Status.APPROVED or plan is None or is_fully_signed(plan):
            return False
        proposal.status = Status.PENDING
        proposal.decided_at = proposal.decided_by = proposal.execute_after = None
        proposal.save()
        announce(proposal, "withdrawn", now=now)
    return True


def _next_due(now: datetime, workspace: Workspace | None) -> Proposal | None:
    busy = Proposal.objects.filter(
        workspace=OuterRef("workspace"), lane=OuterRef("lane"), status=Status.EXECUTING
    )
    due = Proposal.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=now),
        ~Exists(busy),
        status=Status.APPROVED,
        execute_after__lte=now,
        workspace__kill_switch=False,
    )
    if workspace is not None:
        due = due.filter(workspace=workspace)
    return (
        due.select_for_update(of=("self",), skip_locked=True)
        .select_related("workspace", "current_plan")
        .order_by("execute_after", "pk")
        .first()
    )


def _try_claim(proposal: Proposal, *, worker: str, now: datetime) -> ExecutionAttempt | None:
    plan = proposal.current_plan
    if plan is None or not require_intact(proposal, plan, now=now):
        return None
    handler = handler_of(proposal.kind)
    view = PlanView.of(plan, proposal)
    lock_names([*handler.lock_keys(view), f"lane:{proposal.workspace_id}:{proposal.lane}"])
    if _lane_is_busy(proposal):
        proposal.next_attempt_at = now + _LANE_WAIT
        proposal.save(update_fields=["next_attempt_at", "updated_at"])
        return None
    if not _still_allowed(proposal, handler.judge(view, now=now), now=now):
        return None
    return start_attempt(proposal, plan, worker=worker, now=now)


def start_attempt(
    proposal: Proposal, plan: Plan, *, worker: str, now: datetime
) -> ExecutionAttempt:
    """Move a locked, approved proposal to executing, with a lease for ``worker``."""
    attempt = ExecutionAttempt.objects.create(
        plan=plan, number=plan.attempts.count() + 1, worker=worker, started_at=now
    )
    proposal.status = Status.EXECUTING
    proposal.claimed_by = _token(attempt)
    proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
    proposal.waiting_for = ""
    proposal.save(
        update_fields=["status", "claimed_by", "lease_until", "waiting_for", "updated_at"]
    )
    plan.proposal = proposal  # so that the run does not read it again
    announce(proposal, "executing", now=now)
    return attempt


def complete_by_hand(*, proposal_id: int, by: User, now: datetime, note: str = "") -> Proposal:
    """Tick off a signed change that a person made where no machine of ours can reach."""
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        if effective_rank(user=by, workspace=proposal.workspace, now=now) < Role.OPERATOR.rank:
            raise NotAllowedError("Ticking off a change needs the role of operator.")
        plan = proposal.current_plan
        if proposal.status != Status.APPROVED or plan is None:
            raise StateError(f"It is {proposal.get_status_display().lower()}; nothing to tick off.")
        if proposal.workspace.kill_switch:
            raise StateError("The kill switch is on: nothing executes. Release it first.")
        handler = handler_of(proposal.kind)
        is_by_hand = handler.judge(PlanView.of(plan, proposal), now=now).by_hand
        # What was signed as a task has no moment of execution, and stays one if a connection comes.
        if not is_by_hand and proposal.execute_after is not None:
            raise StateError("Countersign executes this one itself.")
        attempt = start_attempt(proposal, plan, worker=f"person:{by.pk}", now=now)
        done = Outcome("applied", note or f"Done by hand by {by}.", facts={"by_hand": str(by)})
        settle(attempt, done, now=now)
    proposal.refresh_from_db()
    return proposal


def _token(attempt: ExecutionAttempt) -> str:
    return f"{attempt.worker}#{attempt.pk}"


def _lane_is_busy(proposal: Proposal) -> bool:
    return (
        Proposal.objects.filter(
            workspace=proposal.workspace_id, lane=proposal.lane, status=Status.EXECUTING
        )
        .exclude(pk=proposal.pk)
        .exists()
    )


def _still_allowed(proposal: Proposal, verdict: Judgement, *, now: datetime) -> bool:
    """Judge by the newest policy: defer, or send back for signatures, or go on."""
    if verdict.is_blocked or _is_stricter(proposal, verdict):
        _send_back(proposal, verdict, now=now)
        return False
    if verdict.by_hand or (verdict.earliest and verdict.earliest > now):
        schedule(proposal, verdict, now=now)
        proposal.save()
        announce(proposal, "deferred", now=now)
        return False
    return True


def _is_stricter(proposal: Proposal, verdict: Judgement) -> bool:
    plan = proposal.current_plan
    if plan is None:
        return True
    if verdict.signatures > plan.signatures_required:
        return True
    if rank_of(verdict.rank) > rank_of(plan.rank_required):
        return True
    if not plan.policy_may_sign or verdict.policy_may_sign or verdict.earliest is not None:
        return False
    return plan.signatures.filter(person=None, withdrawn_at=None).exists()


def _send_back(proposal: Proposal, verdict: Judgement, *, now: datetime) -> None:
    why = verdict.holds or "The safety policy asks for more signatures than it has."
    replan_or_cancel(proposal, now=now, why=why)


def run(attempt: ExecutionAttempt, *, clock: Clock) -> None:
    """Carry a claimed attempt out to its settlement.

    Every step may be the last one of this process: the reaper finishes from what is committed.
    """
    proposal = attempt.plan.proposal
    handler = handler_of(proposal.kind)
    view = PlanView.of(attempt.plan, proposal)
    before = handler.read_back(view)
    if before.state != "before":
        _settle_before_call(attempt, before, now=clock())
        return
    if not _mark_sent(attempt, before, now=clock()):
        return
    if Workspace.objects.filter(pk=proposal.workspace_id, kill_switch=True).exists():
        stopped = Outcome("deferred", "The kill switch was pulled before the call.")
        settle(attempt, stopped, now=clock(), call_was_sent=False)
        return
    outcome = handler.execute(view, attempt=attempt)
    if outcome.status in ("refused", "throttled", "deferred"):
        settle(attempt, outcome, now=clock())
        return
    settle_reading(attempt, handler.read_back(view), outcome, now=clock())


def _settle_before_call(attempt: ExecutionAttempt, reading: Reading, *, now: datetime) -> None:
    """No call was sent, so every reading has a safe end."""
    if reading.state == "after":
        done = Outcome("applied", "It stood at the target already.", facts=reading.facts)
        settle(attempt, done, now=now)
    elif reading.state == "other":
        settle_drift(attempt, reading, now=now)
    else:
        error = reading.error
        if error is None or error.status == "unknown":
            # Reading has no effect, so what is unclear about it is only worth another try.
            error = Outcome("transient", error.message if error else "A read got no answer.")
        settle(attempt, error, now=now)


def _mark_sent(attempt: ExecutionAttempt, before: Reading, *, now: datetime) -> bool:
    """Commit that the call is about to go out, under the locks and checks of this moment."""
    with transaction.atomic():
        proposal = lock_proposal(attempt.plan.proposal_id)
        _require_lease(proposal, attempt, now)
        handler = handler_of(proposal.kind)
        view = PlanView.of(attempt.plan, proposal)
        lock_names(handler.lock_keys(view))
        verdict = handler.judge(view, now=now)
        if verdict.is_blocked or (verdict.earliest and verdict.earliest > now):
            held = Outcome("deferred", verdict.holds, facts={"held_by": verdict.held_by})
            settle(attempt, held, now=now)
            return False
        attempt.call_sent_at = now
        seen = {f"{name}_before": fact for name, fact in before.facts.items()}
        attempt.facts = {**seen, "jitter_ms": proposal.jitter_ms}
        attempt.save(update_fields=["call_sent_at", "facts"])
        proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
        proposal.save(update_fields=["lease_until", "updated_at"])
    return True


def _require_lease(proposal: Proposal, attempt: ExecutionAttempt, now: datetime) -> None:
    left = (proposal.lease_until - now).total_seconds() if proposal.lease_until else 0
    if proposal.status != Status.EXECUTING or proposal.claimed_by != _token(attempt):
        raise LeaseLostError(f"attempt {attempt.pk} belongs to {proposal.claimed_by or 'nobody'}")
    if left < settings.EXECUTOR_MIN_LEASE_LEFT_S:
        raise LeaseLostError(f"attempt {attempt.pk} has only {left:.0f} s of its lease left")


@run_context()
def execute_due(
    *, worker: str, clock: Clock, limit: int = 50, workspace: Workspace | None = None
) -> int:
    """Claim and run until nothing is due or ``limit`` is reached. Returns how many ran."""
    for done in range(limit):
        attempt = claim(worker=worker, now=clock(), workspace=workspace)
        if attempt is None:
            return done
        try:
            run(attempt, clock=clock)
        except NotOwnerError as error:
            logger.warning("lease lost", extra={"attempt": attempt.pk, "why": str(error)})
    return limit


@run_context()
def reap(*, worker: str, clock: Clock, limit: int = 50) -> int:
    """Finish attempts whose lease lapsed: a worker died, or a call's outcome is still unknown."""
    for done in range(limit):
        attempt = _take_over(worker=worker, now=clock())
        if attempt is None:
            return done
        try:
            _finish(attempt, clock=clock)
        except NotOwnerError as error:
            logger.warning("taken over again", extra={"attempt": attempt.pk, "why": str(error)})
    return limit


def _finish(attempt: ExecutionAttempt, *, clock: Clock) -> None:
    if attempt.call_sent_at is None:
        died = Outcome("deferred", "The worker stopped before it sent anything.")
        settle(attempt, died, now=clock())
        return
    proposal = Proposal.objects.select_related("workspace").get(pk=attempt.plan.proposal_id)
    reading = handler_of(proposal.kind).read_back(PlanView.of(attempt.plan, proposal))
    unanswered = Outcome("unknown", "The call was sent; its answer never came.")
    settle_reading(attempt, reading, unanswered, now=clock())


def _take_over(*, worker: str, now: datetime) -> ExecutionAttempt | None:
    with transaction.atomic():
        proposal = (
            Proposal.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(status=Status.EXECUTING, lease_until__lte=now)
            .order_by("lease_until", "pk")
            .first()
        )
        if proposal is None:
            return None
        attempt = (
            ExecutionAttempt.objects.select_related("plan")
            .filter(plan=proposal.current_plan_id, settled_at=None)
            .get()
        )
        attempt.worker = worker
        attempt.save(update_fields=["worker"])
        proposal.claimed_by = _token(attempt)
        proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
        proposal.save(update_fields=["claimed_by", "lease_until", "updated_at"])
    return attempt
