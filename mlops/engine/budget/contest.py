"""Months lived under every way to decide budgets, in calm and in rough weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlops.engine.budget import policies, splits
from mlops.engine.budget.market import CALM, ROUGH, FloatArray, Market
from mlops.engine.budget.policies import Maker, keeping, live

MONTHS: Final = 100
SOLVER, RESOLVED = splits.SOLVER, "solver anew each day"
LEARNT, ORACLE = "learnt policy", "solver that knows the truth"
LEAST_CALM: Final = 0.95
_FIRST_SEED = 1_000_000  # far from those of trainings
_SURE = 1.96

RIVALS: Final[Mapping[str, Maker]] = {
    SOLVER: keeping(splits.exact),
    RESOLVED: policies.resolving,
    "equal split": keeping(splits.equal),
    "proportional to ROI": keeping(splits.proportional),
    "greedy by ROI": policies.greedy,
    splits.PRESENT: keeping(splits.present),
}


@dataclass(frozen=True)
class Contest:
    """Revenue of months by way of deciding.

    Attributes
    ----------
    calm : of the one month in which the curves hold
    rough : (n_months,) of months with fatigue, shocks and noise, the same luck for each way
    """

    calm: Mapping[str, float]
    rough: Mapping[str, FloatArray]

    def of_solver_calm(self, name: str) -> float:
        """Revenue over the solver's where the curves hold."""
        return self.calm[name] / self.calm[SOLVER]

    def of_solver_rough(self, name: str) -> float:
        """Mean revenue over the solver's under fatigue and shocks."""
        return float(self.rough[name].mean() / self.rough[SOLVER].mean())

    def lead_rough(self, name: str, other: str) -> tuple[float, float]:
        """Mean lead over another in rough months, as a share, and its 95 % half width."""
        lead = (self.rough[name] - self.rough[other]) / self.rough[other].mean()
        return float(lead.mean()), _SURE * float(lead.std(ddof=1)) / float(np.sqrt(len(lead)))

    def figures(self, name: str) -> dict[str, float]:
        """Both as they are kept."""
        return {
            "of_solver_calm": self.of_solver_calm(name),
            "of_solver_rough": self.of_solver_rough(name),
        }


def held(market: Market, learnt: Maker, *, months: int = MONTHS) -> Contest:
    """Let all ways decide the same months.

    Parameters
    ----------
    market : of the curves
    learnt : the policy that is to be judged
    months : rough ones, 2 or more
    """
    makers = {LEARNT: learnt, **RIVALS, ORACLE: policies.oracle}
    return Contest(
        calm={name: live(market, CALM, make, seed=0).revenue for name, make in makers.items()},
        rough={
            name: np.array([
                live(market, ROUGH, make, seed=_FIRST_SEED + month).revenue
                for month in range(months)
            ])
            for name, make in makers.items()
        },
    )  # fmt: skip


def may_serve(contest: Contest) -> tuple[bool, str]:
    """Tell whether the learnt policy may serve, and why in a sentence.

    It must bring 95 % of the solver's revenue where the curves hold, and under fatigue and shocks
    surely more than the solver, also than one that solves anew each day.
    """
    calm = contest.of_solver_calm(LEARNT)
    rival = max((SOLVER, RESOLVED), key=contest.of_solver_rough)
    lead, width = contest.lead_rough(LEARNT, rival)
    is_better = calm >= LEAST_CALM and lead - width > 0
    end = "it may serve" if is_better else "the solver serves, this is shown beside it"
    return is_better, (
        f"It brings {100 * calm:.1f} % of the exact solver's revenue where the curves hold (95 % is"
        f" asked), and under fatigue and shocks {100 * lead:+.1f} ± {100 * width:.1f} % against the"
        f" {rival}: {end}."
    )
