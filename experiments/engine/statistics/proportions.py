"""Two proportions: the pooled z test, and beliefs that are exact for small counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from experiments.engine.statistics.arms import ArmStatistics, FloatArray
from experiments.engine.statistics.methods import ALTERNATIVES, Alternative

# Where panels of the quadrature are cut: quantile levels of both beliefs, in both tails.
_TAILS: Final = np.array([1e-18, 1e-14, 1e-10, 1e-7, 1e-5, 1e-3, 0.01, 0.05, 0.15, 0.3, 0.5])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_MOST_LOGIT: Final = 700.0


@dataclass(frozen=True)
class PooledTest:
    """Pooled z test of two proportions; z is above 0 where the treatment's is larger."""

    z: float
    p_value: float


@dataclass(frozen=True)
class Beliefs:
    """Beta beliefs about two proportions, in points of the proportion.

    Attributes
    ----------
    effect : mean of treatment minus control
    chance_to_win : that the treatment's proportion is larger
    risk_ship, risk_keep : expected loss of shipping and of keeping the control
    """

    effect: float
    chance_to_win: float
    risk_ship: float
    risk_keep: float


def two_proportions(
    control: ArmStatistics, treatment: ArmStatistics, *, alternative: Alternative = "two-sided"
) -> PooledTest:
    """Test that two proportions are the same, with their common variance.

    Parameters
    ----------
    control, treatment : units and successes
    alternative : 'two-sided', 'greater' or 'less'

    Returns
    -------
    PooledTest : z 0 and p-value 1 where nobody or everybody succeeded

    Raises
    ------
    ValueError : no units, or successes outside [0, units]

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., ch. 3;
    the same as statsmodels' proportions_ztest.
    """
    if alternative not in ALTERNATIVES:
        raise ValueError(
            f"alternative must be one of {', '.join(ALTERNATIVES)}, got {alternative!r}"
        )
    (s_a, n_a), (s_b, n_b) = _counts("control", control), _counts("treatment", treatment)
    pooled = (s_a + s_b) / (n_a + n_b)
    variance = pooled * (1 - pooled) * (1 / n_a + 1 / n_b)
    if variance <= 0:
        return PooledTest(0.0, 1.0)
    z = (s_b / n_b - s_a / n_a) / math.sqrt(variance)
    if alternative == "two-sided":
        return PooledTest(z, float(2 * special.ndtr(-abs(z))))
    return PooledTest(z, float(special.ndtr(-z if alternative == "greater" else z)))


def beta_beliefs(control: ArmStatistics, treatment: ArmStatistics) -> Beliefs:
    """Chance and risk of two proportions from Beta(1, 1) before the data; right for any counts.

    Also of arms without a success, or without a unit, where `compare` has no answer.

    Parameters
    ----------
    control, treatment : units and successes

    Returns
    -------
    Beliefs : by quadrature, to about 1e-12

    Raises
    ------
    ValueError : negative units, or successes outside [0, units]

    References
    ----------
    Stucchio (2015), Bayesian A/B Testing at VWO, section 3; E[max(A - B, 0)] is the integral of
    P(B <= x < A) over x.
    """
    a, b = _beta("control", control), _beta("treatment", treatment)
    x, weight = _nodes(a, b)
    below_a, below_b = special.betainc(*a, x), special.betainc(*b, x)
    above_a, above_b = special.betaincc(*a, x), special.betaincc(*b, x)
    return Beliefs(
        effect=b[0] / (b[0] + b[1]) - a[0] / (a[0] + a[1]),
        chance_to_win=_within(float((_density(b, x) * below_a) @ weight)),
        risk_ship=float((below_b * above_a) @ weight),
        risk_keep=float((below_a * above_b) @ weight),
    )


def _counts(name: str, arm: ArmStatistics, least: float = 1) -> tuple[float, float]:
    total, n = float(arm.column("sum")), float(arm.column("n"))
    if not (n >= least and 0 <= total <= n and math.isfinite(n)):
        raise ValueError(f"{name} must have successes in [0, units], got {total:g} of {n:g}")
    return total, n


def _beta(name: str, arm: ArmStatistics) -> tuple[float, float]:
    total, n = _counts(name, arm, least=0)
    return 1 + total, 1 + n - total


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))


def _density(beta: tuple[float, float], x: FloatArray) -> FloatArray:
    first, second = beta
    logarithm = (
        special.xlogy(first - 1, x)
        + special.xlog1py(second - 1, -x)
        - special.betaln(first, second)
    )
    density: FloatArray = np.exp(logarithm)
    return density


def _nodes(*betas: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Points in (0, 1) and weights of a quadrature, dense where a belief moves.

    On the logit axis, where densities have no poles, in panels between quantiles of the beliefs.
    """
    edges = []
    for first, second in betas:
        low = special.betaincinv(first, second, _TAILS)
        beyond = special.betaincinv(second, first, _TAILS)  # one minus the upper quantiles
        with np.errstate(divide="ignore"):
            edges += [np.log(low) - np.log1p(-low), np.log1p(-beyond) - np.log(beyond)]
    cuts = np.unique(np.clip(np.concatenate(edges), -_MOST_LOGIT, _MOST_LOGIT))
    half = np.diff(cuts) / 2
    t = ((cuts[:-1] + half)[:, None] + half[:, None] * _NODES).ravel()
    x, slope = special.expit(t), special.expit(t) * special.expit(-t)
    return x, (half[:, None] * _WEIGHTS).ravel() * slope
