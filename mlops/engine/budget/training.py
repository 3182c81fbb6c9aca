"""A budget policy trained in a workspace's market, judged there against plain ways to decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from campaigns.engine.response.model import ResponseModel
from mlops.engine.budget.contest import LEARNT, MONTHS, ORACLE, RIVALS, held, may_serve
from mlops.engine.budget.market import CALM, Market
from mlops.engine.budget.nets import ValueNet, write
from mlops.engine.budget.policies import Maker, by_values, live
from mlops.engine.learning.shapes import Trained

KIND: Final = "budget"


@dataclass(frozen=True)
class Settings:
    """How a training goes, and in how many rough months it is judged."""

    seed: int = 0
    steps: int = 60_000
    months: int = MONTHS
    progress: Callable[[float], None] = lambda share: None


def train(models: Mapping[str, ResponseModel], settings: Settings = Settings()) -> Trained:
    """Train a policy on response curves and compare it in months that it has not seen.

    Parameters
    ----------
    models : revenue, and installs where they are known
    settings : seed and sizes

    Raises
    ------
    ValueError : no revenue, or nothing is spent
    """
    from mlops.engine.budget import dqn

    market = Market.of(models)
    wanted = dqn.Settings(seed=settings.seed, steps=settings.steps, progress=settings.progress)
    net = dqn.learn(market, wanted)
    contest = held(market, policy_of(net), months=settings.months)
    is_better, verdict = may_serve(contest)
    return Trained(
        kind=KIND,
        artefact=write(net),
        features=net.features,
        metrics=contest.figures(LEARNT),
        baselines={name: contest.figures(name) for name in (*RIVALS, ORACLE)},
        is_better=is_better,
        verdict=verdict,
        card={
            "what": "Values of ten daily moves of the budget, learnt by deep Q-learning in a market"
            " that was made from this workspace's response curves.",
            "use": "Where it serves, the budget page recommends what it makes of a month.",
            "limits": "It knows the market of these curves only, and of four places: the three"
            " dearest channels, and all others together.",
            "places": [list(group) for group in market.groups],
        },
        seed=settings.seed,
        rows=settings.steps,
        held_out=settings.months,
    )


def policy_of(net: ValueNet) -> Maker:
    """Make the policy that takes the move of the greatest value."""
    return lambda market: by_values(net.values)


def recommended(net: ValueNet, models: Mapping[str, ResponseModel]) -> dict[str, float]:
    """Shares of the budget by channel that a net makes of a month where the curves hold.

    Parameters
    ----------
    net : of these curves, or older ones
    models : the curves

    Returns
    -------
    share of each channel, summing to 1; the mean of the month's days
    """
    market = Market.of(models)
    means = live(market, CALM, policy_of(net), seed=0).mean_budgets
    place = {name: n for n, group in enumerate(market.groups) for name in group}
    whole = float(means.sum())
    return {
        name: float(share * means[place[name]] / whole) for name, share in market.shares.items()
    }
