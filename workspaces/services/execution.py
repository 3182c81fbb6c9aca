"""The executor: carry claimed plans out once, settle what happened.

It works in batches: up to ``EXECUTOR_BATCH`` plans that one call can carry, often one. Claiming
(transaction 1, ``claiming``) takes leases and commits an ``ExecutionAttempt`` per plan. Then,
without any transaction: look at the far end; commit each ``call_sent_at`` (the write-ahead mark)
under the same locks and checks; read the kill switch; call; look again. Settling (last transaction)
writes attempts, proposals and the kind's rows together. Only the worker whose lease is on a row
settles it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pgbulk
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from workspaces.away import AWAY
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
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.claiming import claim, locks_of, start_attempts
from workspaces.services.events import RUN_MOST
from workspaces.services.leases import hand_over
from workspaces.services.locks import lock_again, lock_names, lock_proposal
from workspaces.services.settling import (
    NotOwnerError,
    settle,
    settle_drift,
    settle_readings,
    token,
)

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

_FRESH = timedelta(minutes=1)
# Answers after which nothing needs to be read back.
_CLEAR = frozenset({"refused", "throttled", "deferred"})


def complete_by_hand(*, proposal_id: int, by: User, now: datetime, note: str = "") -> Proposal:
    """Tick off a signed change that a person made where no machine of ours can write.

    Where we can read, what stands there must be what was signed.

    Raises
    ------
    NotAllowedError : the person is no operator
    StateError : nothing signed waits for a hand, or the far end does not show it done
    """
    seen = _seen_by_hand(proposal_id, by=by, now=now)
    with transaction.atomic():
        proposal = lock_proposal(proposal_id)
        plan = _plan_by_hand(proposal, by=by, now=now)
        if seen is not None and seen[0] != plan.pk:
            raise StateError("It was changed meanwhile. Look at it again before ticking it off.")
        (attempt,) = start_attempts([proposal], worker=f"person:{by.pk}", now=now)
        facts = {**(seen[1].facts if seen else {}), "by_hand": str(by)}
        done = Outcome("applied", note or f"Done by hand by {by}.", facts=facts)
        settle([(attempt, done)], now=now)
    proposal.refresh_from_db()
    return proposal


def _plan_by_hand(proposal: Proposal, *, by: User, now: datetime) -> Plan:
    """The signed plan that waits for a hand, or why there is none to tick off."""
    if effective_rank(user=by, workspace=proposal.workspace, now=now) < Role.OPERATOR.rank:
        raise NotAllowedError("Ticking off a change needs the role of operator.")
    plan = proposal.current_plan
    if proposal.status != Status.APPROVED or plan is None:
        raise StateError(f"It is {proposal.get_status_display().lower()}; nothing to tick off.")
    if proposal.workspace.kill_switch:
        raise StateError("The kill switch is on: nothing executes. Release it first.")
    is_by_hand = _judged(plan, proposal, now).by_hand
    # What was signed as a task has no moment of execution, and stays one if a connection comes.
    if not is_by_hand and proposal.execute_after is not None:
        raise StateError("Countersign executes this one itself.")
    return plan


def _judged(plan: Plan, proposal: Proposal, now: datetime) -> Judgement:
    return handler_of(proposal.kind).judge(PlanView.of(plan, proposal), now=now)


def _seen_by_hand(proposal_id: int, *, by: User, now: datetime) -> tuple[int, Reading] | None:
    """Look whether a change stands there as signed; ``None`` where we cannot read. Network."""
    proposal = Proposal.objects.select_related("workspace", "current_plan").get(pk=proposal_id)
    plan = _plan_by_hand(proposal, by=by, now=now)
    if not _judged(plan, proposal, now).can_be_read:
        return None
    (reading,) = handler_of(proposal.kind).read_back([PlanView.of(plan, proposal)])
    if reading.state == "unknown":
        why = reading.error.message if reading.error else "No answer came."
        raise StateError(f"What was done cannot be read back, so it is not ticked off: {why}")
    if reading.state != "after":
        raise StateError(
            f"{reading.words or 'Something else stands there'}, which is not what was signed. "
            "Make the change there first, then tick it off."
        )
    return plan.pk, reading


def run(attempts: Sequence[ExecutionAttempt], *, clock: Clock) -> None:
    """Carry claimed attempts of one batch out to their settlement.

    Every step may be the last one of this process: the reaper finishes from what is committed.
    """
    handler = handler_of(attempts[0].plan.proposal.kind)
    ready = []
    for attempt, reading in zip(attempts, handler.read_back(_views(attempts)), strict=True):
        if reading.state == "before":
            ready.append((attempt, reading))
        else:
            _settle_before_call(attempt, reading, now=clock())
    sent = _mark_sent(ready, now=clock()) if ready else []
    if not sent:
        return
    workspace_id = sent[0].plan.proposal.workspace_id
    if Workspace.objects.filter(pk=workspace_id, kill_switch=True).exists():
        stopped = Outcome("deferred", "The kill switch was pulled before the call.")
        settle([(attempt, stopped) for attempt in sent], now=clock(), call_was_sent=False)
        return
    _log("changes go out", sent)
    outcomes = list(zip(sent, handler.execute(_views(sent)), strict=True))
    _log("changes were answered", sent, outcomes=Counter(end.status for _, end in outcomes))
    settle([end for end in outcomes if end[1].status in _CLEAR], now=clock())
    unclear = [end for end in outcomes if end[1].status not in _CLEAR]
    if unclear:
        readings = handler.read_back(_views([attempt for attempt, _ in unclear]))
        read = [(*end, reading) for end, reading in zip(unclear, readings, strict=True)]
        settle_readings([(attempt, seen, end) for attempt, end, seen in read], now=clock())


def _log(event: str, attempts: Sequence[ExecutionAttempt], **facts: Mapping[str, int]) -> None:
    """One line beside the ids of the task and of the request that woke it."""
    proposals = [attempt.plan.proposal for attempt in attempts]
    told = {
        "kind": proposals[0].kind,
        "proposals": [str(proposal.public_id) for proposal in proposals],
        "attempts": [attempt.pk for attempt in attempts],
    }
    logger.info(event, extra={**told, **facts})


def _views(attempts: Sequence[ExecutionAttempt]) -> list[PlanView]:
    return [PlanView.of(attempt.plan, attempt.plan.proposal) for attempt in attempts]


def _settle_before_call(attempt: ExecutionAttempt, reading: Reading, *, now: datetime) -> None:
    """No call was sent, so every reading has a safe end."""
    if reading.state == "after":
        done = Outcome("applied", "It stood at the target already.", facts=reading.facts)
        settle([(attempt, done)], now=now)
    elif reading.state == "other":
        settle_drift(attempt, reading, now=now)
    else:
        error = reading.error
        if error is None or error.status == "unknown":
            # Reading has no effect, so what is unclear about it is only worth another try.
            error = Outcome("transient", error.message if error else "A read got no answer.")
        settle([(attempt, error)], now=now)


def _mark_sent(
    ready: Sequence[tuple[ExecutionAttempt, Reading]], *, now: datetime
) -> list[ExecutionAttempt]:
    """Commit that calls are about to go out, under the locks and checks of this moment."""
    with transaction.atomic():
        locked = lock_again(attempt for attempt, _ in ready)
        ours = [end for end in ready if _has_lease(end[0], locked, now)]
        if not ours:
            return []
        handler = handler_of(ours[0][0].plan.proposal.kind)
        views = _views([attempt for attempt, _ in ours])
        lock_names(locks_of(handler, views))
        sitting = handler.sit(views, now=now)
        marked = []
        for (attempt, before), view in zip(ours, views, strict=True):
            verdict = sitting.judge(view)
            if verdict.is_blocked or (verdict.earliest and verdict.earliest > now):
                held = Outcome("deferred", verdict.holds, facts={"held_by": verdict.held_by})
                settle([(attempt, held)], now=now)
                continue
            attempt.call_sent_at = now
            seen = {f"{name}_before": fact for name, fact in before.facts.items()}
            attempt.facts = {**seen, "jitter_ms": attempt.plan.proposal.jitter_ms}
            marked.append(attempt)
        pgbulk.update(ExecutionAttempt, marked, ["call_sent_at", "facts"])
        _renew_leases(marked, now)
    return marked


def _renew_leases(attempts: Sequence[ExecutionAttempt], now: datetime) -> None:
    """Give every call a whole lease; one that began within the last minute is as good as new."""
    whole = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
    old = [
        proposal.pk
        for proposal in (attempt.plan.proposal for attempt in attempts)
        if proposal.lease_until is None or whole - proposal.lease_until > _FRESH
    ]
    if old:
        Proposal.objects.filter(pk__in=old).update(lease_until=whole, updated_at=timezone.now())


def _has_lease(attempt: ExecutionAttempt, locked: dict[int, Proposal], now: datetime) -> bool:
    """Whether the lease is still this attempt's, and long enough for a call."""
    proposal = locked[attempt.plan.proposal_id]
    left = (proposal.lease_until - now).total_seconds() if proposal.lease_until else 0
    if (
        proposal.status != Status.EXECUTING
        or proposal.claimed_by != token(attempt)
        or left < settings.EXECUTOR_MIN_LEASE_LEFT_S
    ):
        # The reaper goes on from what is committed.
        logger.warning("lease lost", extra={"attempt": attempt.pk, "left_s": left})
        return False
    attempt.plan.proposal = proposal
    return True


@run_context()
def execute_due(
    *, worker: str, clock: Clock, limit: int = RUN_MOST, workspace: Workspace | None = None
) -> int:
    """Claim and run until nothing is due or ``limit`` is reached. Returns how many ran."""
    done = 0
    while done < limit:
        attempts = claim(worker=worker, now=clock(), workspace=workspace, limit=limit - done)
        if not attempts:
            break
        done += len(attempts)
        try:
            run(attempts, clock=clock)
        except NotOwnerError as error:
            logger.warning("lease lost", extra={"attempt": attempts[0].pk, "why": str(error)})
        except AWAY:
            hand_over([token(attempt) for attempt in attempts], clock=clock)
            raise
    return done


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
        except AWAY:
            hand_over([token(attempt)], clock=clock)
            raise
    return limit


def _finish(attempt: ExecutionAttempt, *, clock: Clock) -> None:
    if attempt.call_sent_at is None:
        died = Outcome("deferred", "The worker stopped before it sent anything.")
        settle([(attempt, died)], now=clock())
        return
    proposal = Proposal.objects.select_related("workspace").get(pk=attempt.plan.proposal_id)
    attempt.plan.proposal = proposal
    (reading,) = handler_of(proposal.kind).read_back(_views([attempt]))
    unanswered = Outcome("unknown", "The call was sent; its answer never came.")
    settle_readings([(attempt, reading, unanswered)], now=clock())


def _take_over(*, worker: str, now: datetime) -> ExecutionAttempt | None:
    with transaction.atomic():
        proposal = (
            Proposal.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(
                status=Status.EXECUTING,
                lease_until__lte=now,
                workspace__in=Workspace.objects.open(),
            )
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
        proposal.claimed_by = token(attempt)
        proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
        proposal.save(update_fields=["claimed_by", "lease_until", "updated_at"])
    return attempt
