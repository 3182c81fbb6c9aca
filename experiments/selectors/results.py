"""What came of a test so far: every metric of every variant against the control.

Read from daily sums only, so it costs the same for a thousand units and for ten millions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from experiments.engine.decision import Decision, Progress, decide
from experiments.engine.statistics import compare_many
from experiments.models import ABTest, ABTestVariant, Dimension, MetricRole
from experiments.selectors.figures import (
    Figure,
    MetricResult,
    Standing,
    engine_rule,
    may_speak,
    metrics_of,
    readings_of,
)
from experiments.selectors.rules import Rule, parts_of, rule_of
from experiments.selectors.splits import Split, split_of
from experiments.selectors.totals import ENGINE_METRICS, daily_of, totals_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Results:
    """A test as far as it has come."""

    test: ABTest
    rule: Rule
    split: Split
    metrics: tuple[MetricResult, ...]
    days: int
    newest_day: date | None
    decision: Decision | None  # None before the start and of imported ones

    @property
    def is_shown(self) -> bool:
        """Whether every variant has enough units to show figures."""
        counts = [one.units for one in self.split.arms]
        return min(counts, default=0) >= self.rule.min_units_shown

    @property
    def is_gated(self) -> bool:
        """Whether the split is off, so that no figure means anything."""
        return self.split.is_mismatch

    @property
    def primary(self) -> MetricResult | None:
        """What the test is decided by."""
        return next((one for one in self.metrics if one.role == MetricRole.PRIMARY), None)

    @property
    def guardrails(self) -> tuple[MetricResult, ...]:
        """What must not suffer."""
        return tuple(one for one in self.metrics if one.role == MetricRole.GUARDRAIL)

    def harmed(self) -> list[tuple[MetricResult, Figure]]:
        """Guardrails that suffer, and in which variants."""
        return [
            (one, figure)
            for one in self.guardrails
            for figure in one.figures
            if figure.standing == Standing.HARMED
        ]


@dataclass(frozen=True)
class Segment:
    """Part of the units; exploratory: nothing is decided by it."""

    key: str
    units: int
    primary: MetricResult


@dataclass(frozen=True)
class Line:
    """How a variant's relative effect and its interval went, day by day."""

    variant: ABTestVariant
    effect: FloatArray
    low: FloatArray
    high: FloatArray
    is_known: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """The primary metric as of the end of each day."""

    days: tuple[date, ...]
    lines: tuple[Line, ...]


def results_of(test: ABTest, now: datetime) -> Results:
    """Say what came of a test, and what its rule makes of that now: six queries."""
    rule, parts, variants = rule_of(test), parts_of(test), variants_of(test)
    split, days = split_of(test, variants), days_run(test, now)
    totals, newest = totals_of(test, [part.metric for part in parts])
    counts = [one.units for one in split.arms]
    metrics = metrics_of(
        parts, variants, totals.get("", {}), rule,
        is_shown=min(counts, default=0) >= rule.min_units_shown,
        may_speak=bool(counts) and may_speak(test, rule, counts, days),
    )  # fmt: skip
    found = Results(test, rule, split, metrics, days, newest, None)
    if found.primary is None or not test.has_started or test.is_imported or len(variants) < 2:
        return found
    return replace(found, decision=_decision(found))


def segments_of(test: ABTest, dimension: Dimension, now: datetime) -> list[Segment]:
    """The primary metric in parts of the units, the largest part first."""
    rule, variants = rule_of(test), variants_of(test)
    parts = [part for part in parts_of(test) if part.role == MetricRole.PRIMARY]
    if not parts or not variants:
        return []
    metric, found = parts[0].metric, []
    totals, _ = totals_of(test, [metric], dimension)
    for key, sums in totals.items():
        pairs = [(metric.pk, one.pk) for one in variants]
        counts = [int(sums[pair].n) if pair in sums else 0 for pair in pairs]
        (primary,) = metrics_of(
            parts, variants, sums, rule, is_shown=min(counts) >= rule.min_units_shown,
            may_speak=may_speak(test, rule, counts, days_run(test, now)),
        )  # fmt: skip
        found.append(Segment(key, sum(counts), primary))
    return sorted(found, key=lambda one: (-one.units, one.key))


def series_of(test: ABTest) -> Series:
    """How effect and interval of the primary metric went."""
    variants = variants_of(test)
    parts = [part for part in parts_of(test) if part.role == MetricRole.PRIMARY]
    if not parts or not variants or not test.has_started:
        return Series((), ())
    rule, metric = rule_of(test), parts[0].metric
    days, arms = daily_of(test, metric, [one.pk for one in variants])
    if not days:
        return Series((), ())
    lines = []
    for variant in variants[1:]:
        found = compare_many(
            arms[variants[0].pk], arms[variant.pk], metric=ENGINE_METRICS[metric.kind],
            method=rule.method, alpha=rule.alpha,
        )  # fmt: skip
        least = np.minimum(arms[variants[0].pk].column("n"), arms[variant.pk].column("n"))
        is_known = (found.reason == 0) & (least >= rule.min_units_shown)
        lines.append(Line(variant, found.effect, found.ci_low, found.ci_high, is_known))
    return Series(tuple(days), tuple(lines))


def variants_of(test: ABTest) -> list[ABTestVariant]:
    """Variants in order, the control first."""
    return sorted(test.variants.all(), key=lambda one: (not one.is_control, one.position))


def days_run(test: ABTest, now: datetime) -> int:
    """Full days since the start, up to its end."""
    if test.started_at is None:
        return 0
    return max(0, ((test.ended_at or now) - test.started_at) // timedelta(days=1))


def _decision(results: Results) -> Decision:
    """What the engine decides of it."""
    split = results.split
    readings = readings_of(results.metrics, {one.variant.pk: one.units for one in split.arms})
    more_is_better = results.primary is None or results.primary.more_is_better
    p_value = 1.0 if split.p_value is None else split.p_value
    return decide(
        readings,
        engine_rule(results.rule, more_is_better=more_is_better),
        Progress(results.days, split.arms[0].units, p_value),
    )
