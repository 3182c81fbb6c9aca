"""Figures of a test's metrics, each held against the control and judged as the test is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from experiments.engine.statistics import ArmStatistics, Comparison, adjust_p
from experiments.engine.verdicts import (
    Guardrail,
    Reading,
    is_safe,
    is_settled,
    p_of,
    suffers,
    verdict,
    verdicts,
)
from experiments.engine.verdicts import Rule as EngineRule
from experiments.models import ABTest, ABTestMetric, ABTestVariant, Goal, Metric, MetricRole
from experiments.models.ab_tests import WHOLE
from experiments.selectors.comparing import bound_of_harm, compared
from experiments.selectors.rules import Rule
from experiments.selectors.totals import Totals, nobody

#: What is told of each variant: its standing and its p-value among all that share alpha.
_Told = list[tuple["Standing", float]]


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

    ``judged`` is by the test's own method on the absolute scale: ``standing``, ``p_adjusted`` and
    the decision come from it. ``comparison`` is the same as a relative effect, for reading.
    ``bound`` and ``absolute`` are right at any time, relative and absolute; harm is told by the
    latter. The control has none of them. Where ``standing`` is hidden, nothing may be shown.
    """

    variant: ABTestVariant
    arm: ArmStatistics
    units: int
    value: float | None
    comparison: Comparison | None
    judged: Comparison | None
    bound: Comparison | None
    absolute: Comparison | None
    p_adjusted: float | None
    standing: Standing

    @property
    def shown(self) -> Comparison | None:
        """The comparison where it may be shown."""
        return None if self.standing == Standing.HIDDEN else self.comparison

    @property
    def decisive(self) -> Comparison | None:
        """The comparison that the standing comes from, where it may be shown."""
        return None if self.standing == Standing.HIDDEN else self.judged


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

    @property
    def guarded(self) -> list[Guardrail]:
        """Of a guardrail, how the engine holds it against each variant."""
        return [
            Guardrail(
                self.metric.key, figure.absolute, figure.bound, self.more_is_better, self.harm
            )
            for figure in self.figures[1:]
            if figure.absolute is not None and figure.bound is not None
        ]


def metrics_of(
    parts: Sequence[ABTestMetric],
    variants: Sequence[ABTestVariant],
    totals: Totals,
    rule: Rule,
    *,
    is_shown: bool,
    may_speak: bool,
) -> tuple[MetricResult, ...]:
    """Hold every metric against the control; several comparisons answer for each other.

    ``may_speak`` says whether the rule's method may (`may_speak`).
    """
    guardrails = sum(part.role == MetricRole.GUARDRAIL for part in parts)
    found = []
    for part in parts:
        alpha = rule.alpha / guardrails if part.role == MetricRole.GUARDRAIL else rule.alpha
        arms = [totals.get((part.metric.pk, one.pk)) or nobody(part.metric) for one in variants]
        figures = _figures(part.metric, variants, arms, rule, alpha, is_shown=is_shown)
        found.append(
            MetricResult(part.metric, MetricRole(part.role), part.harm_bp / WHOLE, figures)
        )
    return _judged(found, rule, is_settled=may_speak) if is_shown else tuple(found)


def engine_rule(rule: Rule, *, more_is_better: bool) -> EngineRule:
    """Tell the engine the rule of a test, for a metric that gets better this way."""
    return EngineRule(
        method=rule.method,
        minimum_effect=rule.minimum_effect,
        planned_units=rule.planned_units,
        alpha=rule.alpha,
        min_days=rule.min_days,
        max_days=rule.max_days,
        least_units=rule.min_units_shown,
        more_is_better=more_is_better,
    )


def may_speak(test: ABTest, rule: Rule, units: Sequence[int], days: int) -> bool:
    """Whether the rule's method may speak; of a test that was run elsewhere the end is here."""
    return test.is_imported or is_settled(units, engine_rule(rule, more_is_better=True), days)


def readings_of(
    metrics: Sequence[MetricResult], units: Mapping[int, int] | None = None
) -> list[Reading]:
    """Each variant as the engine reads it; ``units`` by variant, where not those of the metric."""
    primary = next(one for one in metrics if one.role == MetricRole.PRIMARY)
    guarded = [one.guarded for one in metrics if one.role == MetricRole.GUARDRAIL]
    return [
        Reading(
            variant=figure.variant.key,
            units=figure.units if units is None else units[figure.variant.pk],
            primary=figure.judged,
            bound=figure.absolute,
            lift=figure.bound,
            guardrails=tuple(one[place] for one in guarded),
        )
        for place, figure in enumerate(primary.figures[1:])
        if figure.judged is not None and figure.absolute is not None and figure.bound is not None
    ]


def _figures(
    metric: Metric,
    variants: Sequence[ABTestVariant],
    arms: Sequence[ArmStatistics],
    rule: Rule,
    bound_alpha: float,
    *,
    is_shown: bool,
) -> tuple[Figure, ...]:
    control = arms[0]
    found = [_control(metric, variants[0], control, is_shown=is_shown)]
    for variant, arm in zip(variants[1:], arms[1:], strict=True):
        pair = (metric, control, arm)
        found.append(
            Figure(
                variant=variant,
                arm=arm,
                units=int(arm.n),
                value=_value(metric, arm) if is_shown else None,
                comparison=compared(*pair, rule.method, rule.alpha),
                judged=compared(*pair, rule.method, rule.alpha, "absolute"),
                bound=compared(*pair, "always_valid", bound_alpha),
                absolute=bound_of_harm(*pair, bound_alpha),
                p_adjusted=None,
                standing=Standing.OPEN if is_shown else Standing.HIDDEN,
            )
        )
    return tuple(found)


def _control(
    metric: Metric, variant: ABTestVariant, arm: ArmStatistics, *, is_shown: bool
) -> Figure:
    value = _value(metric, arm) if is_shown else None
    standing = Standing.CONTROL if is_shown else Standing.HIDDEN
    return Figure(variant, arm, int(arm.n), value, None, None, None, None, None, standing)


def _value(metric: Metric, arm: ArmStatistics) -> float | None:
    """Share, mean or ratio of an arm."""
    below = arm.denominator_sum if metric.kind == "ratio" else arm.n
    return float(arm.sum) / float(below) if below else None


def _judged(
    metrics: Sequence[MetricResult], rule: Rule, *, is_settled: bool
) -> tuple[MetricResult, ...]:
    """Say what may be said of each figure, by the engine's rule for its part."""
    shared = {role: iter(_shared_p(metrics, role)) for role in MetricRole}
    found = []
    for one in metrics:
        p_values = [next(shared[one.role]) for _ in one.figures[1:]]
        words = engine_rule(rule, more_is_better=one.more_is_better)
        if one.role == MetricRole.PRIMARY:
            primary = verdicts(readings_of(metrics), words, is_settled=is_settled)
            told = [(Standing(said), p) for said, p in primary]
        elif one.role == MetricRole.GUARDRAIL:
            told = list(zip(map(_guarded, one.guarded), p_values, strict=True))
        else:
            told = [
                (Standing(verdict(figure.judged, p, words, is_settled=is_settled)), p)
                for figure, p in zip(one.figures[1:], p_values, strict=True)
                if figure.judged is not None
            ]
        found.append(_with(one, told))
    return tuple(found)


def _with(one: MetricResult, told: _Told) -> MetricResult:
    rest = [
        replace(figure, standing=standing, p_adjusted=p)
        for figure, (standing, p) in zip(one.figures[1:], told, strict=True)
    ]
    return replace(one, figures=(one.figures[0], *rest))


def _guarded(guardrail: Guardrail) -> Standing:
    if suffers(guardrail):
        return Standing.HARMED
    return Standing.SAFE if is_safe(guardrail) else Standing.OPEN


def _shared_p(metrics: Sequence[MetricResult], role: MetricRole) -> list[float]:
    """P-values of all metrics of a part, each answering for the others."""
    plain = [
        p_of(figure.judged)
        for one in metrics
        if one.role == role
        for figure in one.figures[1:]
        if figure.judged is not None
    ]
    several = adjust_p(plain, "benjamini-hochberg" if role == MetricRole.SECONDARY else "holm")
    return [float(p) for p in several]
