"""Sums of a test as the engine takes them: in total, by segment, and as of the end of each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, cast

import numpy as np
from django.db.models import Max, Sum

from experiments.engine.statistics import ArmStatistics
from experiments.engine.statistics import Metric as EngineMetric
from experiments.models import ABTest, Dimension, Metric, MetricDay, MetricKind

#: How the engine calls what we count.
ENGINE_METRICS: Final[Mapping[str, EngineMetric]] = {
    MetricKind.BINOMIAL: "proportion",
    MetricKind.MEAN: "mean",
    MetricKind.RATIO: "ratio",
    MetricKind.TIME_TO_EVENT: "mean",
}
_PLAIN: Final = ("units", "sum", "sum_squares")
_RATIO: Final = ("denominator_sum", "denominator_sum_squares", "sum_product")
_COVARIATE: Final = ("covariate_sum", "covariate_sum_squares", "sum_covariate_product")
_COLUMNS: Final = (*_PLAIN, *_RATIO, *_COVARIATE)

#: Sums by metric and variant.
Totals = Mapping[tuple[int, int], ArmStatistics]


def totals_of(
    test: ABTest, metrics: Iterable[Metric], dimension: Dimension = Dimension.TOTAL
) -> tuple[dict[str, Totals], date | None]:
    """Sums by key of a dimension, the total's key being empty, and the newest day they hold."""
    known = {metric.pk: metric for metric in metrics}
    rows = (
        MetricDay.objects.filter(test=test, dimension=dimension, metric__in=known)
        .values("key", "metric_id", "variant_id")
        .annotate(newest=Max("day"), **{f"all_{name}": Sum(name) for name in _COLUMNS})
        .order_by()
    )
    found: dict[str, dict[tuple[int, int], ArmStatistics]] = {}
    newest = None
    for row in cast(Iterable[dict[str, Any]], rows):
        arm = arm_of(known[row["metric_id"]], {name: row[f"all_{name}"] for name in _COLUMNS})
        found.setdefault(row["key"], {})[row["metric_id"], row["variant_id"]] = arm
        newest = max(newest or row["newest"], row["newest"])
    return dict(found), newest


def daily_of(
    test: ABTest, metric: Metric, variants: Sequence[int]
) -> tuple[list[date], dict[int, ArmStatistics]]:
    """Days of a test, and by variant the sums as of the end of each, as arrays over the days."""
    rows = MetricDay.objects.filter(
        test=test, dimension=Dimension.TOTAL, metric=metric, variant__in=variants
    )
    by_day: dict[date, dict[int, list[float]]] = {}
    for day, variant, *values in rows.values_list("day", "variant_id", *_COLUMNS).order_by("day"):
        by_day.setdefault(day, {})[variant] = [float(value) for value in values]
    days, nothing = list(by_day), [0.0] * len(_COLUMNS)
    arms = {}
    for variant in variants:
        grown = np.array([by_day[day].get(variant, nothing) for day in days]).reshape(
            len(days), len(_COLUMNS)
        )
        sums = dict(zip(_COLUMNS, np.cumsum(grown, axis=0).T, strict=True))
        arms[variant] = arm_of(metric, sums)
    return days, arms


def arm_of(metric: Metric, sums: Mapping[str, Any]) -> ArmStatistics:
    """Take only the sums that the metric has, as floats."""
    names = [*_PLAIN]
    names += _RATIO if metric.kind == MetricKind.RATIO else ()
    names += _COVARIATE if metric.covariate_days else ()
    values = {name: _float(sums[name]) for name in names}
    return ArmStatistics(n=values.pop("units"), **values)


def _float(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else float(value)


def nobody(metric: Metric) -> ArmStatistics:
    """An arm that nobody met."""
    return arm_of(metric, dict.fromkeys(_COLUMNS, 0))
