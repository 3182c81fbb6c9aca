"""Claiming: which signed plans may run now, and whose they are while they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pgbulk
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from workspaces.gate import Handler, Judgement, PlanView, handler_of
from workspaces.models import ExecutionAttempt, Proposal, Status, Workspace
from workspaces.roles import rank_of
from workspaces.services.approving import is_fully_signed, schedule
from workspaces.services.events import announce, announce_all
from workspaces.services.integrity import require_intact
from workspaces.services.locks import lock_names, lock_proposal
from workspaces.services.proposing import replan_or_cancel
from workspaces.services.settling import token

_LANE_WAIT = timedelta(seconds=5)
_CLAIMING = ["status", "claimed_by", "lease_until", "waiting_for", "updated_at"]


def claim(
    *, worker: str, now: datetime, workspace: Workspace | None = None, limit: int = 1
) -> list[ExecutionAttempt]:
    """Take the next signed, due and allowed plan, and up to ``limit`` that can go out with it.

    Plans that a check defers, or that need new signatures, are put back on the way. Empty: nothing
    is due.
    """
    while True:
        due: list[Proposal] = []
        try:
            with transaction.atomic():
                due = _next_due(now, workspace, limit)
                if not due:
                    return []
                if attempts := _try_claim(due, worker=worker, now=now):
                    return attempts
        except IntegrityError:
            if not any(_was_stopped(proposal.pk, now=now) for proposal in due):
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


def _next_due(now: datetime, workspace: Workspace | None, limit: int) -> list[Proposal]:
    """Lock what is due first, with what is due of its batch; one of each lane."""
    due = _due(now, workspace)
    first = due.select_related("workspace", "current_plan").first()
    if first is None or not first.batch_key or limit == 1:
        return [first] if first else []
    others = (
        due.filter(
            workspace=first.workspace_id, kind=first.kind, batch_key=first.batch_key
        ).exclude(pk=first.pk)
    )[: min(limit, settings.EXECUTOR_BATCH) - 1]
    lanes = {first.lane: first}
    for proposal in others:
        proposal.workspace = first.workspace
        lanes.setdefault(proposal.lane, proposal)
    return list(lanes.values())


def _due(now: datetime, workspace: Workspace | None) -> QuerySet[Proposal]:
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
        .select_related("current_plan")
        # Long columns that no check reads.
        .defer("current_plan__evidence", "request", "result", "realised")
        .order_by("execute_after", "pk")
    )


def _try_claim(due: Sequence[Proposal], *, worker: str, now: datetime) -> list[ExecutionAttempt]:
    views = {
        proposal.pk: PlanView.of(plan, proposal)
        for proposal in due
        if (plan := proposal.current_plan) and require_intact(proposal, plan, now=now)
    }
    if not views:
        return []
    handler = handler_of(due[0].kind)
    lanes = [f"lane:{proposal.workspace_id}:{proposal.lane}" for proposal in due]
    lock_names([*locks_of(handler, views.values()), *lanes])
    busy = _busy_lanes(due)
    sitting = handler.sit(list(views.values()), now=now)
    allowed = []
    for proposal in due:
        view = views.get(proposal.pk)
        if view is None:
            continue
        if proposal.lane in busy:
            proposal.next_attempt_at = now + _LANE_WAIT
            proposal.save(update_fields=["next_attempt_at", "updated_at"])
        elif _still_allowed(proposal, sitting.judge(view), now=now):
            sitting.admit(view)
            allowed.append(proposal)
    return start_attempts(allowed, worker=worker, now=now)


def locks_of(handler: Handler, views: Iterable[PlanView]) -> set[str]:
    """Names of the totals that the limits of these plans read."""
    return {name for view in views for name in handler.lock_keys(view)}


def _busy_lanes(proposals: Sequence[Proposal]) -> set[str]:
    running = Proposal.objects.filter(
        workspace=proposals[0].workspace_id,
        lane__in=[proposal.lane for proposal in proposals],
        status=Status.EXECUTING,
    )
    return set(running.values_list("lane", flat=True))


def start_attempts(
    proposals: Sequence[Proposal], *, worker: str, now: datetime
) -> list[ExecutionAttempt]:
    """Move locked, approved proposals to executing, each with a lease for ``worker``."""
    if not proposals:
        return []
    plans = [proposal.current_plan for proposal in proposals]
    earlier = dict(
        ExecutionAttempt.objects.filter(plan__in=plans)
        .values_list("plan")
        .annotate(Count("pk"))
        .order_by()
    )
    attempts = ExecutionAttempt.objects.bulk_create(
        ExecutionAttempt(
            plan=plan, number=earlier.get(plan.pk, 0) + 1, worker=worker, started_at=now
        )
        for plan in plans
        if plan
    )
    for proposal, attempt in zip(proposals, attempts, strict=True):
        proposal.status = Status.EXECUTING
        proposal.claimed_by = token(attempt)
        proposal.lease_until = now + timedelta(seconds=settings.EXECUTOR_LEASE_S)
        proposal.waiting_for = ""
        proposal.updated_at = timezone.now()
        attempt.plan.proposal = proposal  # so that the run does not read it again
    pgbulk.update(Proposal, proposals, _CLAIMING)
    announce_all(proposals, "executing", now=now)
    return attempts


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
