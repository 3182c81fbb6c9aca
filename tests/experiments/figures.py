"""Sums of tests as the counting would leave them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from experiments.models import ABTest, Dimension, ExposureDay, MetricDay
from tests.experiments.steps import NOW, variant_of

TODAY = NOW.date()


def count(
    test: ABTest,
    metric: str,
    arms: Mapping[str, tuple[int, int]],
    *,
    day: date = TODAY,
    key: str = "",
    dimension: Dimension = Dimension.TOTAL,
    **sums: Any,
) -> None:
    """Let so many units of each variant be exposed on a day, of which so many converted."""
    place = {"test": test, "workspace": test.workspace, "dimension": dimension, "key": key}
    chosen = test.metrics.get(metric__key=metric).metric
    for variant, (units, converted) in arms.items():
        own = {**place, "variant": variant_of(test, variant), "day": day}
        MetricDay.objects.create(
            **own, metric=chosen, units=units, sum=converted, sum_squares=converted, **sums
        )
        ExposureDay.objects.update_or_create(**own, defaults={"units": units})


def earn(
    test: ABTest, metric: str, arms: Mapping[str, tuple[int, Mapping[int, int]]], day: date = TODAY
) -> None:
    """Let so many units of each variant be exposed, of whom so many each brought an amount."""
    chosen = test.metrics.get(metric__key=metric).metric
    for variant, (units, amounts) in arms.items():
        own = {
            "test": test, "workspace": test.workspace, "dimension": Dimension.TOTAL, "key": "",
            "variant": variant_of(test, variant), "day": day,
        }  # fmt: skip
        MetricDay.objects.create(
            **own, metric=chosen, units=units,
            sum=sum(number * amount for amount, number in amounts.items()),
            sum_squares=sum(number * amount**2 for amount, number in amounts.items()),
        )  # fmt: skip
        ExposureDay.objects.update_or_create(**own, defaults={"units": units})
