"""The best plan of a total over the channels, by the curves that serve."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np

from campaigns.engine.cents import in_cents
from campaigns.engine.response.compare import INSTALLS, REVENUE
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.optimum import DRAWS, Bounds, expected_curves
from campaigns.engine.response.solver import Curves
from campaigns.models import ResponseFit
from campaigns.selectors.scenario_board import what_is_missing
from campaigns.selectors.scenarios import models_of, serving_fit
from campaigns.services.scenarios.inputs import Inputs
from campaigns.services.scenarios.predicting import predict
from mlops.engine.budget.splits import SOLVER, SPLITS, FloatArray, marginal_returns
from mlops.services.budget.asking import Asked, bounds_a_day
from mlops.services.budget.learnt import LearntPolicy, learnt_policy
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

_CLOSE: Final = Decimal("0.01")


class NoCurvesError(RefusedError):
    """There are no curves, or none that a plan can stand on; says what is missing."""


@dataclass(frozen=True)
class Line:
    """One channel of a plan; money of the whole horizon.

    ``marginal_now`` and ``marginal`` are what one more of money a day brings a day, at the present
    spend and at the recommended one.
    """

    channel: str
    present: Decimal
    recommended: Decimal
    marginal_now: float
    marginal: float
    is_prior: bool
    stands_at: str

    @property
    def change(self) -> Decimal:
        """Money more than now."""
        return self.recommended - self.present


@dataclass(frozen=True)
class Rival:
    """What one way to split the same total is expected to bring over the horizon."""

    name: str
    brings: float
    of_best: float
    serves: bool
    why_not: str = ""


@dataclass(frozen=True)
class BudgetPlan:
    """A plan, what it is expected to bring beside the present one, and how its method fared."""

    fit: ResponseFit
    asked: Asked
    outcome: str
    method: str
    lines: tuple[Line, ...]
    results: dict[str, Any]
    rivals: tuple[Rival, ...]
    is_wide: bool

    @property
    def inputs(self) -> Inputs:
        """The plan as the studio keeps it; money a day."""
        return _inputs(self.asked, {line.channel: float(line.recommended) for line in self.lines})


def curves_for(*, workspace: Workspace, now: datetime) -> ResponseFit:
    """Find the curves that a plan can stand on.

    Raises
    ------
    NoCurvesError : nothing was fitted yet, or figures are too thin to tell channels apart
    """
    fit = serving_fit(workspace)
    if fit is None:
        raise NoCurvesError(f"There are no response curves yet. {what_is_missing(workspace, now)}")
    model = _model(fit)
    if model.source == "prior":
        raise NoCurvesError(
            "The figures are too thin for a recommendation: its curves would be stated priors,"
            f" not this workspace's own. {' '.join(model.reasons)}"
        )
    return fit


def checksum_of(fit: ResponseFit) -> str:
    """Name the curves of a fit by their content."""
    return hashlib.sha256(json.dumps(fit.curves, sort_keys=True).encode()).hexdigest()


def plan_budget(*, fit: ResponseFit, asked: Asked, now: datetime) -> BudgetPlan:
    """Split a total so that it brings most, by revenue where it is known, else by installs.

    The split is the exact solver's on the curves averaged over their draws, or that of a learnt
    policy where one was promoted. What it brings is told by a thousand draws, what earlier spend
    leaves included. Nothing is stored.
    """
    model = _model(fit)
    bounds, is_wide = bounds_a_day(asked, model.channels, model.present)
    curves = expected_curves(model.thinned(DRAWS))
    tried = {name: split(curves, bounds, model.present) for name, split in SPLITS.items()}
    learnt = learnt_policy(fit=fit, now=now)
    if learnt:
        tried[learnt.name] = learnt.split(model.channels, bounds)
    serves = learnt.name if learnt and learnt.serves else SOLVER
    chosen, days = tried[serves], asked.horizon_days
    amounts = in_cents(chosen * days, asked.total, bounds.most * days)
    spend = {
        channel: float(amount) for channel, amount in zip(model.channels, amounts, strict=True)
    }
    return BudgetPlan(
        fit=fit,
        asked=asked,
        outcome=fit.name_of(REVENUE if REVENUE in models_of(fit) else INSTALLS),
        method=serves,
        lines=_lines(model, curves, bounds, amounts, days),
        results=predict(fit=fit, inputs=_inputs(asked, spend)),
        rivals=_rivals(curves, tried, days, serves, learnt),
        is_wide=is_wide,
    )


def _model(fit: ResponseFit) -> ResponseModel:
    models = models_of(fit)
    return models[REVENUE if REVENUE in models else INSTALLS]


def _inputs(asked: Asked, spend: dict[str, float]) -> Inputs:
    days = asked.horizon_days
    return Inputs(
        budgets={channel: amount / days for channel, amount in spend.items()}, horizon_days=days
    )


def _lines(
    model: ResponseModel, curves: Curves, bounds: Bounds, amounts: list[Decimal], days: int
) -> tuple[Line, ...]:
    chosen = np.array([float(amount) for amount in amounts]) / days
    before, after = marginal_returns(curves, model.present), marginal_returns(curves, chosen)
    return tuple(
        Line(
            channel=fact.name,
            present=_money(model.present[place] * days),
            recommended=amounts[place],
            marginal_now=float(before[place]),
            marginal=float(after[place]),
            is_prior=fact.source == "prior",
            stands_at=_stands_at(
                amounts[place], bounds.least[place] * days, bounds.most[place] * days
            ),
        )
        for place, fact in enumerate(model.facts)
    )


def _stands_at(amount: Decimal, least: float, most: float) -> str:
    """Which bound holds an amount: least, most, or none of them."""
    if amount <= _money(least) + _CLOSE:
        return "least"
    return "most" if amount >= _money(most) - _CLOSE else ""


def _money(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")


def _rivals(
    curves: Curves,
    tried: dict[str, FloatArray],
    days: int,
    serves: str,
    learnt: LearntPolicy | None,
) -> tuple[Rival, ...]:
    brings = curves(np.stack(list(tried.values()))).sum(axis=1) * days
    best = float(brings.max())
    why_not = {} if learnt is None or learnt.serves else {learnt.name: learnt.verdict}
    return tuple(
        Rival(
            name=name,
            brings=float(value),
            of_best=float(value) / best if best else 1.0,
            serves=name == serves,
            why_not=why_not.get(name, ""),
        )
        for name, value in zip(tried, brings, strict=True)
    )
