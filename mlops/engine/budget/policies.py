"""Ways to decide each day's budgets in a simulated market, and months lived under them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from campaigns.engine.response.optimum import Bounds
from campaigns.engine.response.solver import solve
from mlops.engine.budget import splits
from mlops.engine.budget.days import HORIZON_DAYS, Days
from mlops.engine.budget.market import FARTHEST, FloatArray, Market, Weather
from mlops.engine.budget.state import moved, seen

MOST_CHANGE = 0.5
_LEAST_SHARE = 0.02  # of the total that a place with spend keeps, so that it can be seen
_EMPTY = 1e-9
_BLEND = 0.5


class Policy(Protocol):
    """Decides a day's budgets, (4,) money, from what has been seen."""

    def __call__(self, days: Days, budgets: FloatArray) -> FloatArray:
        """Budgets of the day."""
        ...


Maker = Callable[[Market], Policy]


def keeping(split: splits.Split) -> Maker:
    """Split once by the known curves, as far as may be changed in a day, and keep to it."""

    def make(market: Market) -> Policy:
        bounds = _wide(market, market.total)
        target = split(lambda spend: market.brings(market.revenue, spend), bounds, market.present)
        return lambda days, budgets: _toward(target, budgets, _left_a_day(days))

    return make


def resolving(market: Market) -> Policy:
    """Solve anew each day, on the known curves times what each place last did against them.

    What was seen counts half, what was believed before the other half: single days are noisy.
    """
    believed = np.ones(len(market.present))

    def decide(days: Days, budgets: FloatArray) -> FloatArray:
        """Solve a day by what is believed of the places since the day before."""
        nonlocal believed
        if days.spend:
            expected = market.brings(market.revenue, days.spend[-1])
            found = np.divide(
                days.revenue[-1], expected, out=believed.copy(), where=expected > _EMPTY
            )
            believed = (1 - _BLEND) * believed + _BLEND * found
        return _solved(market, days, budgets, believed)

    return decide


def oracle(market: Market) -> Policy:
    """Solve each day with the true state of the market, which nobody can know."""
    return lambda days, budgets: _solved(market, days, budgets, days.efficiency())


def greedy(market: Market) -> Policy:
    """Move a tenth each day to the place that returned most the day before."""

    def decide(days: Days, budgets: FloatArray) -> FloatArray:
        """Move a day's tenth; nothing on the first day."""
        if not days.spend:
            return budgets
        spent = days.spend[-1]
        returns = np.divide(
            days.revenue[-1], spent, out=np.full_like(spent, -1.0), where=spent > _EMPTY
        )
        return _paced(moved(budgets, 1 + int(returns.argmax())), days)

    return decide


def by_values(values: Callable[[FloatArray], FloatArray]) -> Policy:
    """Take the action of the greatest value, of (20,) -> (10,) values."""
    return lambda days, budgets: moved(budgets, int(values(seen(days, budgets)).argmax()))


def _solved(market: Market, days: Days, budgets: FloatArray, answer: FloatArray) -> FloatArray:
    total = _left_a_day(days)
    bounds = _near(budgets, total, market)
    return solve(
        lambda spend: market.brings(market.revenue, spend) * answer,
        bounds.total, bounds.least, bounds.most,
    )  # fmt: skip


def _left_a_day(days: Days) -> float:
    return days.left / max(days.horizon - days.day, 1)


def _paced(budgets: FloatArray, days: Days) -> FloatArray:
    return budgets * _left_a_day(days) / max(float(budgets.sum()), _EMPTY)


def _wide(market: Market, total: float) -> Bounds:
    least = np.where(market.present > 0, _LEAST_SHARE * total, 0.0)
    return Bounds(total, least, np.maximum(FARTHEST * market.present, least))


def _near(budgets: FloatArray, total: float, market: Market) -> Bounds:
    """Tell what a day's decision may reach; widened where the total would not fit."""
    wide = _wide(market, total)
    least = np.clip((1 - MOST_CHANGE) * budgets, wide.least, wide.most)
    most = np.clip((1 + MOST_CHANGE) * budgets, wide.least, wide.most)
    if least.sum() > total or most.sum() < total:
        return wide
    return Bounds(total, least, most)


def _toward(target: FloatArray, budgets: FloatArray, total: float) -> FloatArray:
    near = np.clip(target, (1 - MOST_CHANGE) * budgets, (1 + MOST_CHANGE) * budgets)
    return near * total / max(float(near.sum()), _EMPTY)


@dataclass(frozen=True)
class Month:
    """What a month under a policy brought."""

    revenue: float
    spend: float
    mean_budgets: FloatArray


def live(market: Market, weather: Weather, make: Maker, *, seed: int) -> Month:
    """Live a month; the same seed meets the same luck.

    Parameters
    ----------
    market, weather : the world
    make : of the policy, which starts at the present plan
    seed : of all that is drawn
    """
    days = Days(market, weather, np.random.default_rng(seed))
    policy, budgets = make(market), market.present.copy()
    planned = []
    while not days.is_over:
        budgets = policy(days, budgets)
        planned.append(budgets)
        days.live(budgets)
    return Month(
        revenue=float(np.sum(days.revenue)),
        spend=float(np.sum(days.spend)),
        mean_budgets=np.mean(planned[:HORIZON_DAYS], axis=0),
    )
