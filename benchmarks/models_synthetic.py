"""Each model against its baselines on the synthetic world, under several seeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.model_outcomes import Outcome
from benchmarks.model_worlds import campaign_days_of, drawn, installs_of
from mlops.engine.learning import churn, ltv, roi
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.criteria import CRITERIA, Judged
from mlops.engine.learning.forecast import training as forecast
from mlops.engine.learning.roi_rows import roi_rows
from mlops.engine.learning.shapes import Trained
from mlops.engine.learning.splits import by_time

SEEDS = (1, 2, 3)
GOALS = {
    "churn": "more than its baseline; calibration error ≤ 0.02 or by chance",
    "ltv": "no less than the best; sum 0.85–1.15; deciles ≤ 0.20 or by chance",
    "roi": "less than both",
    "forecast": "≤ 0.8 × seasonal naive; ≤ 1.05 × MSTL; 80% intervals hold 76–84%",
}


def synthetic_outcomes(_folder: Path) -> Iterator[Outcome]:
    """Train churn, value, ROI and forecast in worlds that are drawn apart."""
    for seed in SEEDS:
        world = drawn(seed)
        users, days = installs_of(world), panel(campaign_days_of(world))
        held_out = by_time(users.installed_on)
        yield from _lines(
            seed, churn.train(users.rows, users.has_left, held_out, churn.Settings(seed=seed))
        )
        yield from _lines(
            seed, ltv.train(users.rows, users.later_value, held_out, ltv.Settings(seed=seed))
        )
        yield from _lines(seed, roi.train(roi_rows(days), roi.Settings(seed=seed)))
        yield from _lines(seed, forecast.train(days, forecast.Settings(seed=seed)))


def _lines(seed: int, trained: Trained) -> Iterator[Outcome]:
    judged = Judged(trained.metrics, trained.baselines, trained.is_better)
    measure = CRITERIA[trained.kind].measure
    name = f"world {seed}, {trained.kind}"
    if trained.kind == forecast.KIND:
        name = f"{name} ({trained.card['method']})"
    shown = sorted(
        ((label, found[measure.name]) for label, found in trained.baselines.items()),
        key=lambda pair: pair[1],
        reverse=measure.better == "higher",
    )
    plain = ", ".join(f"{label} {figure:.4f}" for label, figure in shown)
    found = f"{trained.metrics[measure.name]:.4f}"
    if not judged.is_better:
        found = f"{found}. {trained.verdict}"
    elif trained.kind == forecast.KIND:
        found = f"{found}, intervals hold {trained.metrics['coverage']:.0%}"
    yield Outcome(name, measure.label, found, plain, GOALS[trained.kind], judged.is_better)
    for wish in CRITERIA[trained.kind].wishes:
        figure = wish.found(judged)
        if figure is not None:
            yield Outcome(
                name, f"{wish.label}, as customers ask", f"{figure:.3f}", "", wish.goal,
                wish.is_met(figure),
            )  # fmt: skip
