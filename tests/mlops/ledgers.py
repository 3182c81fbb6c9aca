"""A ledger of the sampler with known returns."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from mlops.engine.arms import AdState
from mlops.services.sampling import allocate, record_feedback
from tests.campaigns.change_steps import policy_of
from workspaces.models import Workspace


def state_of(arm: str, value: float, at: datetime) -> AdState:
    """An arm that spent 500 and brought a value."""
    return AdState(
        ad_id=arm, impressions=5_000, clicks=100, spend=500, pipeline_value=value,
        cash_revenue=value / 2, age_hours=200, daily_budget=100, last_updated=at,
    )  # fmt: skip


def ledger_of(workspace: Workspace, now: datetime, days: int = 40) -> Workspace:
    """Days of two arms: a returns 4, b returns 2, each on 100 a day."""
    policy_of(workspace)
    rng = np.random.default_rng(5)
    for back in range(days, 0, -1):
        at = now - timedelta(days=back)
        states = [state_of("a", 1_000.0, at), state_of("b", 900.0, at)]
        allocate(workspace=workspace, states=states, total_budget=200.0, now=at, seed=back)
        for arm, value in (("a", 400), ("b", 200)):
            record_feedback(
                workspace=workspace, arm=arm, event_id=f"{arm}{back}", spend=Decimal(100),
                pipeline_value=Decimal(round(value * rng.uniform(0.5, 1.5))), source="api",
                now=at + timedelta(hours=12),
            )  # fmt: skip
    return workspace
