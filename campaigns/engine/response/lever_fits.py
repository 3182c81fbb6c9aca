"""Effects of levers by a workspace's own figures, else the stated priors with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from campaigns.engine.elasticity import elasticity
from campaigns.engine.response.levers import Effect
from campaigns.engine.response.transforms import FloatArray

LEAST_DAYS = 56
LEAST_VARIATION = 0.05
WINDOW = 7
LEAST_ADS = 8
LEAST_UNITS = 50.0
# Money that a paused ad frees brings this share of what the ads it goes to brought before.
REINVESTED = 0.5


def fit_effect(
    prior: Effect, lever: FloatArray, target: FloatArray, weekdays: FloatArray
) -> Effect:
    """Elasticity on own daily figures; the prior, with the reason, where they are too thin.

    Least squares of log(target) on the log of the lever's mean over the last 7 days, a straight
    trend and the weekday; the error allows for neighbouring days being alike.

    Parameters
    ----------
    prior : what is said where nothing can be learnt
    lever : (n_days,) 0 or more: creatives begun, bids, 1 + influencer money over the paid budget,
        pieces of content, pushes
    target : (n_days,) above 0: paid units per money, organic units, DAU or D7 retention
    weekdays : (n_days,) 0 to 6

    Returns
    -------
    effect that is "fitted" or "prior". It shows moving together, not cause

    Raises
    ------
    ValueError : arrays of unequal length

    References
    ----------
    Newey, West (1987), Econometrica 55(3), 703-708.
    """
    if not len(lever) == len(target) == len(weekdays):
        raise ValueError(
            f"lever, target and weekdays have {len(lever)}, {len(target)} and {len(weekdays)} days:"
            " they must be the same"
        )
    days = len(lever) - WINDOW + 1
    means = np.convolve(lever, np.full(WINDOW, 1 / WINDOW), "valid") if days > 0 else lever[:0]
    usable = (means > 0) & (target[WINDOW - 1 :] > 0)
    reason = _thin(prior, means[usable])
    if reason:
        return replace(prior, source="prior", reason=reason)
    logs, outcome = np.log(means[usable]), np.log(target[WINDOW - 1 :][usable])
    later = weekdays[WINDOW - 1 :][usable]
    found = elasticity(logs, outcome, later)
    return replace(prior, elasticity=found.value, error=found.error, source="fitted", reason="")


def _thin(prior: Effect, means: FloatArray) -> str:
    name = prior.lever.value.replace("_", " ")
    if len(means) < LEAST_DAYS:
        return (
            f"There are {len(means)} days with figures of {name}; {LEAST_DAYS} are the least."
            " This is the stated prior."
        )
    if means.std() < LEAST_VARIATION * means.mean():
        return f"The {name} hardly varied from week to week. This is the stated prior."
    return ""


def pausing_effect(prior: Effect, spend: FloatArray, units: FloatArray, share: float) -> Effect:
    """Reckon what pausing the worst ads gains, by the ads' own figures.

    Rates are drawn towards the mean of all ads by as much as chance alone makes them differ
    (Gamma-Poisson), or the worst would look worse than they are. The freed money goes to the other
    ads at half of their rate.

    Parameters
    ----------
    prior : of pausing on what paid channels bring
    spend : (n_ads,) money of the last weeks, 0 or more
    units : (n_ads,) installs or conversions, 0 or more
    share : of the ads that is paused, above 0 and below 1

    Returns
    -------
    effect at this share, "fitted" where there are 8 ads and 50 units, else the prior

    References
    ----------
    Robbins (1956), Proc. Third Berkeley Symposium 1, 157-163 (empirical Bayes).
    """
    runs = spend > 0
    money, brought = spend[runs], units[runs]
    paused = int(np.floor(share * len(money)))
    if len(money) < LEAST_ADS or brought.sum() < LEAST_UNITS or paused < 1:
        reason = (
            f"There are {len(money)} ads with {brought.sum():.0f} units; {LEAST_ADS} ads with"
            f" {LEAST_UNITS:.0f} units are the least to rank them by. This is the stated prior."
        )
        return replace(prior, source="prior", reason=reason)
    gain, error = _gain(money, brought, paused)
    stretch = float(np.log(1 / (1 - share)))
    return replace(
        prior,
        elasticity=gain / stretch,
        error=error / stretch,
        source="fitted",
        reason="",
    )


def _gain(money: FloatArray, brought: FloatArray, paused: int) -> tuple[float, float]:
    """Reckon the logarithm of units after over units before, and its standard error."""
    mean = brought.sum() / money.sum()
    chance = mean / money
    between = max(float(np.average((brought / money - mean) ** 2 - chance, weights=money)), 0.0)
    weight = between / (between + chance)
    rates = mean + weight * (brought / money - mean)
    kept = np.argsort(rates)[paused:]
    best = float((rates[kept] * money[kept]).sum() / money[kept].sum())
    freed = 1 - money[kept].sum() / money.sum()
    gain = ((1 - freed) * best + freed * REINVESTED * best) / float(
        np.average(rates, weights=money)
    )
    error = float(np.sqrt(np.average(weight * chance, weights=money) / len(kept))) / mean
    return float(np.log(gain)), error
