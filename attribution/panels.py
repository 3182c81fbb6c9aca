"""How a change of stage values looks in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from attribution.engine.stage_documents import from_document
from attribution.engine.synthetic_revenue import Stage, implied_conversion
from attribution.handlers import KIND
from attribution.models import StageValueChange
from workspaces.models import Proposal
from workspaces.panels import KindPanel


@dataclass(frozen=True)
class StageLine:
    """One stage, before and after."""

    label: str
    before: Stage | None
    after: Stage | None
    to_won: Decimal | None

    @property
    def is_changed(self) -> bool:
        """Whether anything of it changes."""
        return self.before != self.after


def _context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """Stages before and after, and what the change would move over a line."""
    plan = proposal.current_plan
    change = StageValueChange.objects.filter(proposal=proposal).first()
    if plan is None or change is None:
        return {}
    old = plan.content["before"]["values"]
    before = {stage.key: stage for stage in from_document(old).stages} if old else {}
    values = from_document(plan.content["after"]["values"])
    after = {stage.key: stage for stage in values.stages}
    shares = {row.key: row.to_won for row in implied_conversion(values)}
    lines = [
        StageLine((after.get(key) or before[key]).label, before.get(key), after.get(key), to_won)
        for key in dict.fromkeys([*after, *before])
        for to_won in [_pct(shares.get(key))]
    ]
    return {
        "change": change,
        "lines": lines,
        "currency": plan.content["currency"],
        "crossings": change.what_if["crossings"],
        "flips": change.what_if["flips"],
    }


def _pct(share: Decimal | None) -> Decimal | None:
    return None if share is None else share * 100


STAGE_VALUES_PANEL = KindPanel(kind=KIND, context=_context)
