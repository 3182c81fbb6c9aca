"""Interval and p-value of an estimate: at a fixed horizon, at any time, as a belief."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
Method = Literal["fixed", "always_valid", "bayesian"]

METHODS: Final = ("fixed", "always_valid", "bayesian")
ALTERNATIVES: Final = ("two-sided", "greater", "less")
# Units at which the sequence of intervals is tightest; what GrowthBook takes.
TUNING: Final = 5_000.0


@dataclass(frozen=True)
class Inference:
    """What a method says of an estimate; arrays of one shape."""

    effect: FloatArray
    standard_error: FloatArray
    half_width: FloatArray
    p_value: FloatArray | None


def welch(
    effect: FloatArray,
    standard_error: FloatArray,
    degrees: FloatArray,
    alpha: float,
    alternative: Alternative,
) -> Inference:
    """Judge by Student's t with Welch's degrees of freedom, at a size that was fixed before.

    Parameters
    ----------
    effect, standard_error, degrees : arrays
    alpha, alternative : of the interval and the p-value

    Returns
    -------
    Inference : tails come from the survival function, so they do not end at 1e-16

    References
    ----------
    Welch (1947), Biometrika 34(1/2), 28-35.
    """
    t = effect / standard_error
    tail = alpha / 2 if alternative == "two-sided" else alpha
    width = -special.stdtrit(degrees, tail) * standard_error
    if alternative == "two-sided":
        p_value = 2 * special.stdtr(degrees, -np.abs(t))
    else:
        p_value = special.stdtr(degrees, -t if alternative == "greater" else t)
    return Inference(effect, standard_error, width, p_value)


def mixture_rho_squared(alpha: float, tuning: float) -> float:
    """Mixing variance with which the sequence of intervals is tightest at `tuning` units.

    Parameters
    ----------
    alpha : of a two-sided sequence; twice the level of a one-sided one
    tuning : units, above 0

    Returns
    -------
    rho squared

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Annals of Statistics 52(6); arXiv:2103.06476v7, eq. 161.
    """
    level = -2 * math.log(alpha)
    return (level + math.log(level + 1)) / tuning


def always_valid(
    effect: FloatArray,
    standard_error: FloatArray,
    units: FloatArray,
    alpha: float,
    tuning: float,
    alternative: Alternative,
) -> Inference:
    """Judge by an asymptotic confidence sequence: right at every look, however often one looks.

    Parameters
    ----------
    effect, standard_error : arrays
    units : of both arms together
    alpha, alternative : of the sequence
    tuning : units at which it is tightest

    Returns
    -------
    Inference : the p-value is the level whose interval just holds 0

    References
    ----------
    Waudby-Smith et al., arXiv:2103.06476v7: two-sided eq. 9 and 155, one-sided eq. 134, whose
    inverse in closed form is the p-value here.
    """
    is_two_sided = alternative == "two-sided"
    rho2 = mixture_rho_squared(alpha if is_two_sided else 2 * alpha, tuning)
    k = units * rho2 + 1
    # est² N rho² / (2 k var): the logarithm of what a mixture would have won against no effect.
    strength = (effect / standard_error) ** 2 * (units * rho2 / (2 * k))
    scale = standard_error * np.sqrt(2 * k / (units * rho2))
    if is_two_sided:
        width = scale * np.sqrt(np.log(np.sqrt(k) / alpha))
        p_value = np.minimum(1.0, np.sqrt(k) * np.exp(-strength))
        return Inference(effect, standard_error, width, p_value)
    width = scale * np.sqrt(np.log1p(np.sqrt(k) / (2 * alpha)))
    is_that_way = effect > 0 if alternative == "greater" else effect < 0
    p_value = np.minimum(1.0, np.sqrt(k) / (2 * np.expm1(strength)))
    return Inference(effect, standard_error, width, np.where(is_that_way, p_value, 1.0))


def belief(
    effect: FloatArray,
    standard_error: FloatArray,
    prior: tuple[float, float] | None,
    alpha: float,
    alternative: Alternative,
) -> Inference:
    """Judge by a normal belief about the effect after the data.

    Parameters
    ----------
    effect, standard_error : arrays
    prior : mean and standard deviation of the effect before the data; None: any is as likely
    alpha, alternative : of the credible interval

    Returns
    -------
    Inference : effect and standard error are the posterior's; no p-value

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., eq. 2.12.
    """
    if prior is not None:
        mean, deviation = prior
        precision = 1 / standard_error**2 + 1 / deviation**2
        effect = (effect / standard_error**2 + mean / deviation**2) / precision
        standard_error = 1 / np.sqrt(precision)
    tail = alpha / 2 if alternative == "two-sided" else alpha
    return Inference(effect, standard_error, -special.ndtri(tail) * standard_error, None)


def chance_and_risks(
    effect: FloatArray, standard_error: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How likely an effect is above 0, and what is lost on average by each choice.

    Parameters
    ----------
    effect, standard_error : of a normal belief

    Returns
    -------
    chance : that the effect is above 0
    risk_ship : E[max(-effect, 0)]
    risk_keep : E[max(effect, 0)]
    """
    z = effect / standard_error
    # The mean of what lies beyond 0, by the scaled tail: no difference of nearly equal numbers.
    far = np.abs(z)
    mills = math.sqrt(math.pi / 2) * special.erfcx(far / math.sqrt(2))
    density = np.exp(-(far**2) / 2) / math.sqrt(2 * math.pi)
    least = standard_error * density * np.maximum(0.0, 1 - far * mills)
    most = np.abs(effect) + least
    is_better = effect > 0
    return special.ndtr(z), np.where(is_better, least, most), np.where(is_better, most, least)
