"""By what each kind of model is judged: our criterion, and what customers ask for beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mlops.engine.budget import splits
from mlops.engine.budget.contest import SOLVER
from mlops.engine.learning.measures import Measure, measure_of

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """What was found of a model when it was trained.

    Attributes
    ----------
    metrics : its own, by name
    baselines : those of plain models, by their names
    is_better : it keeps our criterion
    """

    metrics: Figures
    baselines: Mapping[str, Figures]
    is_better: bool


@dataclass(frozen=True)
class Wish:
    """One figure that customers ask for.

    Attributes
    ----------
    label, goal : in words
    found : its figure; ``None`` where it was not taken
    is_met : of the figure
    """

    label: str
    goal: str
    found: Callable[[Judged], float | None]
    is_met: Callable[[float], bool]


@dataclass(frozen=True)
class Criteria:
    """Of one kind of model: the figure that our criterion looks at first, and the wishes."""

    measure: Measure
    wishes: tuple[Wish, ...] = ()

    def best_plain(self, judged: Judged) -> tuple[str, float] | None:
        """Name and figure of the best baseline; ``None``: none has the figure."""
        known = [
            (found[self.measure.name], name)
            for name, found in judged.baselines.items()
            if self.measure.name in found
        ]
        if not known:
            return None
        figure, name = max(known) if self.measure.better == "higher" else min(known)
        return name, figure


def _metric(name: str) -> Callable[[Judged], float | None]:
    return lambda judged: judged.metrics.get(name)


def _over_present_plan(judged: Judged) -> float | None:
    """Revenue of what serves, the policy or else the solver, over that of the present plan."""
    figure = "of_solver_rough"
    serving = judged.metrics if judged.is_better else judged.baselines.get(SOLVER, {})
    present = judged.baselines.get(splits.PRESENT, {})
    if figure not in serving or not present.get(figure):
        return None
    return serving[figure] / present[figure] - 1


#: By kind of model; a new kind adds its own.
CRITERIA: Final[Mapping[str, Criteria]] = MappingProxyType(
    {
        "churn": Criteria(
            measure_of("auc"),
            (
                Wish("AUC", "> 0.82", _metric("auc"), lambda found: found > 0.82),
                Wish("F1", "> 0.75", _metric("f1"), lambda found: found > 0.75),
            ),
        ),
        "forecast": Criteria(
            measure_of("mase"),
            (Wish("MAPE", "< 0.12", _metric("mape"), lambda found: found < 0.12),),
        ),
        "ltv": Criteria(
            measure_of("gini"),
            (Wish("RMSE", "< 2.50", _metric("rmse"), lambda found: found < 2.50),),
        ),
        "roi": Criteria(measure_of("mae")),
        "roi_mean": Criteria(measure_of("mae")),
        "message_intent": Criteria(measure_of("accuracy")),
        "budget": Criteria(
            measure_of("of_solver_calm"),
            (
                Wish(
                    "revenue over the present plan's", "≥ +0.08", _over_present_plan,
                    lambda found: found >= 0.08,
                ),
            ),
        ),
    }
)  # fmt: skip
