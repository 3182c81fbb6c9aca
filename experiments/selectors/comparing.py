"""Two arms of a metric of ours, as the engine compares them."""

from __future__ import annotations

from experiments.engine.statistics import (
    ArmStatistics,
    Comparison,
    Effect,
    Method,
    compare,
    off_the_edge,
)
from experiments.models import Metric
from experiments.selectors.totals import ENGINE_METRICS


def compared(
    metric: Metric,
    control: ArmStatistics,
    arm: ArmStatistics,
    method: Method,
    alpha: float,
    effect: Effect = "relative",
) -> Comparison:
    """Hold an arm against the control."""
    kind = ENGINE_METRICS[metric.kind]
    return compare(control, arm, metric=kind, method=method, alpha=alpha, effect=effect)


def bound_of_harm(
    metric: Metric, control: ArmStatistics, arm: ArmStatistics, alpha: float
) -> Comparison:
    """Judge at any time, also a variant on which nothing works any more."""
    is_plain = ENGINE_METRICS[metric.kind] == "proportion" and not arm.has_covariate
    arms = (off_the_edge(control), off_the_edge(arm)) if is_plain else (control, arm)
    return compared(metric, *arms, "always_valid", alpha, "absolute")
