"""What to do with a test now: ship, stop, or go on, by the rule signed at its start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from experiments.engine.statistics import GATE, Comparison, Method, adjust_p

Action = Literal[
    "ship", "stop_harm", "stop_futility", "stop_time_up", "keep_running", "gated"
]  # fmt: skip

LEAST_UNITS: Final = 100


class Code(StrEnum):
    """Why; the words for people are made where they are shown."""

    SAMPLE_RATIO = "sample_ratio"  # units are not split as they should be: believe nothing
    PRIMARY_HARMED = "primary_harmed"  # the always-valid interval lies on the wrong side of 0
    GUARDRAIL_HARMED = "guardrail_harmed"  # that of a guardrail lies beyond what is tolerated
    TOO_FEW_UNITS = "too_few_units"
    TOO_FEW_DAYS = "too_few_days"
    BOUND_CLEARED = "bound_cleared"  # the always-valid interval lies on the right side of 0
    SHOWN_AT_PLANNED_SIZE = "shown_at_planned_size"
    BELOW_MINIMUM = "below_minimum"  # the always-valid interval excludes the effect worth having
    NOTHING_SHOWN = "nothing_shown"  # the planned size is reached
    TIME_UP = "time_up"
    NOT_CLEARED = "not_cleared"
    BEFORE_PLANNED_SIZE = "before_planned_size"
    NOT_COMPUTABLE = "not_computable"


@dataclass(frozen=True)
class Rule:
    """What was signed at the start.

    Attributes
    ----------
    method : that decides
    minimum_effect : relative lift worth having, above 0
    planned_units : of each variant; None where nothing was planned
    alpha : chance to ship what is no better
    min_days, max_days : full days that the test runs at least and at most
    least_units : of each variant, below which nothing is judged
    more_is_better : of the primary metric
    most_risk : expected loss of shipping that a Bayesian rule bears, in the metric's own unit
    """

    method: Method
    minimum_effect: float
    planned_units: int | None = None
    alpha: float = 0.05
    min_days: int = 7
    max_days: int = 14
    least_units: int = LEAST_UNITS
    more_is_better: bool = True
    most_risk: float | None = None


@dataclass(frozen=True)
class Guardrail:
    """A metric that must not suffer.

    Attributes
    ----------
    key : its name
    bound : absolute always-valid comparison with the control; of g guardrails at alpha / g
    lift : the same, relative
    more_is_better : which way it suffers
    margin : relative loss that is tolerated, at least 0
    """

    key: str
    bound: Comparison
    lift: Comparison
    more_is_better: bool = True
    margin: float = 0.0


@dataclass(frozen=True)
class Reading:
    """A variant against the control, as far as the test has come.

    Whether there is an effect is judged on the absolute scale: over a control that is itself
    uncertain, a relative effect of few units is skewed, and falls below 0 too often.

    Attributes
    ----------
    variant : its key
    units : exposed to it
    primary : absolute comparison of the primary metric by the rule's method
    bound : the same, always valid
    lift : the same, always valid and relative: held against the effect worth having
    guardrails : metrics that must not suffer
    """

    variant: str
    units: int
    primary: Comparison
    bound: Comparison
    lift: Comparison
    guardrails: tuple[Guardrail, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a test has come.

    Attributes
    ----------
    days : full days run
    control_units : exposed to the control
    sample_ratio_p : of the sequential check of the split
    """

    days: int
    control_units: int
    sample_ratio_p: float = 1.0


@dataclass(frozen=True)
class Decision:
    """What to do.

    Attributes
    ----------
    action : 'ship', one of 'stop_…', 'keep_running' or 'gated' (show no results)
    variant : that is shipped or does harm; None where it concerns all
    codes : why
    guardrails : keys of those that are harmed
    """

    action: Action
    variant: str | None
    codes: tuple[Code, ...]
    guardrails: tuple[str, ...] = ()


def decide(readings: Sequence[Reading], rule: Rule, progress: Progress) -> Decision:
    """Decide by the rule; the same input gives the same answer.

    Only 'always_valid' ships before the planned size: the other methods' error holds there
    alone. Harm and futility are always judged by the always-valid interval, so looking daily
    costs nothing: a variant that is as good as the control is stopped for harm with at most
    probability alpha, and so is one that reaches the minimum effect stopped for futility.
    Conditional power was not taken: it supposes a size fixed before, which an always-valid test
    does not have, and an effect, which nobody knows.

    Parameters
    ----------
    readings : one for each variant but the control
    rule : as signed
    progress : of the test

    Returns
    -------
    Decision

    Raises
    ------
    ValueError : no variant, or a minimum effect that is not above 0
    """
    if not readings:
        raise ValueError("readings must hold a variant besides the control")
    if not (math.isfinite(rule.minimum_effect) and rule.minimum_effect > 0):
        raise ValueError(f"minimum_effect must be above 0, got {rule.minimum_effect}")
    if progress.sample_ratio_p < GATE:
        return Decision("gated", None, (Code.SAMPLE_RATIO,))
    if min(progress.control_units, *(one.units for one in readings)) < rule.least_units:
        return Decision("keep_running", None, (Code.TOO_FEW_UNITS,))
    harmed = [found for one in readings if (found := _harm(one, rule))]
    unharmed = [one for one in readings if not _harm(one, rule)]
    shipped = _shipped(unharmed, len(readings), rule, progress)
    if shipped is not None:
        return shipped
    if harmed:
        return harmed[0]
    return _unfinished(readings, rule, progress)


def cost_of_waiting(
    effect: float, daily_units: float, treatment_share: float, *, value: float = 1.0
) -> float:
    """Estimate what another day of the test costs: units that do not get the better variant.

    Parameters
    ----------
    effect : absolute, of the primary metric, toward better; below 0 where the control is better
    daily_units : that come into the test a day
    treatment_share : of them that get the treatment, in [0, 1]
    value : money that one of the metric is worth

    Returns
    -------
    money a day, at least 0

    Raises
    ------
    ValueError : a share outside [0, 1], or a negative number of units
    """
    if not (0 <= treatment_share <= 1 and daily_units >= 0):
        raise ValueError(
            f"treatment_share {treatment_share} must lie in [0, 1], daily_units {daily_units}"
            " must be at least 0"
        )
    worse = 1 - treatment_share if effect > 0 else treatment_share
    return abs(effect) * worse * daily_units * value


def _toward_better(found: Comparison, *, more_is_better: bool) -> tuple[float, float, float]:
    """Effect and interval, turned so that above 0 is better; all of the line if unknown."""
    if found.not_computable:
        return 0.0, -math.inf, math.inf
    if more_is_better:
        return found.effect, found.ci_low, found.ci_high
    return -found.effect, -found.ci_high, -found.ci_low


def _harm(reading: Reading, rule: Rule) -> Decision | None:
    suffering = tuple(one.key for one in reading.guardrails if suffers(one))
    _, _, high = _toward_better(reading.bound, more_is_better=rule.more_is_better)
    codes = ((Code.PRIMARY_HARMED,) if high < 0 else ()) + (
        (Code.GUARDRAIL_HARMED,) if suffering else ()
    )
    return Decision("stop_harm", reading.variant, codes, suffering) if codes else None


def suffers(guardrail: Guardrail) -> bool:
    """Tell whether a guardrail is harmed beyond what is tolerated.

    Parameters
    ----------
    guardrail : with its comparisons

    Returns
    -------
    whether its absolute interval lies on the wrong side of 0, and the relative one beyond the
    margin if there is one
    """
    way = guardrail.more_is_better
    _, _, high = _toward_better(guardrail.bound, more_is_better=way)
    _, _, relative = _toward_better(guardrail.lift, more_is_better=way)
    return high < 0 and (guardrail.margin <= 0 or relative < -guardrail.margin)


def _is_complete(readings: Sequence[Reading], rule: Rule, progress: Progress) -> bool:
    if progress.days >= rule.max_days:
        return True
    least = min(progress.control_units, *(one.units for one in readings))
    return rule.planned_units is not None and least >= rule.planned_units


def _shipped(
    unharmed: Sequence[Reading], variants: int, rule: Rule, progress: Progress
) -> Decision | None:
    is_early = rule.method == "always_valid"
    if not unharmed or progress.days < rule.min_days:
        return None
    if not is_early and not _is_complete(unharmed, rule, progress):
        return None
    shown = _shown(unharmed, variants, rule)
    if not shown:
        return None
    best = max(
        shown,
        key=lambda one: _toward_better(one.primary, more_is_better=rule.more_is_better)[0],
    )
    code = Code.BOUND_CLEARED if is_early else Code.SHOWN_AT_PLANNED_SIZE
    return Decision("ship", best.variant, (code,))


def _shown(unharmed: Sequence[Reading], variants: int, rule: Rule) -> list[Reading]:
    """Variants shown to be better; alpha is for all variants together."""
    if rule.method == "bayesian":
        return [one for one in unharmed if _is_believed(one.primary, variants, rule)]
    # Those that do harm count as never shown, which keeps the others' correction whole.
    p_values = [_p(one.primary) for one in unharmed] + [1.0] * (variants - len(unharmed))
    return [
        one
        for one, p in zip(unharmed, adjust_p(p_values), strict=False)
        if p < rule.alpha and _toward_better(one.primary, more_is_better=rule.more_is_better)[0] > 0
    ]


def _p(found: Comparison) -> float:
    return 1.0 if found.not_computable or found.p_value is None else found.p_value


def _is_believed(found: Comparison, variants: int, rule: Rule) -> bool:
    chance, risk = found.chance_to_win, found.risk_ship
    if not rule.more_is_better:
        chance, risk = 1 - chance, found.risk_keep
    is_borne = rule.most_risk is None or risk <= rule.most_risk
    return not found.not_computable and chance > 1 - rule.alpha / variants and is_borne


def _unfinished(readings: Sequence[Reading], rule: Rule, progress: Progress) -> Decision:
    """Nothing is shown: stop, or go on."""
    if progress.days < rule.min_days:
        return Decision("keep_running", None, (Code.TOO_FEW_DAYS,))
    highs = [_toward_better(one.lift, more_is_better=rule.more_is_better)[2] for one in readings]
    if max(highs) < rule.minimum_effect:
        return Decision("stop_futility", None, (Code.BELOW_MINIMUM,))
    if progress.days >= rule.max_days:
        return Decision("stop_time_up", None, (Code.TIME_UP,))
    if rule.method == "always_valid":
        return Decision("keep_running", None, (Code.NOT_CLEARED, *_unknown(readings)))
    if _is_complete(readings, rule, progress):
        return Decision("stop_futility", None, (Code.NOTHING_SHOWN,))
    return Decision("keep_running", None, (Code.BEFORE_PLANNED_SIZE, *_unknown(readings)))


def _unknown(readings: Sequence[Reading]) -> tuple[Code, ...]:
    return (Code.NOT_COMPUTABLE,) if any(one.primary.not_computable for one in readings) else ()
