"""Revenue that has not arrived yet: the conversion-delay curve and expected final ROAS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

INTERVAL = (0.1, 0.9)


@dataclass(frozen=True)
class DelayCurve:
    """Share of final value that has arrived a given time after the spend.

    Attributes
    ----------
    ages_h : rising knots in hours, the first above 0; the curve starts at (0, 0)
    shares : cumulative shares at the knots, rising to at most 1; constant after the last
    """

    ages_h: tuple[float, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ages_h or len(self.ages_h) != len(self.shares):
            raise ValueError("ages_h and shares must have the same length of at least 1")
        if self.ages_h[0] <= 0 or not (np.diff(self.ages_h) > 0).all():
            raise ValueError(f"ages_h must rise from above 0, got {self.ages_h}")
        ordered = (np.diff((0.0, *self.shares, 1.0)) >= -1e-12).all()
        if not ordered:
            raise ValueError(f"shares must rise within [0, 1], got {self.shares}")

    def completeness(self, age_h: FloatArray) -> FloatArray:
        """Share of an arm's final value that has arrived, for spend spread evenly over its age.

        Parameters
        ----------
        age_h : (n,) hours since the arm started

        Returns
        -------
        (n,) mean of the curve over the ages of the spend, in [0, 1]
        """
        ages = np.concatenate([[0.0], self.ages_h])
        shares = np.concatenate([[0.0], self.shares])
        areas = np.concatenate([[0.0], np.cumsum(np.diff(ages) * (shares[1:] + shares[:-1]) / 2)])
        inside = np.minimum(age_h, ages[-1])
        knot = np.clip(np.searchsorted(ages, inside, side="right") - 1, 0, len(ages) - 1)
        at = np.interp(inside, ages, shares)
        area = areas[knot] + (inside - ages[knot]) * (shares[knot] + at) / 2
        area = area + np.maximum(age_h - ages[-1], 0.0) * shares[-1]
        mean = np.zeros_like(age_h)
        np.divide(area, age_h, out=mean, where=age_h > 0)
        return mean


def fit_delay_curve(delays_h: npt.ArrayLike, observed_h: npt.ArrayLike) -> DelayCurve:
    """Learn the delay curve from conversions seen so far.

    Long delays of recent clicks have not been seen yet; the product-limit estimator for
    right-truncated data corrects for that.

    Parameters
    ----------
    delays_h : (n,) hours from click to conversion
    observed_h : (n,) hours from that click to now, at least the delay

    Returns
    -------
    DelayCurve : shares relative to what arrives within the longest observed delay

    Raises
    ------
    ValueError : no conversions, different lengths, negative or not finite, a delay longer
        than its observation

    References
    ----------
    Lynden-Bell (1971), Monthly Notices of the RAS 155, 95-118; Lagakos et al. (1988),
    Biometrika 75(3), 515-523.
    """
    delays = np.asarray(delays_h, dtype=np.float64)
    observed = np.asarray(observed_h, dtype=np.float64)
    if delays.ndim != 1 or delays.shape != observed.shape or delays.size == 0:
        raise ValueError("delays_h and observed_h must be one-dimensional, equal, not empty")
    if not (np.isfinite(delays) & np.isfinite(observed) & (delays >= 0)).all():
        raise ValueError("delays_h and observed_h must be finite and at least 0")
    if (delays > observed).any():
        raise ValueError("delays_h has a conversion later than its observed_h")
    times, events = np.unique(np.maximum(delays, 1e-6), return_counts=True)
    seen = np.searchsorted(np.sort(delays), times, side="right")
    gone = np.searchsorted(np.sort(observed), times, side="left")
    at_risk = np.maximum(seen - gone, events)
    survived_later = np.append(np.cumprod((1 - events / at_risk)[::-1])[::-1][1:], 1.0)
    return DelayCurve(tuple(times.tolist()), tuple(survived_later.tolist()))


@dataclass(frozen=True)
class MatureRoas:
    """Expected final ROAS with its 80 % interval, and the share that has arrived, (n,) each."""

    expected: FloatArray
    low: FloatArray
    high: FloatArray
    completeness: FloatArray


def mature_roas(
    spend: FloatArray,
    value: FloatArray,
    completeness: FloatArray,
    *,
    prior_spend: float,
    unit_value: float | None = None,
) -> MatureRoas:
    """Estimate the final ROAS once all delayed value has arrived.

    What has arrived counts in full; only the outstanding part is filled in, at a rate that
    leans on the other arms while the arm's own evidence is thin. A young arm is so
    neither punished for revenue that cannot be there yet nor praised for one early deal.

    Parameters
    ----------
    spend, value : (n,) so far, same currency
    completeness : (n,) share of final value expected to have arrived, in [0, 1]
    prior_spend : matured spend at which an arm's own rate counts as much as the others'
    unit_value : mean value of one conversion, which sets the width of the interval; None:
        the mean value of an arm, which is wide

    Returns
    -------
    MatureRoas : equal to value / spend where completeness is 1; 0 without spend

    References
    ----------
    Bornhuetter and Ferguson (1972), Proc. Casualty Actuarial Society 59, 181-195.
    """
    matured = spend * completeness
    pooled = float(value.sum() / matured.sum()) if matured.sum() > 0 else 0.0
    unit = unit_value or (float(value[spend > 0].mean()) if (spend > 0).any() else 0.0)
    outstanding = spend - matured
    shape = value + prior_spend * pooled
    exposure = matured + prior_spend
    rate = np.divide(shape, exposure, out=np.zeros_like(spend), where=exposure > 0)
    ends = [_outstanding_quantile(p, shape, exposure, outstanding, unit) for p in INTERVAL]
    arriving = [rate * outstanding, *ends]
    roas = [
        np.divide(value + more, spend, out=np.zeros_like(spend), where=spend > 0)
        for more in arriving
    ]
    low, high = np.minimum(roas[1], roas[0]), np.maximum(roas[2], roas[0])
    return MatureRoas(roas[0], low, high, completeness)


def _outstanding_quantile(
    level: float, shape: FloatArray, exposure: FloatArray, outstanding: FloatArray, unit: float
) -> FloatArray:
    """Quantile of value still to come: conversions are Poisson at a gamma-distributed rate."""
    unsure = (shape > 0) & (exposure > 0) & (outstanding > 0)
    result = np.zeros_like(shape)
    if unit > 0 and unsure.any():
        chance = exposure[unsure] / (exposure[unsure] + outstanding[unsure])
        # Half of a process's start would be this import, and most processes never come here.
        from scipy import stats

        result[unsure] = unit * stats.nbinom.ppf(level, shape[unsure] / unit, chance)
    return result
