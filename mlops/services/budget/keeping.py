"""A budget plan is kept as a scenario and goes to approval by the scenario's path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.services.budget_bundles import Sent
from campaigns.services.scenarios.saving import save_scenario
from campaigns.services.scenarios.sending import send_scenario
from mlops.selectors.budget_board import KEPT_AS
from mlops.services.budget.planning import BudgetPlan
from workspaces.gate import Proposer


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
        remarks={KEPT_AS: _remarks(plan)},
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
