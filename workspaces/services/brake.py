"""Stopping our own machinery: at once, and on record as a proposal signed by the policy 'stop'.

The kill switch is pulled by an operator and released by an approver.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from workspaces.gate import (
    Json,
    NotAllowedError,
    Proposer,
    RequestError,
    StateError,
    canonical,
    digest,
)
from workspaces.models import (
    Decision,
    ExecutionAttempt,
    KillSwitchEvent,
    Plan,
    Proposal,
    Risk,
    Signature,
    Status,
    User,
    Workspace,
)
from workspaces.models.gate_triggers import STOP_KIND
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.events import announce
from workspaces.services.live import bump
from workspaces.services.locks import lock_proposal

STOP_POLICY = "stop"


def pull(*, workspace: Workspace, by: User, reason: str, now: datetime) -> Workspace:
    """Stop every execution of a workspace. Calls in flight finish and are recorded.

    Stopping acts at once, and stands in the record as an executed proposal signed by the policy
    'stop'.
    """
    if not reason.strip():
        raise RequestError("reason", "Say why, so that the others know when to go on.")
    if effective_rank(user=by, workspace=workspace, now=now) < Role.OPERATOR.rank:
        raise NotAllowedError("Pulling the kill switch needs the role of operator.")
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if locked.kill_switch:
            raise StateError("The kill switch is on already.")
        stop(workspace=locked, by=by, reason=reason, now=now)
    return locked


def stop(*, workspace: Workspace, by: User, reason: str, now: datetime) -> None:
    """Pull the kill switch of a locked workspace, for a caller who made sure that ``by`` may."""
    _set(workspace, is_on=True, reason=reason, now=now)
    proposal = record_stop(
        workspace=workspace,
        by=by,
        rank=Role.OPERATOR,
        subject_key="kill-switch",
        subject_label=workspace.name,
        summary=f"Stop every execution in {workspace.name}",
        body={"operation": "stop", "before": "running", "after": "stopped"},
        reason=reason,
        now=now,
    )
    _log(workspace, is_on=True, by=by, reason=reason, proposal=proposal, now=now)
    bump(workspace.pk, "kill-switch")


def release(*, workspace: Workspace, by: User, reason: str, now: datetime) -> Workspace:
    """Let executions go on. What fell due meanwhile runs by its checks of that moment."""
    if effective_rank(user=by, workspace=workspace, now=now) < Role.APPROVER.rank:
        raise NotAllowedError("Releasing the kill switch needs the role of approver.")
    if not reason.strip():
        raise RequestError("reason", "Say what was cleared up.")
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if not locked.kill_switch:
            raise StateError("The kill switch is off already.")
        _set(locked, is_on=False, reason="", now=None)
        _log(locked, is_on=False, by=by, reason=reason, proposal=None, now=now)
        bump(locked.pk, "kill-switch")
    return locked


def _set(workspace: Workspace, *, is_on: bool, reason: str, now: datetime | None) -> None:
    workspace.kill_switch = is_on
    workspace.kill_switch_reason = reason[:300]
    workspace.kill_switch_at = now
    workspace.save(
        update_fields=["kill_switch", "kill_switch_reason", "kill_switch_at", "updated_at"]
    )


def _log(
    workspace: Workspace,
    *,
    is_on: bool,
    by: User,
    reason: str,
    proposal: Proposal | None,
    now: datetime,
) -> None:
    KillSwitchEvent.objects.create(
        workspace=workspace,
        is_on=is_on,
        reason=reason[:300],
        by=by,
        by_label=str(by),
        proposal=proposal,
        at=now,
    )


def record_stop(
    *,
    workspace: Workspace,
    by: User | Proposer,
    rank: Role,
    subject_key: str,
    subject_label: str,
    summary: str,
    body: Json,
    reason: str,
    now: datetime,
    reverts: Proposal | None = None,
) -> Proposal:
    """Write a stop as a proposal that went the whole way in the caller's transaction.

    The caller stops what is to be stopped, and has seen that ``by``, a person or a rule of ours,
    holds ``rank``. ``reverts`` is the executed proposal that it undoes.
    """
    proposer = by if isinstance(by, Proposer) else Proposer.person(by)
    proposal = Proposal.objects.create(
        workspace=workspace,
        kind=STOP_KIND,
        subject_key=subject_key,
        subject_label=subject_label,
        summary=summary,
        reason=reason,
        proposer_type=proposer.type,
        proposer_key=proposer.key,
        proposer_label=proposer.label[:200],
        proposed_by=proposer.user,
        created_at=now,
        # A lane of its own: what runs in the lane of the subject must not hold a stop up.
        lane=f"stop:{subject_key}",
        risk=Risk.LOW,
        reverts=reverts,
    )
    text = canonical({"kind": STOP_KIND, "workspace": workspace.slug, **body})
    plan = _signed_plan(proposal, text, rank, reason, now)
    _walk(proposal, plan, now)
    if reverts is not None:
        mark_reverted(reverts, now=now)
    return proposal


def _signed_plan(proposal: Proposal, text: str, rank: Role, reason: str, now: datetime) -> Plan:
    """Plan of a stop, signed by its policy."""
    plan = Plan.objects.create(
        proposal=proposal,
        version=1,
        body=text,
        sha256=digest(text),
        policy_version=STOP_POLICY,
        risk=Risk.LOW,
        rank_required=rank,
        policy_may_sign=True,
        created_at=now,
    )
    proposal.current_plan = plan
    proposal.save(update_fields=["current_plan"])
    Signature.objects.create(
        plan=plan, policy_version=STOP_POLICY, decision=Decision.APPROVE, why=reason, at=now
    )
    return plan


def _walk(proposal: Proposal, plan: Plan, now: datetime) -> None:
    for status in (Status.APPROVED, Status.EXECUTING, Status.EXECUTED):
        proposal.status = status
        proposal.save(update_fields=["status"])
    proposal.decided_at = proposal.executed_at = now
    proposal.save(update_fields=["decided_at", "executed_at"])
    ExecutionAttempt.objects.create(
        plan=plan, number=1, worker="brake", started_at=now, settled_at=now, outcome="applied"
    )
    announce(proposal, "executed", now=now)


def mark_reverted(proposal: Proposal, *, now: datetime) -> None:
    """Say of an executed proposal that its effect was taken back."""
    locked = lock_proposal(proposal.pk)
    if locked.status == Status.EXECUTED:
        locked.status = Status.REVERTED
        locked.save(update_fields=["status", "updated_at"])
        announce(locked, "reverted", now=now)
