"""A scenario is kept: its inputs, the curves' version and what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from campaigns.models import ResponseFit, Scenario
from campaigns.selectors.advice import budgets_by_channel, live_budgets
from campaigns.services.scenarios.inputs import InputError, Inputs
from campaigns.services.scenarios.predicting import predict
from workspaces.gate import Proposer

LONGEST_NAME = 120


def save_scenario(
    *,
    fit: ResponseFit,
    inputs: Inputs,
    name: str,
    by: Proposer,
    now: datetime,
    remarks: Mapping[str, Any] = MappingProxyType({}),
) -> Scenario:
    """Keep a plan with what the curves say of it and the budgets that are live now.

    ``remarks`` are what its maker adds to the results, under a name of its own.

    Raises
    ------
    InputError : it has no name
    """
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise InputError("name", f"Give it a name of up to {LONGEST_NAME} letters.")
    budgets = live_budgets(workspace=fit.workspace, now=now)
    live = {
        channel: round(amount, 2) for channel, amount in sorted(budgets_by_channel(budgets).items())
    }
    return Scenario.objects.create(
        workspace=fit.workspace,
        fit=fit,
        name=name,
        inputs=inputs.as_json(),
        results={**predict(fit=fit, inputs=inputs), "live_budgets": live, **remarks},
        author=by.user,
        author_label=by.label[:200],
        created_at=now,
    )
