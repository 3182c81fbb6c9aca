"""By what a test is judged: written down at its start, and read from there ever after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from experiments.engine.statistics import Method
from experiments.models import (
    WHOLE,
    ABTest,
    ABTestMetric,
    ExperimentPolicy,
    Metric,
    MetricRole,
    Mode,
)
from workspaces.models import Workspace

#: Columns of a test that its rule takes over as they are.
_OF_TEST: Final = ("method", "mode", "alpha_bp", "power_bp", "minimum_effect_bp", "planned_units",
                   "min_days", "max_days", "holdback")  # fmt: skip
_OF_POLICY: Final = ("min_units_shown", "first_step", "step_days")
_OF_METRIC: Final = ("kind", "source", "event", "amount", "per_event", "per_amount", "window_h",
                     "goal", "covariate_days")  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """What a test promised before anybody saw a figure; shares are between 0 and 1."""

    method: Method
    is_bandit: bool
    alpha: float
    power: float
    minimum_effect: float
    planned_units: int | None
    min_days: int
    max_days: int
    min_units_shown: int
    holdback: int  # of WHOLE, as are steps
    first_step: int
    step_days: int


def policy_of(workspace: Workspace) -> ExperimentPolicy:
    """Rules of testing of a workspace; the usual ones where nobody wrote any."""
    brought = ExperimentPolicy._meta.get_field("workspace").remote_field
    found: ExperimentPolicy | None
    if brought.is_cached(workspace):
        found = cast("ExperimentPolicy | None", brought.get_cached_value(workspace))
    else:
        found = ExperimentPolicy.objects.filter(workspace=workspace).first()
    return found or ExperimentPolicy(workspace=workspace)


def parts_of(test: ABTest) -> list[ABTestMetric]:
    """Metrics of a test with their parts: the primary one, then the others as they stand."""
    brought = "metrics" in getattr(test, "_prefetched_objects_cache", {})
    parts = test.metrics.all() if brought else test.metrics.select_related("metric")
    order = list(MetricRole.values)
    return sorted(parts, key=lambda part: (order.index(part.role), part.position, part.pk))


def is_counted_by(metric: Metric) -> bool:
    """Whether a started test uses a metric, so that it counts the same for good."""
    return ABTestMetric.objects.filter(metric=metric, test__started_at__isnull=False).exists()


def rule_document(
    test: ABTest, policy: ExperimentPolicy, parts: Sequence[ABTestMetric]
) -> dict[str, Any]:
    """Write the rule down as it is signed: whole numbers and texts only."""
    return {
        **{name: getattr(test, name) for name in _OF_TEST},
        **{name: getattr(policy, name) for name in _OF_POLICY},
        "metrics": [_metric_document(part) for part in parts],
    }


def _metric_document(part: ABTestMetric) -> dict[str, Any]:
    metric = part.metric
    return {
        "metric": metric.key,
        "role": part.role,
        "harm_bp": part.harm_bp,
        "cap": None if metric.cap is None else str(metric.cap.normalize()),
        **{name: getattr(metric, name) for name in _OF_METRIC},
    }


def rule_of(test: ABTest, policy: ExperimentPolicy | None = None) -> Rule:
    """Read the rule of a test; of one that has not started, what it would be now."""
    signed = {**{name: getattr(test, name) for name in _OF_TEST}, **test.decision_rule}
    if not set(_OF_POLICY) <= set(signed):
        policy = policy or policy_of(test.workspace)
        signed = {**{name: getattr(policy, name) for name in _OF_POLICY}, **signed}
    return Rule(
        method=signed["method"],
        is_bandit=signed["mode"] == Mode.BANDIT,
        alpha=signed["alpha_bp"] / WHOLE,
        power=signed["power_bp"] / WHOLE,
        minimum_effect=signed["minimum_effect_bp"] / WHOLE,
        **{
            name: signed[name]
            for name in ("planned_units", "min_days", "max_days", "min_units_shown", "holdback",
                         "first_step", "step_days")
        },
    )  # fmt: skip
