"""Two arms held against each other: effect, interval, p-value, chance and risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from experiments.engine.statistics.arms import (
    METRICS,
    WORDS,
    ArmStatistics,
    FloatArray,
    IntArray,
    Metric,
    Moments,
    Reason,
    moments,
)
from experiments.engine.statistics.methods import (
    ALTERNATIVES,
    METHODS,
    TUNING,
    Alternative,
    Inference,
    Method,
    always_valid,
    belief,
    chance_and_risks,
    welch,
)

Effect = Literal["relative", "absolute"]
EFFECTS: Final = ("relative", "absolute")


@dataclass(frozen=True)
class Comparison:
    """A treatment against the control.

    Attributes
    ----------
    effect : on the scale that was asked for; of a belief with a prior, the posterior's
    relative : relative lift as it was seen; None where the control's mean is 0
    ci_low, ci_high : interval of the effect; a one-sided one is open, so infinite, on one side
    p_value : that there is no effect; None for a belief
    chance_to_win : that the effect is above 0
    risk_ship, risk_keep : what is lost on average by shipping and by keeping the control
    standard_error : of the effect
    method : 'fixed', 'always_valid' or 'bayesian'
    not_computable : why there is no answer, or None. The figures then say nothing: no effect,
        p-value 1, chance one half
    """

    effect: float
    relative: float | None
    ci_low: float
    ci_high: float
    p_value: float | None
    chance_to_win: float
    risk_ship: float
    risk_keep: float
    standard_error: float
    method: Method
    not_computable: str | None = None


@dataclass(frozen=True)
class Comparisons:
    """Many comparisons at once: the fields of `Comparison` as arrays of one shape.

    `relative` is NaN where there is none; `reason` is a `Reason`, 0 where there is an answer.
    """

    effect: FloatArray
    relative: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray | None
    chance_to_win: FloatArray
    risk_ship: FloatArray
    risk_keep: FloatArray
    standard_error: FloatArray
    method: Method
    reason: IntArray

    def at(self, *place: int) -> Comparison:
        """Take out one of them by its place."""
        reason = Reason(int(self.reason[place]))
        relative = float(self.relative[place])
        unknown = None if self.p_value is None else float(self.p_value[place])
        return Comparison(
            effect=float(self.effect[place]),
            relative=None if math.isnan(relative) else relative,
            ci_low=float(self.ci_low[place]),
            ci_high=float(self.ci_high[place]),
            p_value=1.0 if reason else unknown,
            chance_to_win=float(self.chance_to_win[place]),
            risk_ship=float(self.risk_ship[place]),
            risk_keep=float(self.risk_keep[place]),
            standard_error=float(self.standard_error[place]),
            method=self.method,
            not_computable=WORDS[reason] if reason else None,
        )


def compare(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    metric: Metric = "proportion",
    method: Method = "fixed",
    effect: Effect = "relative",
    alpha: float = 0.05,
    tuning: float = TUNING,
    prior: tuple[float, float] | None = None,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Hold a treatment against the control.

    Parameters
    ----------
    control, treatment : sums over the units; with a covariate in both, they are adjusted
    metric : 'proportion', 'mean' or 'ratio'
    method : 'fixed' (Welch's t at a size fixed before), 'always_valid' (right however often
        one looks) or 'bayesian' (normal belief about the effect)
    effect : 'relative' (m_B - m_A) / m_A or 'absolute' m_B - m_A
    alpha : one minus the level of the interval
    tuning : units of both arms at which 'always_valid' is tightest
    prior : of 'bayesian': mean and standard deviation of the effect; None: any is as likely
    alternative : 'two-sided', 'greater' or 'less'

    Returns
    -------
    Comparison : where there is no answer, `not_computable` says why

    Raises
    ------
    ValueError : an unknown word, a number out of range, or a sum that the metric needs is missing

    References
    ----------
    GrowthBook, Statistical Details (docs.growthbook.io/statistics/details) for what is the same:
    variances, relative effects, Welch's degrees, confidence sequence, normal prior and risk.
    """
    found = compare_many(
        control,
        treatment,
        metric=metric,
        method=method,
        effect=effect,
        alpha=alpha,
        tuning=tuning,
        prior=prior,
        alternative=alternative,
    )
    return found.at()


def compare_many(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    metric: Metric = "proportion",
    method: Method = "fixed",
    effect: Effect = "relative",
    alpha: float = 0.05,
    tuning: float = TUNING,
    prior: tuple[float, float] | None = None,
    alternative: Alternative = "two-sided",
) -> Comparisons:
    """Do what `compare` does for many at once: fields of the arms are arrays that broadcast.

    Parameters
    ----------
    control, treatment : sums, for example (metrics, 1) against (metrics, arms)
    metric, method, effect, alpha, tuning, prior, alternative : as in `compare`

    Returns
    -------
    Comparisons : arrays of the shape that the fields broadcast to

    Raises
    ------
    ValueError : as in `compare`
    """
    _check_words(metric, method, effect, alternative)
    _check_numbers(method, alpha, tuning, prior, alternative)
    arms = moments(control, treatment, metric)
    with np.errstate(all="ignore"):
        seen, error, relative = _effect(arms, effect)
        reason = _reason(arms, effect, seen, error)
        seen, error = (np.where(reason == 0, part, 1.0) for part in (seen, error))
        if method == "fixed":
            told = welch(seen, error, _degrees(arms, reason), alpha, alternative)
        elif method == "always_valid":
            units = np.where(reason == 0, arms[0].n + arms[1].n, 1.0)
            told = always_valid(seen, error, units, alpha, tuning, alternative)
        else:
            told = belief(seen, error, prior, alpha, alternative)
        return _answer(told, relative, reason, method, alternative)


def _effect(
    arms: tuple[Moments, Moments], effect: Effect
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Effect and its standard error on the scale asked for, and the relative lift."""
    control, treatment = arms
    difference, base = treatment.mean - control.mean, control.plain_mean
    of_control, of_treatment = control.variance / control.n, treatment.variance / treatment.n
    relative = difference / base
    if effect == "absolute":
        return difference, np.sqrt(of_control + of_treatment), relative
    rate = treatment.plain_mean / base
    error = np.sqrt((of_treatment + of_control * rate**2) / base**2)
    return relative, error, relative


def _reason(
    arms: tuple[Moments, Moments], effect: Effect, seen: FloatArray, error: FloatArray
) -> IntArray:
    control, treatment = arms
    own = np.where(control.reason != 0, control.reason, treatment.reason)
    is_zero = (control.plain_mean == 0) & (effect == "relative")
    is_lost = ~(np.isfinite(seen) & np.isfinite(error) & (error > 0))
    rest = np.where(is_zero, Reason.CONTROL_IS_ZERO, np.where(is_lost, Reason.OUT_OF_RANGE, 0))
    return np.where(own != 0, own, rest).astype(np.int64)


def _degrees(arms: tuple[Moments, Moments], reason: IntArray) -> FloatArray:
    """Satterthwaite's degrees of freedom, of the absolute effect."""
    control, treatment = arms
    first, second = control.variance / control.n, treatment.variance / treatment.n
    # By shares, so that the squares of tiny variances do not vanish.
    share = first / (first + second)
    degrees = 1 / (share**2 / (control.n - 1) + (1 - share) ** 2 / (treatment.n - 1))
    return np.where(reason == 0, degrees, 1.0)


def _answer(
    told: Inference,
    relative: FloatArray,
    reason: IntArray,
    method: Method,
    alternative: Alternative,
) -> Comparisons:
    low, high = told.effect - told.half_width, told.effect + told.half_width
    chance, ship, keep = chance_and_risks(told.effect, told.standard_error)
    is_lost = ~(np.isfinite(low + high) & np.isfinite(ship + keep))
    reason = np.where((reason == 0) & is_lost, Reason.OUT_OF_RANGE, reason)
    low = np.full_like(low, -np.inf) if alternative == "less" else low
    high = np.full_like(high, np.inf) if alternative == "greater" else high
    is_known = reason == 0

    def known(values: FloatArray, otherwise: float) -> FloatArray:
        return np.where(is_known, values, otherwise)

    return Comparisons(
        effect=known(told.effect, 0.0),
        relative=known(np.where(np.isfinite(relative), relative, np.nan), np.nan),
        ci_low=known(low, 0.0),
        ci_high=known(high, 0.0),
        p_value=None if told.p_value is None else known(told.p_value, 1.0),
        chance_to_win=known(chance, 0.5),
        risk_ship=known(ship, 0.0),
        risk_keep=known(keep, 0.0),
        standard_error=known(told.standard_error, 0.0),
        method=method,
        reason=reason,
    )


def _check_words(metric: str, method: str, effect: str, alternative: str) -> None:
    words = {
        "metric": (metric, METRICS),
        "method": (method, METHODS),
        "effect": (effect, EFFECTS),
        "alternative": (alternative, ALTERNATIVES),
    }
    for name, (value, allowed) in words.items():
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _check_numbers(
    method: Method,
    alpha: float,
    tuning: float,
    prior: tuple[float, float] | None,
    alternative: Alternative,
) -> None:
    # A one-sided sequence of 50 % and more would hold nothing.
    most = 0.5 if method == "always_valid" and alternative != "two-sided" else 1.0
    if not 0 < alpha < most:
        raise ValueError(f"alpha must lie between 0 and {most:g}, got {alpha}")
    if not (math.isfinite(tuning) and tuning > 0):
        raise ValueError(f"tuning must be a number of units above 0, got {tuning}")
    if prior is not None and not (
        math.isfinite(prior[0]) and math.isfinite(prior[1]) and prior[1] > 0
    ):
        raise ValueError(f"prior must be a mean and a standard deviation above 0, got {prior}")
