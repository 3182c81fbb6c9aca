"""Kinds of proposals whose effect is rows of our own: nothing outside is asked or told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workspaces.gate import Judgement, PlanView, Reading
from workspaces.models import Proposal


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
    """The part of ``gate.Handler`` that such kinds have in common."""

    @abstractmethod
    def judge(self, plan: PlanView, *, now: datetime) -> Judgement:
        """Policy's word on a plan."""

    def batch_key(self, plan: PlanView) -> str:
        """Each goes alone."""
        return ""

    def sit(self, plans: Sequence[PlanView], *, now: datetime) -> _Sitting:
        """Judge each by itself."""
        return _Sitting(self, now)

    def absorb(  # noqa: B027  # for most there is nothing to do
        self, proposal: Proposal, reading: Reading, *, now: datetime
    ) -> None:
        """Take nothing over: the rows are ours already."""

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        """Never: such a change is an assumption or a choice, not an action with an effect."""
        return [None for _ in proposals]

    def measure(self, proposal: Proposal, *, now: datetime) -> dict[str, Any] | None:
        """Nothing to measure."""
        return None
