"""One proposal with everything that a person reads before he signs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from workspaces.charts import LineChart
from workspaces.formats import amount, number_of
from workspaces.gate import GateError, handler_of
from workspaces.models import (
    Decision,
    ExecutionAttempt,
    Plan,
    Proposal,
    Signature,
    Status,
    Workspace,
)
from workspaces.panels import Aside, Diff, EditField, asides_of, diff_of, panel_of
from workspaces.roles import Role
from workspaces.search import among
from workspaces.selectors_evidence import FactGroup, evidence_charts, evidence_facts
from workspaces.selectors_queue import newest
from workspaces.selectors_rows import Predicted, QueueRow, Viewer, predicted_of, row_of
from workspaces.selectors_undo import undoable_ids

_HISTORY = 10
_SIMILAR = 5
_FALLBACK_TEMPLATE = "workspaces/_plan_json.html"


@dataclass(frozen=True)
class Version:
    """One plan, and what it changed against the one before."""

    plan: Plan
    diff: Diff
    changed: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """An earlier change with what was predicted and what came of it."""

    proposal: Proposal
    diff: Diff
    predicted: Predicted | None
    realised: str
    note: str
    is_inside: bool | None


@dataclass(frozen=True)
class Detail:
    """A proposal as its page shows it."""

    row: QueueRow
    template: str
    panel: dict[str, Any]
    edit_field: EditField | None
    actions: frozenset[str]
    signatures: list[Signature]
    versions: list[Version]
    attempts: list[ExecutionAttempt]
    charts: list[LineChart]
    evidence: list[FactGroup]
    history: list[Proposal]
    similar: list[Outcome]
    asides: list[Aside]
    plan_text: str


def find_proposal(*, workspace: Workspace, public_id: UUID) -> Proposal | None:
    """A proposal of this workspace, ``None`` for anyone else's."""
    return (
        Proposal.objects.filter(workspace=workspace, public_id=public_id)
        .select_related(
            "workspace", "current_plan", "decided_by", "reverts", "continues", "superseded_by"
        )
        .first()
    )


def detail_of(*, proposal: Proposal, viewer: Viewer, now: datetime) -> Detail:
    """Read everything that the page of a proposal shows."""
    plans = list(proposal.plans.select_related("edited_by").order_by("version"))
    current = proposal.current_plan
    signatures = list(
        Signature.objects.filter(plan__proposal=proposal)
        .select_related("person", "plan")
        .order_by("at", "pk")
    )
    panel = panel_of(proposal.kind)
    template = _template(proposal.kind)
    evidence = dict(current.evidence) if current else {}
    field = panel.edit_field(proposal)
    history, similar = _earlier(proposal)
    return Detail(
        row=_row(proposal, signatures, viewer, now),
        template=template or _FALLBACK_TEMPLATE,
        panel=panel.context(proposal, now),
        edit_field=field,
        actions=_actions(proposal, signatures, viewer, field, can_run=bool(template)),
        signatures=signatures,
        versions=_versions(plans),
        attempts=list(
            ExecutionAttempt.objects.filter(plan__proposal=proposal).order_by("-started_at", "-pk")
        ),
        charts=evidence_charts(evidence),
        evidence=evidence_facts(evidence),
        history=history,
        similar=similar,
        asides=asides_of(proposal.kind),
        plan_text=json.dumps(current.content, indent=2, sort_keys=True) if current else "{}",
    )


def _row(
    proposal: Proposal, signatures: list[Signature], viewer: Viewer, now: datetime
) -> QueueRow:
    signers = [
        signature.person_id
        for signature in signatures
        if signature.plan_id == proposal.current_plan_id
        and signature.decision == Decision.APPROVE
        and signature.withdrawn_at is None
    ]
    return row_of(proposal, viewer, now, signed=len(signers), is_signer=viewer.user.pk in signers)


def _template(kind: str) -> str:
    try:
        return handler_of(kind).template
    except GateError:  # the kill switch stands in the record without a handler
        return ""


def _actions(
    proposal: Proposal,
    signatures: list[Signature],
    viewer: Viewer,
    field: EditField | None,
    *,
    can_run: bool,
) -> frozenset[str]:
    """Which buttons to show; the services decide again when one is pressed."""
    own = proposal.proposed_by_id == viewer.user.pk and viewer.rank >= Role.OPERATOR.rank
    may_manage = own or viewer.rank >= Role.APPROVER.rank
    is_waiting = proposal.status == Status.PENDING
    is_before_call = proposal.status in (Status.PENDING, Status.APPROVED)
    is_operator = viewer.rank >= Role.OPERATOR.rank
    signed = any(
        s.person_id == viewer.user.pk
        and s.withdrawn_at is None
        and s.decision == "approve"
        and s.plan_id == proposal.current_plan_id
        for s in signatures
    )
    is_by_hand = proposal.status == Status.APPROVED and proposal.execute_after is None
    allowed = {
        "edit": field is not None and is_before_call and may_manage,
        "cancel": is_before_call and may_manage,
        "snooze": is_waiting and is_operator,
        "withdraw": is_before_call and signed,
        "undo": is_operator and bool(undoable_ids([proposal])),
        "retry": proposal.status == Status.FAILED and is_operator and can_run,
        "tick": is_by_hand and is_operator,
        "reject": is_waiting and not own and viewer.rank >= Role.APPROVER.rank,
    }
    return frozenset(name for name, is_allowed in allowed.items() if is_allowed)


def _versions(plans: list[Plan]) -> list[Version]:
    versions: list[Version] = []
    before: dict[str, Any] = {}
    for plan in plans:
        body = plan.content
        changed = _changes(before, body) if before else ()
        versions.append(Version(plan, diff_of(body), changed))
        before = body
    return versions[::-1]


def _changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name.replace("_", " "), _short(old.get(name)), _short(new.get(name)))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _earlier(proposal: Proposal) -> tuple[list[Proposal], list[Outcome]]:
    """Read others for the same subject, and measured ones of its kind and proposer, newest first.

    Both at once; what the other question found of one's own is older than all that are shown.
    """
    others = newest(Proposal.objects.exclude(pk=proposal.pk), proposal.workspace)
    same = others.filter(subject_key=proposal.subject_key)
    measured = others.filter(
        kind=proposal.kind,
        proposer_key=proposal.proposer_key,
        status=Status.EXECUTED,
        measured_at__isnull=False,
    )
    either = Q(among(same.values("pk")[:_HISTORY])) | Q(among(measured.values("pk")[:_SIMILAR]))
    found = list(
        Proposal.objects.filter(either).select_related("decided_by", "current_plan").order_by("-pk")
    )
    history = [past for past in found if past.subject_key == proposal.subject_key]
    similar = [past for past in found if _is_like(past, proposal)]
    return history[:_HISTORY], [outcome_of(past) for past in similar[:_SIMILAR]]


def _is_like(past: Proposal, proposal: Proposal) -> bool:
    """Whether it was measured, of the same kind and by the same proposer."""
    return (
        (past.kind, past.proposer_key) == (proposal.kind, proposal.proposer_key)
        and past.status == Status.EXECUTED
        and past.measured_at is not None
    )


def outcome_of(proposal: Proposal) -> Outcome:
    """What was predicted of a measured change, and what came of it."""
    plan = proposal.current_plan
    predicted = plan.predicted if plan else None
    realised = proposal.realised or {}
    delta = number_of(realised.get("delta"))
    return Outcome(
        proposal=proposal,
        diff=diff_of(plan.content) if plan else Diff("–", "–"),
        predicted=predicted_of(predicted),
        realised=amount(delta, (predicted or {}).get("currency")) if delta is not None else "–",
        note="" if _is_separable(realised) else "not separable from other changes",
        is_inside=held(predicted, realised),
    )


def held(predicted: dict[str, Any] | None, realised: dict[str, Any] | None) -> bool | None:
    """Whether the predicted interval held what came of it; ``None`` where nobody can say."""
    delta = number_of((realised or {}).get("delta"))
    low, high = (number_of((predicted or {}).get(end)) for end in ("low", "high"))
    if delta is None or low is None or high is None or not _is_separable(realised or {}):
        return None
    return low <= delta <= high


def _is_separable(realised: dict[str, Any]) -> bool:
    return realised.get("separable", True) is not False


@dataclass(frozen=True)
class Execution:
    """What the executor is at: running, waiting for its moment, failed lately."""

    running: list[Proposal]
    scheduled: list[Proposal]
    failed: list[Proposal]


_SHOWN = 20


def execution_state(*, workspace: Workspace) -> Execution:
    """Newest running, scheduled and failed proposals of a workspace."""

    def shown(status: Status) -> QuerySet[Proposal]:
        return newest(Proposal.objects.filter(status=status), workspace)[:_SHOWN]

    return Execution(
        running=list(shown(Status.EXECUTING)),
        scheduled=sorted(shown(Status.APPROVED), key=_next_moment),
        failed=list(shown(Status.FAILED)),
    )


def _next_moment(proposal: Proposal) -> tuple[bool, float]:
    moments = [m for m in (proposal.execute_after, proposal.next_attempt_at) if m]
    return (not moments, max(moments).timestamp() if moments else 0.0)
