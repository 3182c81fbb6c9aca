"""Plain ways to share a total out over arms, to set beside the sampler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlops.engine.allocation import project
from mlops.engine.arms import AdState, Mode, SamplerPolicy
from mlops.engine.bounds import budget_bounds

FloatArray = npt.NDArray[np.float64]
Rule = Literal["equal", "proportional", "greedy"]


def split_plainly(
    states: Sequence[AdState], total: float, rule: Rule, mode: Mode, policy: SamplerPolicy
) -> FloatArray:
    """Budgets by a plain rule, moved to the nearest point that keeps each arm inside its limits.

    Parameters
    ----------
    states : n arms, one or more
    total : amount per day to share out
    rule : the same for all, in proportion to each arm's return per unit of money, or all to the arm
        with the highest one; where no return is known, the same for all
    mode : which revenue is a return
    policy : floor and largest change

    Returns
    -------
    (n,) budgets
    """
    bounds = budget_bounds(states, policy)
    return project(total * _shares(states, rule, mode), bounds.low, bounds.high, total)


def _shares(states: Sequence[AdState], rule: Rule, mode: Mode) -> FloatArray:
    returns = np.array([_return(state, mode) for state in states])
    if rule == "equal" or not returns.any():
        return np.full(len(states), 1 / len(states))
    if rule == "greedy":
        best = returns == returns.max()
        return np.asarray(best / best.sum())
    return np.asarray(returns / returns.sum())


def _return(state: AdState, mode: Mode) -> float:
    return (state.revenue(mode) or 0.0) / state.spend if state.spend > 0 else 0.0
