"""Customer value without features: BG/NBD for how often, Gamma-Gamma for how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from mlops.engine.learning.shapes import FloatArray

_APART = 1e-6
# Customers all alike push parameters to infinity together; these logarithms are far enough.
_FURTHEST = 7.0


@dataclass(frozen=True)
class Purchases:
    """What customers bought so far; times in one unit of the caller's."""

    frequency: FloatArray  # repeat purchases: times on which something was bought, less one
    recency: FloatArray  # from the first to the last purchase
    age: FloatArray  # from the first purchase to now
    mean_value: FloatArray  # of repeat purchases; 0 without any

    def of(self, chosen: np.ndarray[tuple[int], np.dtype[np.generic]]) -> Purchases:
        """Take some customers."""
        return Purchases(
            self.frequency[chosen], self.recency[chosen], self.age[chosen], self.mean_value[chosen]
        )


@dataclass(frozen=True)
class BGNBD:
    """Purchases at Poisson rate ~ Gamma(r, alpha); lost after one with chance ~ Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    converged: bool

    def expected(self, bought: Purchases, horizon: float) -> FloatArray:
        """Purchases to come of each customer.

        Parameters
        ----------
        bought : of n customers
        horizon : in the unit of their ages

        Returns
        -------
        (n,) expected purchases in the horizon after now

        References
        ----------
        Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284, eq. (10).
        """
        r, alpha, b = self.r, self.alpha, self.b
        a = self.a if abs(self.a - 1) > _APART else 1 + _APART  # the formula has a gap at 1
        x, age = bought.frequency, bought.age
        # The product of 2F1 and power in (10), by Pfaff's transformation: neither overflows.
        kept = special.hyp2f1(r + x, a - 1, a + b + x - 1, -horizon / (alpha + age))
        rate = (a + b + x - 1) / (a - 1) * (1 - kept)
        lost = np.where(
            x > 0,
            a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + bought.recency)) ** (r + x),
            0.0,
        )
        return np.asarray(rate / (1 + lost), dtype=np.float64)


@dataclass(frozen=True)
class GammaGamma:
    """Mean value of a customer's purchases ~ Gamma, its rate ~ Gamma(q, v)."""

    p: float
    q: float
    v: float
    log_likelihood: float
    converged: bool

    def expected(self, bought: Purchases) -> FloatArray:
        """Mean value of purchases to come.

        Parameters
        ----------
        bought : of n customers

        Returns
        -------
        (n,) between what the customer spent and what all spend, by how often they bought

        References
        ----------
        Fader, Hardie and Lee (2005), Journal of Marketing Research 42(4), 415-430.
        """
        x, m = bought.frequency, bought.mean_value
        return np.asarray(self.p * (self.v + x * m) / (self.p * x + self.q - 1), dtype=np.float64)


def fit_frequency(bought: Purchases) -> BGNBD:
    """Fit BG/NBD by maximum likelihood.

    Parameters
    ----------
    bought : of n customers; recency no greater than age

    Raises
    ------
    ValueError : nobody bought twice, or a recency beyond the age

    References
    ----------
    Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284, eq. (6).
    """
    if not (bought.frequency > 0).any():
        raise ValueError("frequency: nobody bought twice, so nothing tells how often people buy.")
    if (bought.recency > bought.age).any():
        raise ValueError("recency: the last purchase of a customer lies after now.")
    scale = float(bought.age.max())  # ages of about one keep the optimiser well conditioned
    x, t_x, age = bought.frequency, bought.recency / scale, bought.age / scale

    def loss(logs: FloatArray) -> float:
        """Return the mean negative log likelihood at the logarithms of r, alpha, a and b."""
        r, alpha, a, b = np.exp(logs)
        common = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
        common += special.betaln(a, b + x) - special.betaln(a, b)
        alive = -(r + x) * np.log(alpha + age)
        left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        return -float(np.mean(common + np.logaddexp(alive, np.where(x > 0, left, -np.inf))))

    logs, value, converged = _minimised(loss, 4)
    r, alpha, a, b = np.exp(logs)
    fitted = -value * x.size - float(x.sum()) * np.log(scale)
    return BGNBD(float(r), float(alpha * scale), float(a), float(b), fitted, converged)


def fit_value(bought: Purchases) -> GammaGamma:
    """Fit Gamma-Gamma by maximum likelihood, on those who bought again.

    Parameters
    ----------
    bought : of n customers; values above 0 where the frequency is

    Raises
    ------
    ValueError : nobody bought twice, or bought again for nothing

    References
    ----------
    Fader and Hardie (2013), The Gamma-Gamma model of monetary value, eq. (1a).
    """
    again = bought.of(bought.frequency > 0)
    if not again.frequency.size:
        raise ValueError("frequency: nobody bought twice, so nothing tells what purchases bring.")
    if (again.mean_value <= 0).any():
        raise ValueError("mean_value: a customer bought again for nothing; leave those out.")
    scale = float(again.mean_value.mean())
    x, m = again.frequency, again.mean_value / scale

    def loss(logs: FloatArray) -> float:
        p, q, v = np.exp(logs)
        told = special.gammaln(p * x + q) - special.gammaln(p * x) - special.gammaln(q)
        told += q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
        return -float(np.mean(told - (p * x + q) * np.log(x * m + v)))

    logs, value, converged = _minimised(loss, 3)
    p, q, v = np.exp(logs)
    fitted = -value * x.size - x.size * np.log(scale)
    return GammaGamma(float(p), float(q), float(v * scale), float(fitted), converged)


def expected_value(bought: Purchases, horizon: float) -> FloatArray:
    """Fit both models to customers and tell what each will bring.

    Parameters
    ----------
    bought : of n customers
    horizon : in the unit of their ages

    Returns
    -------
    (n,) money
    """
    counts = fit_frequency(bought).expected(bought, horizon)
    return counts * fit_value(bought).expected(bought)


def _minimised(
    loss: Callable[[FloatArray], float], parameters: int
) -> tuple[FloatArray, float, bool]:
    from scipy import optimize

    # Positive parameters as logarithms.
    found = optimize.minimize(
        loss,
        np.zeros(parameters),
        method="L-BFGS-B",
        bounds=[(-_FURTHEST, _FURTHEST)] * parameters,
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    return np.asarray(found.x, dtype=np.float64), float(found.fun), bool(found.success)
