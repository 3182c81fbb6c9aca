"""What came of a test so far: every metric of every variant against the control.

Read from daily sums only, so it costs the same for a thousand units and for ten millions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from experiments.engine.decision import (
    Decision,
    Guardrail,
    Progress,
    Reading,
    decide,
    suffers,
)
from experiments.engine.decision import Rule as EngineRule
from experiments.engine.statistics import (
    ArmStatistics,
    Comparison,
    adjust_p,
    compare_many,
)
from experiments.models import (
    ABTest,
    ABTestMetric,
    ABTestVariant,
    Dimension,
    Goal,
    Metric,
    MetricRole,
)
from experiments.models.ab_tests import WHOLE
from experiments.selectors.comparing import bound_of_harm, compared
from experiments.selectors.rules import Rule, parts_of, rule_of
from experiments.selectors.splits import Split, split_of
from experiments.selectors.totals import ENGINE_METRICS, Totals, daily_of, nobody, totals_of

FloatArray = npt.NDArray[np.float64]


class Standing(StrEnum):
    """What may be said of a figure against the control's."""

    CONTROL = "control"
    HIDDEN = "hidden"  # too few units to show anything
    OPEN = "open"  # nothing is shown yet
    BETTER = "better"
    WORSE = "worse"
    SAFE = "safe"  # of a guardrail: no loss beyond what is tolerated
    HARMED = "harmed"  # of a guardrail: a loss beyond that


@dataclass(frozen=True)
class Figure:
    """A metric of one variant.

    ``comparison`` is by the test's own method, ``bound`` the always-valid one, right at any time,
    ``absolute`` the same on the absolute scale, by which harm is told; the control has none of
    them. Where ``standing`` is hidden, nothing of them may be shown.
    """

    variant: ABTestVariant
    arm: ArmStatistics
    units: int
    value: float | None
    comparison: Comparison | None
    bound: Comparison | None
    absolute: Comparison | None
    p_adjusted: float | None
    standing: Standing

    @property
    def shown(self) -> Comparison | None:
        """The comparison where it may be shown."""
        return None if self.standing == Standing.HIDDEN else self.comparison


@dataclass(frozen=True)
class MetricResult:
    """A metric with its part in the test; the control's figure comes first."""

    metric: Metric
    role: MetricRole
    harm: float  # relative loss that a guardrail may not exceed
    figures: tuple[Figure, ...]

    @property
    def more_is_better(self) -> bool:
        """Which way is better."""
        return self.metric.goal == Goal.INCREASE

    def of(self, variant: ABTestVariant) -> Figure:
        """Figure of one variant."""
        return next(one for one in self.figures if one.variant.pk == variant.pk)


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
    split = split_of(test, variants)
    totals, newest = totals_of(test, [part.metric for part in parts])
    shown = min((one.units for one in split.arms), default=0) >= rule.min_units_shown
    metrics = _metrics(parts, variants, totals.get("", {}), rule, is_shown=shown)
    found = Results(test, rule, split, metrics, days_run(test, now), newest, None)
    if found.primary is None or not test.has_started or test.is_imported or len(variants) < 2:
        return found
    return replace(found, decision=decide(*_asked(found)))


def segments_of(test: ABTest, dimension: Dimension) -> list[Segment]:
    """The primary metric in parts of the units, the largest part first."""
    rule, variants = rule_of(test), variants_of(test)
    parts = [part for part in parts_of(test) if part.role == MetricRole.PRIMARY]
    if not parts:
        return []
    found = []
    totals, _ = totals_of(test, [parts[0].metric], dimension)
    for key, sums in totals.items():
        counts = [int(sums[pk].n) if pk in sums else 0 for pk in _pairs(parts[0].metric, variants)]
        shown = min(counts) >= rule.min_units_shown
        (primary,) = _metrics(parts, variants, sums, rule, is_shown=shown)
        found.append(Segment(key, sum(counts), primary))
    return sorted(found, key=lambda one: (-one.units, one.key))


def series_of(test: ABTest) -> Series:
    """How effect and interval of the primary metric went."""
    rule, variants = rule_of(test), variants_of(test)
    parts = [part for part in parts_of(test) if part.role == MetricRole.PRIMARY]
    if not parts or not variants:
        return Series((), ())
    metric = parts[0].metric
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


def _pairs(metric: Metric, variants: Sequence[ABTestVariant]) -> list[tuple[int, int]]:
    return [(metric.pk, variant.pk) for variant in variants]


def _metrics(
    parts: Sequence[ABTestMetric],
    variants: Sequence[ABTestVariant],
    totals: Totals,
    rule: Rule,
    *,
    is_shown: bool,
) -> tuple[MetricResult, ...]:
    """Every metric held against the control; several comparisons answer for each other."""
    guardrails = sum(part.role == MetricRole.GUARDRAIL for part in parts)
    found = []
    for part in parts:
        bound_alpha = rule.alpha / guardrails if part.role == MetricRole.GUARDRAIL else rule.alpha
        arms = [totals.get(pair) or nobody(part.metric) for pair in _pairs(part.metric, variants)]
        pairs = [
            (
                compared(part.metric, arms[0], arm, rule.method, rule.alpha),
                compared(part.metric, arms[0], arm, "always_valid", bound_alpha),
                bound_of_harm(part.metric, arms[0], arm, bound_alpha),
            )
            for arm in arms[1:]
        ]
        figures = _figures(part, variants, arms, pairs, is_shown=is_shown)
        found.append(
            MetricResult(part.metric, MetricRole(part.role), part.harm_bp / WHOLE, figures)
        )
    return _judged(found, rule) if is_shown else tuple(found)


def _figures(
    part: ABTestMetric,
    variants: Sequence[ABTestVariant],
    arms: Sequence[ArmStatistics],
    pairs: Sequence[tuple[Comparison, Comparison, Comparison]],
    *,
    is_shown: bool,
) -> tuple[Figure, ...]:
    hidden = None if is_shown else Standing.HIDDEN
    first = Figure(
        variants[0], arms[0], int(arms[0].n), _value(part.metric, arms[0]) if is_shown else None,
        None, None, None, None, hidden or Standing.CONTROL,
    )  # fmt: skip
    rest = [
        Figure(
            variant, arm, int(arm.n), _value(part.metric, arm) if is_shown else None,
            *pair, None, hidden or Standing.OPEN,
        )
        for variant, arm, pair in zip(variants[1:], arms[1:], pairs, strict=True)
    ]  # fmt: skip
    return (first, *rest)


def _value(metric: Metric, arm: ArmStatistics) -> float | None:
    """Share, mean or ratio of an arm."""
    below = arm.denominator_sum if metric.kind == "ratio" else arm.n
    return float(arm.sum) / float(below) if below else None


def _judged(metrics: Sequence[MetricResult], rule: Rule) -> tuple[MetricResult, ...]:
    """Say what may be said of each figure, with p-values that answer for all of their kind."""
    by_role: dict[MetricRole, list[float]] = {}
    for one in metrics:
        by_role.setdefault(one.role, []).extend(map(_p, one.figures[1:]))
    adjusted = {
        role: iter(adjust_p(p, "benjamini-hochberg" if role == MetricRole.SECONDARY else "holm"))
        for role, p in by_role.items()
    }
    return tuple(
        replace(
            one,
            figures=(
                one.figures[0],
                *(
                    replace(figure, p_adjusted=p, standing=_standing(one, figure, p, rule))
                    for figure in one.figures[1:]
                    for p in [float(next(adjusted[one.role]))]
                ),
            ),
        )
        for one in metrics
    )


def _p(figure: Figure) -> float:
    found = figure.comparison
    return 1.0 if found is None or found.p_value is None else found.p_value


def _standing(one: MetricResult, figure: Figure, p_adjusted: float, rule: Rule) -> Standing:
    found, bound = figure.comparison, figure.bound
    if found is None or bound is None or found.not_computable:
        return Standing.OPEN
    low = bound.ci_low if one.more_is_better else -bound.ci_high
    if one.role == MetricRole.GUARDRAIL:
        if suffers(_guardrail(one, figure.variant)):
            return Standing.HARMED
        return Standing.SAFE if low > -one.harm else Standing.OPEN
    is_up = (found.effect > 0) == one.more_is_better
    chance = found.chance_to_win if one.more_is_better else 1 - found.chance_to_win
    if rule.method == "bayesian":
        is_sure = chance > 1 - rule.alpha if is_up else chance < rule.alpha
    else:
        is_sure = p_adjusted < rule.alpha
    if not is_sure:
        return Standing.OPEN
    return Standing.BETTER if is_up else Standing.WORSE


def _asked(results: Results) -> tuple[list[Reading], EngineRule, Progress]:
    """What the engine decides by."""
    primary, rule, split = results.primary, results.rule, results.split
    if primary is None:
        raise ValueError("a test without a primary metric is not decided")
    control = primary.figures[0].arm
    readings = [
        Reading(
            variant=one.variant.key,
            units=one.units,
            primary=compared(
                primary.metric, control, figure.arm, rule.method, rule.alpha, "absolute"
            ),
            bound=figure.absolute,
            lift=figure.bound,
            guardrails=tuple(_guardrail(each, one.variant) for each in results.guardrails),
        )
        for one, figure in zip(split.arms[1:], primary.figures[1:], strict=True)
        if figure.absolute is not None and figure.bound is not None
    ]
    engine_rule = EngineRule(
        method=rule.method,
        minimum_effect=rule.minimum_effect,
        planned_units=rule.planned_units,
        alpha=rule.alpha,
        min_days=rule.min_days,
        max_days=rule.max_days,
        least_units=rule.min_units_shown,
        more_is_better=primary.more_is_better,
    )
    p_value = 1.0 if split.p_value is None else split.p_value
    return readings, engine_rule, Progress(results.days, split.arms[0].units, p_value)


def _guardrail(one: MetricResult, variant: ABTestVariant) -> Guardrail:
    figure = one.of(variant)
    if figure.absolute is None or figure.bound is None:
        raise ValueError("the control is no treatment")
    return Guardrail(one.metric.key, figure.absolute, figure.bound, one.more_is_better, one.harm)
