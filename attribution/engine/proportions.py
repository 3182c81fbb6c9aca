"""Two rates: are they different, and how many people would show it."""

from __future__ import annotations

import math
from typing import Final

from scipy import special

ALPHA: Final = 0.05
POWER: Final = 0.80


def sample_size_per_arm(
    baseline: float, target: float, *, power: float = POWER, alpha: float = ALPHA
) -> int:
    """People that each of two arms needs to tell two rates apart, two-sided.

    Parameters
    ----------
    baseline, target : rates in [0, 1], different
    power, alpha : chance to find the difference, and to find one that is not there

    Returns
    -------
    whole people, rounded up

    Raises
    ------
    ValueError : rates are equal or outside [0, 1]

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., eq. 4.14;
    the same as R's power.prop.test.
    """
    if not (0 <= baseline <= 1 and 0 <= target <= 1) or baseline == target:
        raise ValueError(f"rates {baseline} and {target} must differ and lie in [0, 1]")
    mean = (baseline + target) / 2
    spread = special.ndtri(1 - alpha / 2) * math.sqrt(2 * mean * (1 - mean)) + special.ndtri(
        power
    ) * math.sqrt(baseline * (1 - baseline) + target * (1 - target))
    return math.ceil(float(spread / (target - baseline)) ** 2)


def two_proportion_p(first: int, n_first: int, second: int, n_second: int) -> float:
    """p-value, two-sided, of the hypothesis that two groups have the same rate.

    Parameters
    ----------
    first, second : successes
    n_first, n_second : people, at least 1 each

    Returns
    -------
    pooled z test without correction; 1 where nobody or everybody succeeded

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., ch. 3.
    """
    pooled = (first + second) / (n_first + n_second)
    variance = pooled * (1 - pooled) * (1 / n_first + 1 / n_second)
    if variance <= 0:
        return 1.0
    z = abs(first / n_first - second / n_second) / math.sqrt(variance)
    return float(2 * special.ndtr(-z))
