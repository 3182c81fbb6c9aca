"""Beliefs about arms: Beta posteriors and the probability of being best."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]

DAILY_DISCOUNT = 0.97
MAX_COUNT = 1_000.0
# Count at which shares spread over near-best arms as their audiences ask for (docs/sampler.md).
SPREADING_COUNT = 40.0

# Quantile levels at which an arm's integral is cut into panels, both tails.
_TAILS = np.array([1e-16, 1e-12, 1e-9, 1e-6, 1e-4, 3e-3, 0.03, 0.12, 0.3])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_MAX_LOGIT = 700.0
_TINY = 1e-300


def discounted_count(
    impressions: FloatArray, days_old: FloatArray, most: float = MAX_COUNT
) -> FloatArray:
    """Count that an arm's evidence is worth today.

    Parameters
    ----------
    impressions : (n,) counts
    days_old : (n,) days since they were counted
    most : limit of the count

    Returns
    -------
    (n,) impressions * .97 ** days, at most 1 000, so exploration survives large counts
    """
    return np.minimum(impressions * DAILY_DISCOUNT**days_old, most)


def beta_posterior(count: FloatArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Beta parameters of an arm's score.

    Parameters
    ----------
    count : (n,) from `discounted_count`; 0 for an arm without data
    score : (n,) values in [0, 1]

    Returns
    -------
    alpha, beta : (n,) each, 1 + count * score and 1 + count * (1 - score)
    """
    return 1.0 + count * score, 1.0 + count * (1.0 - score)


def probability_best(alpha: npt.ArrayLike, beta: npt.ArrayLike) -> FloatArray:
    """Probability of each arm that its Beta variable is the largest of all.

    Integrates density times the others' distribution functions with Gauss-Legendre
    panels laid between the arms' own quantiles, on the logit axis, where Beta densities
    have no poles; the error is below 1e-9 for parameters from .1 to 1e5.

    Parameters
    ----------
    alpha, beta : (n,) Beta parameters above 0

    Returns
    -------
    (n,) probabilities that sum to one; arms with equal parameters get equal ones

    Raises
    ------
    ValueError : not one-dimensional, of different length, not finite or not above 0

    References
    ----------
    Russo et al. (2018), A Tutorial on Thompson Sampling, section 3.
    """
    a, b = _checked("alpha", alpha), _checked("beta", beta)
    if a.shape != b.shape:
        raise ValueError(f"alpha and beta differ in length: {a.size} and {b.size}")
    if a.size == 0:
        return np.empty(0)
    # Equal arms are computed once: many new arms cost as much as one.
    pairs, inverse, counts = np.unique(
        np.stack([a, b]), axis=1, return_inverse=True, return_counts=True
    )
    each = _integrals(pairs[0], pairs[1], counts.astype(np.float64))
    best = each[inverse.reshape(-1)]
    shares: FloatArray = best / best.sum()
    return shares


def _checked(name: str, values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(f"{name} must be finite and above 0, got {array}")
    return array


def _logit_quantiles(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper (n, levels) quantiles on the logit axis, exact in both tails."""
    low = special.betaincinv(a[:, None], b[:, None], _TAILS)
    high = special.betaincinv(b[:, None], a[:, None], _TAILS)  # of 1 - x
    with np.errstate(divide="ignore"):
        lower = np.log(low) - np.log1p(-low)
        upper = np.log1p(-high) - np.log(high)
    return np.clip(lower, -_MAX_LOGIT, _MAX_LOGIT), np.clip(upper, -_MAX_LOGIT, _MAX_LOGIT)


def _panels(a: FloatArray, b: FloatArray) -> FloatArray:
    """Panel edges: where some arm can still be the maximum, cut at the arms' quantiles."""
    lower, upper = _logit_quantiles(a, b)
    start, stop = lower[:, 0].max(), upper[:, 0].max()
    inner = np.concatenate([lower.ravel(), upper.ravel()])
    inner = np.sort(inner[(inner > start) & (inner < stop)])
    # Panels much narrower than the narrowest arm add cost and no accuracy.
    narrowest = float((upper[:, -1] - lower[:, -1]).min())
    cells = np.floor((inner - start) / max(narrowest / 4, 1e-12))
    kept = inner[np.concatenate([[True], np.diff(cells) > 0])] if inner.size else inner
    return np.concatenate([[start], kept, [stop]])


def _integrals(a: FloatArray, b: FloatArray, counts: FloatArray) -> FloatArray:
    edges = _panels(a, b)
    half = np.diff(edges) / 2
    t = ((edges[:-1] + half)[:, None] + half[:, None] * _NODES).ravel()
    weight = (half[:, None] * _WEIGHTS).ravel()
    x = special.expit(t)
    log_density = (
        a[:, None] * special.log_expit(t)
        + b[:, None] * special.log_expit(-t)
        - special.betaln(a, b)[:, None]
    )
    log_below = np.log(np.maximum(special.betainc(a[:, None], b[:, None], x), _TINY))
    log_others = counts @ log_below - log_below
    integrals: FloatArray = np.exp(log_density + log_others) @ weight
    return integrals
