"""Kinds of proposals whose effect is rows of our own: nothing outside is asked or told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Model

from workspaces.gate import CheckResult, Draft, Judgement, Outcome, PlanView, Reading
from workspaces.models import ExecutionAttempt, Proposal, Risk
from workspaces.roles import Role


@dataclass(frozen=True)
class _Sitting:
    """Judges one plan after the other: no limit is shared between them."""

    kind: OwnKind
    now: datetime

    def judge(self, plan: PlanView) -> Judgement:
        """Judge as the kind does."""
        return self.kind.judge(plan, now=self.now)

    def admit(self, plan: PlanView) -> None:
        """Nothing adds up."""


class OwnKind(ABC):
    """The part of ``gate.Handler`` that such kinds have in common.

    A kind names itself (the attributes below), makes its plan, and says what is checked, what
    holds now, what to write and how to go back. Its plans name a ``subject``: one at a time runs.
    """

    kind: str
    label: str
    template: str
    rules: str  # name and version of what `judge` holds a plan against
    row: type[Model]  # the kind's own row beside the proposal, with its workspace
    queue: Literal["approvals", "inbox"] = "approvals"

    @abstractmethod
    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Policy's word on a plan; most answer with ``judged``."""

    def judge_all(self, plans: Sequence[PlanView], *, now: datetime) -> list[Judgement]:
        """Judge one after the other."""
        return [self.judge(plan, now=now) for plan in plans]

    @abstractmethod
    def reading(self, plan: PlanView) -> Reading:
        """What holds now, against a plan."""

    @abstractmethod
    def done(self, plan: PlanView) -> str:
        """What holds once the plan is carried out, as a sentence."""

    @abstractmethod
    def carry_out(self, proposal: Proposal, body: dict[str, Any], *, now: datetime) -> None:
        """Write what was signed, in the transaction that settles the attempt."""

    def judged(self, *checks: CheckResult, risk: Risk = Risk.MEDIUM) -> Judgement:
        """Approvers sign such a change, and one of them is enough."""
        return Judgement(checks, risk, Role.APPROVER, signatures=1, policy_version=self.rules)

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        """Write the row that the queue page shows."""
        self.row._default_manager.update_or_create(
            proposal=proposal, defaults={**draft.detail, "workspace": proposal.workspace}
        )
        self.attached(proposal)

    def attached(  # noqa: B027  # for most there is nothing to do
        self, proposal: Proposal
    ) -> None:
        """Do what helps while it waits, in the same transaction."""

    def lifetime(self, plan: PlanView) -> timedelta:
        """A week."""
        return timedelta(days=7)

    def lock_keys(self, plan: PlanView) -> list[str]:
        """None: no limit is shared."""
        return []

    def lane(self, plan: PlanView) -> str:
        """One at a time for a subject."""
        return str(plan.body["subject"])

    def batch_key(self, plan: PlanView) -> str:
        """Each goes alone."""
        return ""

    def sit(self, plans: Sequence[PlanView], *, now: datetime) -> _Sitting:
        """Judge each by itself."""
        return _Sitting(self, now)

    def read_back(self, plans: Sequence[PlanView]) -> list[Reading]:
        """Look at our own rows."""
        return [self.reading(plan) for plan in plans]

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Change nothing here: ``carry_out`` does, where the attempt is settled."""
        return [Outcome("applied", self.done(plan)) for plan in plans]

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        """Carry out what was signed."""
        for attempt, outcome in ends:
            if outcome.status == "applied":
                self.carry_out(attempt.plan.proposal, attempt.plan.content, now=now)

    def absorb(  # noqa: B027  # for most there is nothing to do
        self, proposal: Proposal, reading: Reading, *, now: datetime
    ) -> None:
        """Take nothing over: the rows are ours already."""

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Yes: there is a way back."""
        return [True for _ in proposals]

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        """Never: such a change is an assumption or a choice, not an action with an effect."""
        return [None for _ in proposals]

    def measure(self, proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
        """Nothing to measure."""
        return None
