"""Arms of a test as sums: means, variances of one unit, and the adjustment by a covariate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Metric = Literal["proportion", "mean", "ratio"]

METRICS: Final = ("proportion", "mean", "ratio")
# Below this share of the sums that it is the difference of, a variance is nothing but rounding.
_ROUNDING: Final = 1e-12


class Reason(IntEnum):
    """Why there is no answer; 0 where there is one."""

    NONE = 0
    NOT_FINITE = 1
    NEGATIVE_UNITS = 2
    ONE_UNIT = 3
    NO_SHARE = 4
    NO_DENOMINATOR = 5
    NO_VARIANCE = 6
    CONTROL_IS_ZERO = 7
    OUT_OF_RANGE = 8


WORDS: Final[dict[Reason, str]] = {
    Reason.NOT_FINITE: "A sum of an arm is not a finite number.",
    Reason.NEGATIVE_UNITS: "An arm has a negative number of units.",
    Reason.ONE_UNIT: "An arm has fewer than two units.",
    Reason.NO_SHARE: "An arm has more successes than units, or fewer than none.",
    Reason.NO_DENOMINATOR: "The denominator of an arm adds up to 0.",
    Reason.NO_VARIANCE: "All units of an arm have the same value, so chance cannot be judged.",
    Reason.CONTROL_IS_ZERO: "The mean of the control is 0, so there is no relative effect.",
    Reason.OUT_OF_RANGE: "The figures are too large or too small to compute with.",
}


@dataclass(frozen=True)
class ArmStatistics:
    """What is known of an arm: sums over its units.

    Every field is a number or an array; arrays of one comparison broadcast against each other.

    Attributes
    ----------
    n : units
    sum, sum_squares : of the metric; of a ratio, of its numerator. A proportion needs no squares
    denominator_sum, denominator_sum_squares, sum_product : of a ratio: its denominator, and
        numerator times denominator
    covariate_sum, covariate_sum_squares, sum_covariate_product : of what was known of a unit
        before (CUPED), and the metric times that
    """

    n: float | FloatArray
    sum: float | FloatArray
    sum_squares: float | FloatArray | None = None
    denominator_sum: float | FloatArray | None = None
    denominator_sum_squares: float | FloatArray | None = None
    sum_product: float | FloatArray | None = None
    covariate_sum: float | FloatArray | None = None
    covariate_sum_squares: float | FloatArray | None = None
    sum_covariate_product: float | FloatArray | None = None

    def column(self, name: str) -> FloatArray:
        """One field as an array; a field that is missing is refused by name."""
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"{name} of an arm is missing")
        return np.asarray(value, dtype=np.float64)

    @property
    def has_covariate(self) -> bool:
        """Whether anything is known of the units from before."""
        return self.covariate_sum is not None


@dataclass(frozen=True)
class Moments:
    """An arm's figures, all of the same shape.

    Attributes
    ----------
    n : units
    mean : adjusted by the covariate where there is one
    plain_mean : not adjusted
    variance : of one unit, adjusted
    reason : `Reason` why there is none of these
    """

    n: FloatArray
    mean: FloatArray
    plain_mean: FloatArray
    variance: FloatArray
    reason: IntArray


def off_the_edge(arm: ArmStatistics) -> ArmStatistics:
    """Add half a success and half a failure to a proportion of nobody or everybody.

    So that a variant on which nothing works any more can be told from the control: as it stands
    it has no variance. Other arms stay as they are.

    Parameters
    ----------
    arm : units and successes, numbers

    Returns
    -------
    the arm, or one with a unit more

    References
    ----------
    Brown, Cai, DasGupta (2001), Interval Estimation for a Binomial Proportion, Statistical
    Science 16(2): Jeffreys' prior.
    """
    if arm.n < 1 or arm.sum not in (0, arm.n):
        return arm
    return ArmStatistics(n=arm.n + 1, sum=arm.sum + 0.5)


def unit_variance(arm: ArmStatistics, metric: Metric) -> float:
    """Variance of one unit, as `compare` takes it: what sizes of tests are planned with.

    Parameters
    ----------
    arm : sums; a covariate is left aside
    metric : 'proportion', 'mean' or 'ratio'

    Returns
    -------
    p (1 - p), sample variance, or the delta method's

    Raises
    ------
    ValueError : there is none; the text says why
    """
    found = _plain(arm, metric)
    if found.reason:
        raise ValueError(WORDS[Reason(int(found.reason))])
    return float(found.variance)


def moments(
    control: ArmStatistics, treatment: ArmStatistics, metric: Metric
) -> tuple[Moments, Moments]:
    """Figures of two arms; with covariates, adjusted by one slope that both share (CUPED).

    Parameters
    ----------
    control, treatment : sums, each number or array; arrays broadcast
    metric : 'proportion', 'mean' or 'ratio'

    Returns
    -------
    of the control, of the treatment

    Raises
    ------
    ValueError : a sum that the metric needs is missing, or one arm alone has a covariate

    References
    ----------
    Deng, Xu, Kohavi, Walker (2013), Improving the Sensitivity of Online Controlled Experiments
    by Utilizing Pre-Experiment Data, eq. 4. Deng, Knoblich, Lu (2018), Applying the Delta Method
    in Metric Analytics, eq. 5.
    """
    if control.has_covariate != treatment.has_covariate:
        raise ValueError("covariate_sum must be there for both arms or for none")
    if not control.has_covariate:
        return _plain(control, metric), _plain(treatment, metric)
    if metric == "ratio":
        raise ValueError("covariate_sum is not for a ratio: adjust a mean or a proportion")
    slope = _slope(control, treatment)
    return _adjusted(control, metric, slope), _adjusted(treatment, metric, slope)


def _plain(arm: ArmStatistics, metric: Metric) -> Moments:
    n, total = arm.column("n"), arm.column("sum")
    with np.errstate(all="ignore"):
        if metric == "proportion":
            mean, variance, scale = total / n, total / n * (1 - total / n), np.zeros(())
        elif metric == "mean":
            mean = total / n
            variance, scale = _variance(n, total, arm.column("sum_squares"))
        else:
            mean, variance, scale = _ratio(arm)
    return _judged(arm, metric, (mean, mean, variance, scale))


def _variance(
    n: FloatArray, total: FloatArray, squares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sample variance, and the size of what it is the difference of."""
    return (squares - total * (total / n)) / (n - 1), squares / (n - 1)


def _ratio(arm: ArmStatistics) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, above, below = arm.column("n"), arm.column("sum"), arm.column("denominator_sum")
    of_above, size_above = _variance(n, above, arm.column("sum_squares"))
    of_below, size_below = _variance(n, below, arm.column("denominator_sum_squares"))
    covariance = (arm.column("sum_product") - above * (below / n)) / (n - 1)
    ratio, mean_below = above / below, below / n
    variance = (of_above - 2 * ratio * covariance + ratio**2 * of_below) / mean_below**2
    return ratio, variance, (size_above + ratio**2 * size_below) / mean_below**2


def _slope(control: ArmStatistics, treatment: ArmStatistics) -> FloatArray:
    """Slope of the metric on the covariate over the units of both arms; 0 without variation."""

    def both(name: str) -> FloatArray:
        return control.column(name) + treatment.column(name)

    with np.errstate(all="ignore"):
        mean = both("covariate_sum") / both("n")
        squares = both("covariate_sum_squares")
        spread = squares - both("covariate_sum") * mean
        shared = both("sum_covariate_product") - both("sum") * mean
        return np.where(spread > _ROUNDING * squares, shared / spread, 0.0)


def _adjusted(arm: ArmStatistics, metric: Metric, slope: FloatArray) -> Moments:
    plain, n = _plain(arm, metric), arm.column("n")
    before, squares = arm.column("covariate_sum"), arm.column("covariate_sum_squares")
    # A proportion's variance is that of its units and no estimate: nor are these then.
    divisor = n if metric == "proportion" else n - 1
    with np.errstate(all="ignore"):
        spread = (squares - before * (before / n)) / divisor
        shared = (arm.column("sum_covariate_product") - arm.column("sum") * (before / n)) / divisor
        variance = plain.variance + slope**2 * spread - 2 * slope * shared
        own = arm.column("sum" if metric == "proportion" else "sum_squares")
        figures = (
            plain.mean - slope * before / n,
            plain.mean,
            variance,
            (own + slope**2 * squares) / divisor,
        )
    return _judged(arm, metric, figures)


def _judged(arm: ArmStatistics, metric: Metric, figures: tuple[FloatArray, ...]) -> Moments:
    """Add why there are no figures, if so: means, variance, and the size that it is due to."""
    n, total = arm.column("n"), arm.column("sum")
    mean, plain_mean, variance, scale = figures
    with np.errstate(all="ignore"):
        everything = np.asarray(sum(arm.column(name) for name in _given(arm)))
    is_share = (total >= 0) & (total <= n)
    below = arm.column("denominator_sum") if metric == "ratio" else np.ones(())
    wrong: list[tuple[npt.NDArray[np.bool_], Reason]] = [
        (~np.isfinite(everything), Reason.NOT_FINITE),
        (n < 0, Reason.NEGATIVE_UNITS),
        (n <= 1, Reason.ONE_UNIT),
        (~is_share & (metric == "proportion"), Reason.NO_SHARE),
        (below == 0, Reason.NO_DENOMINATOR),
        (~np.isfinite(variance), Reason.OUT_OF_RANGE),
        (variance <= _ROUNDING * scale, Reason.NO_VARIANCE),
    ]
    reason = np.zeros((), dtype=np.int64)
    for is_so, which in reversed(wrong):
        reason = np.where(is_so, int(which), reason)
    return Moments(n, mean, plain_mean, variance, reason)


def _given(arm: ArmStatistics) -> list[str]:
    return [name for name in arm.__dataclass_fields__ if getattr(arm, name) is not None]
