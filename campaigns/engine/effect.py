"""Effect of a change on a daily metric: what to expect of it, and what came of it.

Both use one definition. The effect is the metric per day over the horizon after the change,
less its mean over the 14 days before, the latter scaled by how unchanged siblings of the
account moved meanwhile. Amounts are per day, in the metric's own unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

HISTORY_DAYS = 28
LEAST_DAYS = 14
BEFORE_DAYS = 14
HORIZON_DAYS = 7
LEAST_SIBLINGS = 3
INTERVAL = (0.1, 0.9)
DRAWS = 1_000

_LEAST_POINTS = 7
_LEAST_OWNERS = 3


@dataclass(frozen=True)
class PredictedEffect:
    """Expected effect of a change.

    Attributes
    ----------
    metric : name of the daily metric
    delta : expected change of the metric per day
    low, high : 80 % interval of the effect as it will be measured, noise of the days included
    confidence : probability that the true effect has the sign of `delta`
    horizon_days : full account days after execution over which it will be measured
    basis : 'marginal_return' (budgets) or 'mean_return' (status)
    rate : metric gained per unit of spend (budgets) or per day (status)
    days : days of history used
    seed : of the bootstrap
    """

    metric: str
    delta: float
    low: float
    high: float
    confidence: float
    horizon_days: int
    basis: Literal["marginal_return", "mean_return"]
    rate: float
    days: int
    seed: int


@dataclass(frozen=True)
class RealisedEffect:
    """Measured effect of a change.

    Attributes
    ----------
    metric : name of the daily metric
    delta : change of the metric per day against `expected`
    expected : metric per day that was to be expected without the change
    method : 'siblings' when scaled by unchanged siblings, else 'before_after'
    siblings : number of siblings there were
    """

    metric: str
    delta: float
    expected: float
    method: Literal["siblings", "before_after"]
    siblings: int


def predict_budget_effect(
    *,
    metric: str,
    spend: FloatArray,
    value: FloatArray,
    siblings_spend: FloatArray,
    siblings_value: FloatArray,
    delta_spend: float,
    seed: int,
    horizon_days: int = HORIZON_DAYS,
) -> PredictedEffect | None:
    """Expect delta spend times the marginal return, shrunk to the account's.

    Parameters
    ----------
    metric : name of what `value` counts
    spend, value : (d,) the budget owner's days, oldest first, the last 28 are used; amounts
        of one currency, value also a count
    siblings_spend, siblings_value : (k, d) the same days of the account's other owners;
        days without spend are left out of the slopes
    delta_spend : change of the daily budget
    seed : of the day bootstrap
    horizon_days : measured after execution

    Returns
    -------
    PredictedEffect, or None ('no prediction') under 14 days of history

    Raises
    ------
    ValueError : shapes differ, not finite, or `delta_spend` is 0

    References
    ----------
    Efron and Morris (1975), JASA 70(350), 311-319; DerSimonian and Laird (1986), Controlled
    Clinical Trials 7, 177-188, for the variance between owners.
    """
    _check_days(spend, value, siblings_spend, siblings_value)
    if delta_spend == 0 or not np.isfinite(delta_spend):
        raise ValueError(f"delta_spend must be finite and not 0, got {delta_spend}")
    days = min(spend.size, HISTORY_DAYS)
    if days < LEAST_DAYS:
        return None
    x = np.vstack([spend, siblings_spend])[:, -days:]
    y = np.vstack([value, siblings_value])[:, -days:]
    rng = np.random.default_rng(seed)
    rate = float(_shrunk_slopes(x, y, np.ones((1, days)))[0])
    rates = _shrunk_slopes(x, y, _day_counts(rng, days, days))
    noise = _measurement_noise(rng, y, horizon_days)
    effects = delta_spend * rates
    low, high = np.quantile(effects + noise, INTERVAL)
    delta = delta_spend * rate
    return PredictedEffect(
        metric=metric,
        delta=delta,
        low=min(float(low), delta),
        high=max(float(high), delta),
        confidence=_same_sign(effects, delta),
        horizon_days=horizon_days,
        basis="marginal_return",
        rate=rate,
        days=days,
        seed=seed,
    )


def predict_status_effect(
    *,
    metric: str,
    spend: FloatArray,
    value: FloatArray,
    siblings_value: FloatArray,
    pauses: bool,
    seed: int,
    horizon_days: int = HORIZON_DAYS,
) -> PredictedEffect | None:
    """Expect the mean daily return to be lost by a pause, or won back by a start.

    Parameters
    ----------
    metric : name of what `value` counts
    spend, value : (d,) days, oldest first, the last 28 are used; for a start, days without
        spend do not count
    siblings_value : (k, d) the same days of the account's other owners
    pauses : true for a pause, false for a start
    seed : of the day bootstrap
    horizon_days : measured after execution

    Returns
    -------
    PredictedEffect, or None ('no prediction') under 14 days of history

    Raises
    ------
    ValueError : shapes differ or not finite
    """
    _check_days(spend, value, siblings_value, siblings_value)
    kept = np.ones(spend.size, dtype=bool) if pauses else spend > 0
    y = np.vstack([value, siblings_value])[:, kept][:, -HISTORY_DAYS:]
    days = y.shape[1]
    if days < LEAST_DAYS:
        return None
    rng = np.random.default_rng(seed)
    sign, mean = (-1.0 if pauses else 1.0), float(y[0].mean())
    means = _day_counts(rng, days, days) @ y[0] / days
    # Afterwards a paused owner has no noise of its own, only its baseline has.
    measured = sign * _expected_without_change(rng, y, horizon_days)
    low, high = np.quantile(measured, INTERVAL)
    return PredictedEffect(
        metric=metric,
        delta=sign * mean,
        low=min(float(low), sign * mean),
        high=max(float(high), sign * mean),
        confidence=_same_sign(sign * means, sign * mean),
        horizon_days=horizon_days,
        basis="mean_return",
        rate=mean,
        days=days,
        seed=seed,
    )


def realised_effect(
    *,
    metric: str,
    before: FloatArray,
    after: FloatArray,
    siblings_before: FloatArray,
    siblings_after: FloatArray,
    horizon_days: int = HORIZON_DAYS,
) -> RealisedEffect | None:
    """Measure what came of a change.

    Parameters
    ----------
    metric : name of the daily metric
    before : (14,) full account days before execution
    after : (horizon_days,) full account days after it
    siblings_before, siblings_after : (k, 14) and (k, horizon_days) of owners in the account
        that nothing changed meanwhile

    Returns
    -------
    RealisedEffect, labelled 'before_after' with fewer than 3 siblings or siblings without
    any of the metric before; None while days are missing

    Raises
    ------
    ValueError : siblings' shapes differ from the owner's, or values are not finite
    """
    if siblings_before.shape[0] != siblings_after.shape[0]:
        raise ValueError("siblings_before and siblings_after differ in the number of siblings")
    _check_days(before, before, siblings_before, siblings_before)
    _check_days(after, after, siblings_after, siblings_after)
    if before.size < BEFORE_DAYS or after.size < horizon_days:
        return None
    siblings = siblings_before.shape[0]
    level = float(siblings_before[:, -BEFORE_DAYS:].sum(axis=0).mean()) if siblings else 0.0
    is_controlled = siblings >= LEAST_SIBLINGS and level > 0
    expected = float(before[-BEFORE_DAYS:].mean())
    if is_controlled:
        expected *= float(siblings_after[:, :horizon_days].sum(axis=0).mean()) / level
    return RealisedEffect(
        metric=metric,
        delta=float(after[:horizon_days].mean()) - expected,
        expected=expected,
        method="siblings" if is_controlled else "before_after",
        siblings=siblings,
    )


def _check_days(
    spend: FloatArray, value: FloatArray, siblings_spend: FloatArray, siblings_value: FloatArray
) -> None:
    if spend.ndim != 1 or spend.shape != value.shape:
        raise ValueError(f"spend {spend.shape} and value {value.shape} must be days alike")
    for name, rows in (("siblings_spend", siblings_spend), ("siblings_value", siblings_value)):
        if rows.ndim != 2 or rows.shape[1] != spend.size:  # owners by days
            raise ValueError(f"{name} must be owners by {spend.size} days, got {rows.shape}")
    if siblings_spend.shape != siblings_value.shape:
        raise ValueError("siblings_spend and siblings_value differ in shape")
    given = {"spend": spend, "value": value}
    given |= {"siblings_spend": siblings_spend, "siblings_value": siblings_value}
    for name, data in given.items():
        if not np.isfinite(data).all():
            raise ValueError(f"{name} must be finite")


def _day_counts(rng: np.random.Generator, days: int, size: int) -> FloatArray:
    """(DRAWS, days) how often each day is drawn in a sample of `size` days."""
    return rng.multinomial(size, np.full(days, 1 / days), size=DRAWS).astype(np.float64)


def _same_sign(effects: FloatArray, delta: float) -> float:
    return float((effects * delta > 0).mean())


def _expected_without_change(
    rng: np.random.Generator, y: FloatArray, horizon_days: int
) -> FloatArray:
    """Redraw the baseline of the measurement from history, owner in the first row."""
    before = _day_counts(rng, y.shape[1], BEFORE_DAYS) / BEFORE_DAYS
    baseline: FloatArray = before @ y[0]
    if y.shape[0] - 1 < LEAST_SIBLINGS:
        return baseline
    after = _day_counts(rng, y.shape[1], horizon_days) / horizon_days
    siblings = y[1:].sum(axis=0)
    level = before @ siblings
    ratio = np.divide(after @ siblings, level, out=np.ones_like(level), where=level > 0)
    scaled: FloatArray = baseline * ratio
    return scaled


def _measurement_noise(rng: np.random.Generator, y: FloatArray, horizon_days: int) -> FloatArray:
    """Effects that would be measured if nothing were changed, (DRAWS,)."""
    after = _day_counts(rng, y.shape[1], horizon_days) / horizon_days
    noise: FloatArray = after @ y[0] - _expected_without_change(rng, y, horizon_days)
    return noise


def _shrunk_slopes(x: FloatArray, y: FloatArray, counts: FloatArray) -> FloatArray:
    """Marginal return of the first owner in each resample, shrunk to the account's.

    `counts` is (draws, days); every sum over days is one matrix product.
    """
    seen = (x > 0).astype(np.float64)
    n = counts @ seen.T
    safe = np.maximum(n, 1)
    mean_x, mean_y = counts @ (x * seen).T / safe, counts @ (y * seen).T / safe
    sxx = np.maximum(counts @ (x * x * seen).T - n * mean_x**2, 0)
    sxy = counts @ (x * y * seen).T - n * mean_x * mean_y
    syy = np.maximum(counts @ (y * y * seen).T - n * mean_y**2, 0)
    # A budget that never moved says nothing about its margin; rounding is not a movement.
    usable = (n >= _LEAST_POINTS) & (sxx > 1e-9 * n * mean_x**2)
    sxx = np.where(usable, sxx, 1.0)
    slope = np.where(usable, sxy / sxx, 0.0)
    residual = np.maximum(syy - slope * sxy, 0)
    average = (mean_y * n).sum(axis=1) / np.maximum((mean_x * n).sum(axis=1), 1e-12)
    floor = (1e-6 * average[:, None]) ** 2 + 1e-100  # weights are squared later
    variance = np.maximum(residual / (np.maximum(n - 2, 1) * sxx), floor)
    weight = np.where(usable, 1 / variance, 0.0)
    account = _account_slope(slope, weight, average)
    spread = _spread(slope, weight, account)
    own = np.where(usable[:, 0], spread / (spread + variance[:, 0]), 0.0)
    shrunk: FloatArray = own * slope[:, 0] + (1 - own) * account
    return shrunk


def _account_slope(slope: FloatArray, weight: FloatArray, average: FloatArray) -> FloatArray:
    """Precision-weighted slope of the account, leaning on its average return.

    Margins are of the size of averages: the average return is the prior, as wide as itself.
    """
    prior = 1 / np.maximum(average**2, 1e-300)
    total = weight.sum(axis=1)
    mean: FloatArray = ((weight * slope).sum(axis=1) + prior * average) / (total + prior)
    return mean


def _spread(slope: FloatArray, weight: FloatArray, account: FloatArray) -> FloatArray:
    """Variance of the true slopes between owners (method of moments)."""
    owners = (weight > 0).sum(axis=1)
    total = np.maximum(weight.sum(axis=1), 1e-300)
    centre = (weight * slope).sum(axis=1) / total
    excess = (weight * (slope - centre[:, None]) ** 2).sum(axis=1) - (owners - 1)
    scale = total - (weight**2).sum(axis=1) / total
    moments = np.maximum(excess, 0) / np.where(scale > 0, scale, 1.0)
    # With one or two owners nothing is known about the spread; margins are of their own size.
    return np.where(owners >= _LEAST_OWNERS, moments, account**2)
