"""A budget plan is kept as a scenario and goes to approval by the scenario's path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from campaigns.selectors.scenario_board import NEWEST, Kept, kept_rows
from campaigns.selectors.scenarios import scenarios_of
from campaigns.services.budget_bundles import Sent
from campaigns.services.scenarios.saving import save_scenario
from campaigns.services.scenarios.sending import send_scenario
from mlops.services.budget.planning import BudgetPlan
from workspaces.gate import Proposer
from workspaces.models import Workspace

# What a kept plan says of itself, beside what the studio keeps of any scenario.
KEY: Final = "budget_plan"


@transaction.atomic
def send_plan(*, plan: BudgetPlan, by: Proposer, now: datetime) -> Sent:
    """Keep a plan and propose its changes as one bundle; nothing is kept where none can be.

    Raises
    ------
    NotAllowedError : the person may not propose
    SendingRefusedError : nothing of it can be proposed
    """
    asked = plan.asked
    scenario = save_scenario(
        fit=plan.fit,
        inputs=plan.inputs,
        name=f"Budget plan of {now:%d %b %Y}: {asked.total:,.0f} in {asked.horizon_days} days",
        by=by,
        now=now,
        remarks={KEY: _remarks(plan)},
    )
    return send_scenario(scenario=scenario, proposer=by, now=now)


def _remarks(plan: BudgetPlan) -> dict[str, Any]:
    asked = plan.asked
    return {
        "method": plan.method,
        "outcome": plan.outcome,
        "total": str(asked.total),
        "bounds": {
            channel: {
                name: str(found[channel])
                for name, found in (("min", asked.least), ("max", asked.most))
                if channel in found
            }
            for channel in sorted({*asked.least, *asked.most})
        },
        "rivals": {rival.name: round(rival.brings, 2) for rival in plan.rivals},
    }


@dataclass(frozen=True)
class SentPlan:
    """A plan that went to approval, and what became of it."""

    kept: Kept

    @property
    def method(self) -> str:
        """Which way of splitting made it."""
        return str(self.kept.row.results[KEY]["method"])

    @property
    def total(self) -> Decimal:
        """Money of the whole horizon."""
        return Decimal(self.kept.row.results[KEY]["total"])


def sent_plans(workspace: Workspace) -> list[SentPlan]:
    """Plans that went to approval, newest first, at most twenty."""
    rows = scenarios_of(workspace).filter(**{f"results__{KEY}__isnull": False})
    return [SentPlan(kept) for kept in kept_rows(workspace, list(rows[:NEWEST]))]

