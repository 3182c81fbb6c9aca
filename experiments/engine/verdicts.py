"""What may be said of a variant: better, worse, harmed, safe, or nothing yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from experiments.engine.statistics import Comparison, Method, adjust_p

Verdict = Literal["better", "worse", "open"]

LEAST_UNITS: Final = 100


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


def verdicts(
    readings: Sequence[Reading], rule: Rule, *, is_settled: bool
) -> list[tuple[Verdict, float]]:
    """Tell of each variant whether it is better or worse on the primary metric.

    `experiments.engine.decision.decide` ships what is better here, and stops for what its bound
    says is worse.

    Parameters
    ----------
    readings : one for each variant but the control
    rule : as signed
    is_settled : whether the rule's method may speak (`is_settled`)

    Returns
    -------
    verdict and p-value of each, the latter answering for all variants
    """
    plain = [p_of(one.primary) for one in readings]
    harms = [does_harm(one, rule) for one in readings]
    # To the others, those that do harm count as never shown, which keeps their correction whole.
    kept = adjust_p([1.0 if harm else p for p, harm in zip(plain, harms, strict=True)])
    shared = np.where(harms, adjust_p(plain), kept).tolist()
    found: list[tuple[Verdict, float]] = []
    for one, p in zip(readings, shared, strict=True):
        said = verdict(one.primary, p, rule, is_settled=is_settled, variants=len(readings))
        found.append(("worse" if is_worse(one.bound, rule) else said, p))
    return found


def verdict(
    found: Comparison, p_adjusted: float, rule: Rule, *, is_settled: bool, variants: int = 1
) -> Verdict:
    """Tell whether a variant is better or worse on one metric.

    Parameters
    ----------
    found : absolute comparison by the rule's method
    p_adjusted : its p-value, answering for all that share alpha
    rule : as signed, ``more_is_better`` that of the metric
    is_settled : whether the rule's method may speak (`is_settled`)
    variants : that share alpha where the method believes and has no p-value

    Returns
    -------
    'better', 'worse' or 'open'
    """
    if not is_settled or found.not_computable:
        return "open"
    if rule.method == "bayesian":
        if _is_believed(found, variants, rule):
            return "better"
        turned = replace(rule, more_is_better=not rule.more_is_better)
        return "worse" if _is_believed(found, variants, turned) else "open"
    if p_adjusted >= rule.alpha:
        return "open"
    effect, _, _ = toward_better(found, more_is_better=rule.more_is_better)
    return "better" if effect > 0 else "worse"


def is_settled(units: Sequence[int], rule: Rule, days: int) -> bool:
    """Tell whether the rule's method may speak.

    Parameters
    ----------
    units : exposed to each variant, the control among them
    rule : as signed
    days : full days run

    Returns
    -------
    always of 'always_valid'; of the others at the planned size or the longest duration, where
    alone their error holds
    """
    return rule.method == "always_valid" or is_complete(units, rule, days)


def is_complete(units: Sequence[int], rule: Rule, days: int) -> bool:
    """Tell whether a test has reached the size or the duration that was planned.

    Parameters
    ----------
    units, rule, days : as of `is_settled`

    Returns
    -------
    whether it has
    """
    if days >= rule.max_days:
        return True
    return rule.planned_units is not None and min(units) >= rule.planned_units


def does_harm(reading: Reading, rule: Rule) -> bool:
    """Tell whether a variant may not ship, whatever else it does.

    Parameters
    ----------
    reading : of the variant
    rule : as signed

    Returns
    -------
    whether the primary metric is worse by its bound, or a guardrail suffers
    """
    return is_worse(reading.bound, rule) or any(suffers(one) for one in reading.guardrails)


def is_worse(bound: Comparison, rule: Rule) -> bool:
    """Tell whether the primary metric suffers, at any time.

    Parameters
    ----------
    bound : absolute always-valid comparison
    rule : as signed

    Returns
    -------
    whether its interval lies on the wrong side of 0
    """
    return toward_better(bound, more_is_better=rule.more_is_better)[2] < 0


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
    _, _, high = toward_better(guardrail.bound, more_is_better=way)
    _, _, relative = toward_better(guardrail.lift, more_is_better=way)
    return high < 0 and (guardrail.margin <= 0 or relative < -guardrail.margin)


def is_safe(guardrail: Guardrail) -> bool:
    """Tell whether harm of a guardrail beyond what is tolerated is ruled out.

    Parameters
    ----------
    guardrail : with its comparisons

    Returns
    -------
    whether the relative interval lies above the margin's loss; without a margin, the absolute
    one above 0
    """
    found = guardrail.lift if guardrail.margin > 0 else guardrail.bound
    _, low, _ = toward_better(found, more_is_better=guardrail.more_is_better)
    return low > -guardrail.margin


def toward_better(found: Comparison, *, more_is_better: bool) -> tuple[float, float, float]:
    """Turn a comparison so that above 0 is better.

    Parameters
    ----------
    found : any comparison
    more_is_better : of its metric

    Returns
    -------
    effect and interval; 0 and all of the line where it is not known
    """
    if found.not_computable:
        return 0.0, -math.inf, math.inf
    if more_is_better:
        return found.effect, found.ci_low, found.ci_high
    return -found.effect, -found.ci_high, -found.ci_low


def p_of(found: Comparison) -> float:
    """Read the p-value of a comparison.

    Parameters
    ----------
    found : any comparison

    Returns
    -------
    its p-value; 1 where it has none
    """
    return 1.0 if found.not_computable or found.p_value is None else found.p_value


def _is_believed(found: Comparison, variants: int, rule: Rule) -> bool:
    chance, risk = found.chance_to_win, found.risk_ship
    if not rule.more_is_better:
        chance, risk = 1 - chance, found.risk_keep
    is_borne = rule.most_risk is None or risk <= rule.most_risk
    return not found.not_computable and chance > 1 - rule.alpha / variants and is_borne
