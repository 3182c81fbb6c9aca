"""The twenty figures that a budget policy sees, and the ten things that it may do."""

from __future__ import annotations

import numpy as np

from mlops.engine.budget.days import Days
from mlops.engine.budget.market import PLACES, FloatArray

_PER_PLACE = ("share", "cpi_to_base", "roas", "cpi_slope")
FEATURES: tuple[str, ...] = (
    *(f"{name}_{place}" for place in range(1, PLACES + 1) for name in _PER_PLACE),
    "remaining_budget",
    "pacing_error",
    "weekday_sin",
    "weekday_cos",
)
ACTIONS: tuple[str, ...] = (
    "hold",
    *(f"10 % more to {place}" for place in range(1, PLACES + 1)),
    *(f"10 % less to {place}" for place in range(1, PLACES + 1)),
    "10 % less to all",
)
STEP = 0.1
_FURTHEST = 10.0
_SLOPE_DAYS = 3
_EMPTY = 1e-9


def seen(days: Days, budgets: FloatArray) -> FloatArray:
    """Tell what is seen before a day's decision.

    Cost per install is told over what the curve says of the same spend, so 1 is as expected; its
    slope is the change over three days. Before anything was seen, all is as the curves say.

    Parameters
    ----------
    days : so far
    budgets : (4,) money a day, as they stand

    Returns
    -------
    (20,) in the order of `FEATURES`, each within ±10
    """
    share = budgets / max(float(budgets.sum()), _EMPTY)
    cpi, slope = _costs(days)
    market = days.market
    expected = _ratio(market.brings(market.revenue, budgets), budgets, 0.0)
    roas = _ratio(days.revenue[-1], days.spend[-1], 0.0) if days.spend else expected
    angle = 2 * np.pi * days.weekday / 7
    rest = (days.left / days.money, days.pacing_error, np.sin(angle), np.cos(angle))
    places = np.stack([share, cpi, roas, slope], axis=1).ravel()
    return np.asarray(np.clip(np.concatenate([places, rest]), -_FURTHEST, _FURTHEST))


def _costs(days: Days) -> tuple[FloatArray, FloatArray]:
    """Cost per install over the expected one, and its change over three days; (4,) each."""
    if not days.spend:
        return np.ones(PLACES), np.zeros(PLACES)
    recent = slice(-_SLOPE_DAYS - 1, None)
    spend, installs = np.array(days.spend[recent]), np.array(days.installs[recent])
    expected = days.market.brings(days.market.installs, spend)
    cost = _ratio(expected, installs, 1.0)
    return cost[-1], cost[-1] - cost[0]


def _ratio(above: FloatArray, below: FloatArray, otherwise: float) -> FloatArray:
    out = np.full(np.broadcast(above, below).shape, otherwise)
    return np.asarray(np.divide(above, below, out=out, where=below > _EMPTY))


def moved(budgets: FloatArray, action: int) -> FloatArray:
    """Budgets after an action.

    A place's tenth is taken from, or given to, the others by their shares; the sum stays but for
    the last action, which takes a tenth of everything.

    Parameters
    ----------
    budgets : (4,) money a day
    action : index into `ACTIONS`

    Returns
    -------
    (4,) money a day

    Raises
    ------
    ValueError : no such action
    """
    if not 0 <= action < len(ACTIONS):
        raise ValueError(f"action is {action}: there are {len(ACTIONS)}, counted from 0")
    if action == 0:
        return budgets
    if action == len(ACTIONS) - 1:
        return budgets * (1 - STEP)
    place = (action - 1) % PLACES
    amount = STEP * budgets[place] * (1 if action <= PLACES else -1)
    others = float(budgets.sum() - budgets[place])
    amount = min(amount, others)
    if others <= _EMPTY:
        return budgets
    changed: FloatArray = budgets - amount * budgets / others
    changed[place] = budgets[place] + amount
    return changed


def share_moved(before: FloatArray, after: FloatArray) -> float:
    """Share of the budget that another place has now, or nobody."""
    return float(np.abs(after - before).sum()) / (2 * max(float(before.sum()), _EMPTY))
