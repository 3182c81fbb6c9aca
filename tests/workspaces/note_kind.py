"""A kind for tests of the gate: its effect is one row, written in the settling transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from workspaces.gate import (
    CheckResult,
    Draft,
    Judgement,
    Outcome,
    PlanView,
    Reading,
    RequestError,
    StateError,
    register,
)
from workspaces.models import ExecutionAttempt, JobRun, Proposal, Risk, Workspace
from workspaces.roles import Role


@dataclass
class NoteSitting:
    """Judges as the kind does; defers what comes after ``most_admitted``."""

    kind: NoteKind
    now: datetime
    admitted: int = 0

    def judge(self, plan: PlanView) -> Judgement:
        verdict = self.kind.judge(plan, now=self.now)
        if self.kind.most_admitted is None or self.admitted < self.kind.most_admitted:
            return verdict
        full = CheckResult("full", "deferred", "Enough.", self.now + timedelta(hours=1))
        return replace(verdict, checks=(*verdict.checks, full))

    def admit(self, plan: PlanView) -> None:
        self.admitted += 1


@dataclass
class NoteKind:
    """Writes ``text`` on a page named ``page``; tests turn its knobs."""

    kind: str = "note"
    label: str = "Note"
    queue: str = "approvals"
    template: str = "workspaces/_plan_json.html"
    signatures: int = 1
    rank: Role = Role.APPROVER
    risk: Risk = Risk.LOW
    policy_may_sign: bool = False
    by_hand: bool = False
    can_be_read: bool = False
    while_reading: Callable[[], object] = lambda: None
    checks: tuple[CheckResult, ...] = ()
    call: Callable[[PlanView], Outcome] = lambda plan: Outcome("applied", "Written.")
    readings: list[Reading] = field(default_factory=list)
    settled: list[tuple[int, str]] = field(default_factory=list)
    policy_version: str = "note policy v1"
    base: str = "blank"
    final: str = ""  # what is written over this stays
    batch: str = ""
    most_admitted: int | None = None

    def make_plan(self, *, workspace: Workspace, request: dict[str, Any], now: datetime) -> Draft:
        text = request.get("text", "")
        if not text:
            raise RequestError("text", "Write something.")
        page = request["page"]
        return Draft(
            subject_key=f"page:{page}",
            subject_label=f"Page {page}",
            summary=f"Write {text} on {page}",
            body={"subject": page, "before": self.base, "after": text},
            money_at_stake=Decimal(10),
        )

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        return

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        return Judgement(
            checks=self.checks,
            risk=self.risk,
            rank=self.rank,
            signatures=self.signatures,
            policy_version=self.policy_version,
            policy_may_sign=self.policy_may_sign,
            by_hand=self.by_hand,
            can_be_read=self.can_be_read,
        )

    def judge_all(self, plans: Sequence[PlanView], *, now: datetime) -> list[Judgement]:
        return [self.judge(plan, now=now) for plan in plans]

    def lifetime(self, plan: PlanView) -> timedelta:
        return timedelta(hours=24)

    def lock_keys(self, plan: PlanView) -> list[str]:
        return [f"note:{plan.workspace.pk}"]

    def lane(self, plan: PlanView) -> str:
        return f"page:{plan.body['subject']}"

    def batch_key(self, plan: PlanView) -> str:
        return self.batch

    def sit(self, plans: Sequence[PlanView], *, now: datetime) -> NoteSitting:
        return NoteSitting(self, now)

    def read_back(self, plans: Sequence[PlanView]) -> list[Reading]:
        return [self.look(plan) for plan in plans]

    def look(self, plan: PlanView) -> Reading:
        self.while_reading()
        if self.readings:
            return self.readings.pop(0)
        written = JobRun.objects.filter(
            workspace=plan.workspace, name=f"note:{plan.body['subject']}", step=plan.body["after"]
        )
        return Reading("after" if written.exists() else "before")

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        return [self.call(plan) for plan in plans]

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        for attempt, outcome in ends:
            self._settle(attempt, outcome, now)

    def _settle(self, attempt: ExecutionAttempt, outcome: Outcome, now: datetime) -> None:
        self.settled.append((attempt.pk, outcome.status))
        if outcome.status != "applied":
            return
        body = attempt.plan.content
        JobRun.objects.create(
            workspace=attempt.plan.proposal.workspace,
            name=f"note:{body['subject']}",
            step=body["after"],
            queued_at=now,
        )

    def absorb(self, proposal: Proposal, reading: Reading, *, now: datetime) -> None:
        self.base = reading.live["text"]

    def edit_is_within(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        return len(new["after"]) <= len(old["after"])

    def inverse(self, proposal: Proposal) -> dict[str, Any]:
        body = proposal.current_plan.content
        if body["before"] == self.final:
            raise StateError("It stays.")
        return {"page": body["subject"], "text": body["before"]}

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        return [row.current_plan.content["before"] != self.final for row in proposals]

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        return [row.executed_at + timedelta(days=1) for row in proposals]

    def measure(self, proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
        return {"point": "1"}


def install(**knobs: Any) -> NoteKind:
    """Register a fresh note kind."""
    kind = NoteKind(**knobs)
    register(kind)  # type: ignore[arg-type]
    return kind


def written(workspace: Workspace) -> list[str]:
    """Texts that took effect, in order."""
    notes = JobRun.objects.filter(workspace=workspace, name__startswith="note:")
    return list(notes.order_by("pk").values_list("step", flat=True))
