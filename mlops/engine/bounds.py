"""Limits of each arm's budget, with the name of what sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlops.engine.arms import AdState, Binding, Decision, SamplerPolicy

FloatArray = npt.NDArray[np.float64]

_CENT = 0.005
_FLOAT_SLACK = 1e-6


@dataclass(frozen=True)
class Bounds:
    """Lower and upper budget of all arms with the name of the limit behind each."""

    low: FloatArray
    high: FloatArray
    low_by: list[Binding]
    high_by: list[Binding]


def budget_bounds(states: Sequence[AdState], policy: SamplerPolicy) -> Bounds:
    """Limits of each arm's budget: floor, largest change per decision, velocity headroom.

    Parameters
    ----------
    states : n arms
    policy : floor and largest change

    Returns
    -------
    Bounds : low <= high; headroom wins over the floor
    """
    current, floor = np.array([state.daily_budget for state in states]), policy.min_budget
    change = policy.max_budget_change
    least = np.array([-np.inf if s.min_budget is None else s.min_budget for s in states])
    most = np.array([np.inf if s.max_budget is None else s.max_budget for s in states])
    decrease, increase = current * (1 - change), np.maximum(current * (1 + change), floor)
    high = np.minimum(increase, most)
    # The upper limit is the platform's patience; a floor above it has to wait.
    low = np.minimum(np.maximum.reduce([decrease, np.full_like(current, floor), least]), high)
    low_by: list[Binding] = []
    high_by: list[Binding] = []
    for index in range(len(states)):
        by: Binding = "max_decrease" if decrease[index] > floor else "min_budget"
        low_by.append("headroom_low" if least[index] > max(decrease[index], floor) else by)
        high_by.append("headroom_high" if most[index] < increase[index] else "max_increase")
    return Bounds(low, high, low_by, high_by)


def with_decisions(
    bounds: Bounds, states: Sequence[AdState], decisions: Sequence[Decision], total: float
) -> Bounds:
    """Let budgets agree with decisions: what is killed gets least, what is scaled no cut.

    A kill is a change of status that a person may refuse, so its budget stays within the
    limits until then. Where not cutting would break the total, decisions give way.

    Parameters
    ----------
    bounds : from `budget_bounds`
    states, decisions : n each
    total : amount to share out

    Returns
    -------
    Bounds : tighter or equal
    """
    low, high = bounds.low.copy(), bounds.high.copy()
    low_by, high_by = list(bounds.low_by), list(bounds.high_by)
    for index, (state, decision) in enumerate(zip(states, decisions, strict=True)):
        if decision == "kill":
            high[index], high_by[index] = low[index], "decision"
        elif decision == "scale" and low[index] < min(state.daily_budget, high[index]):
            low[index], low_by[index] = min(state.daily_budget, high[index]), "decision"
    if low.sum() > total:
        return bounds
    return Bounds(low, high, low_by, high_by)


def binding_of(budget: float, index: int, bounds: Bounds, step: float | None) -> Binding:
    """Name the limit that a budget stands at.

    Parameters
    ----------
    budget : recommended
    index : of the arm in the bounds
    bounds : limits
    step : money step, or None

    Returns
    -------
    Binding : 'none' inside the limits
    """
    slack = _CENT if step is None else step
    low, high = bounds.low[index], bounds.high[index]
    if step is not None and abs(budget / step - round(budget / step)) > _FLOAT_SLACK:
        return "money_step"
    if high - budget < slack:
        return bounds.high_by[index]
    return bounds.low_by[index] if budget - low < slack else "none"
