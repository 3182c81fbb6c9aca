"""Advertisers whose response curves are known: figures to fit on, and the truth to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import FloatArray, carryover, response

_BEFORE = 90
_MEAN = 1_000.0


@dataclass(frozen=True)
class World:
    """Figures and what made them; money in its own unit, decay per step, half in usual spends."""

    series: Series
    paid: FloatArray
    usual: FloatArray
    at_usual: FloatArray
    decay: FloatArray
    half: FloatArray
    slope: FloatArray
    lingering: FloatArray

    def brings(self, budgets: FloatArray, horizon: int) -> FloatArray:
        """Units of each channel if the budgets followed the figures; (n_channels,)."""
        spend = np.tile(budgets / self.usual, (horizon, 1))
        stock = carryover(spend, self.decay, self.lingering)
        return response(stock, self.at_usual, self.half, self.slope).sum(axis=0)

    def steady(self, budgets: FloatArray) -> FloatArray:
        """Units per step of budgets that are kept up; (…, n_channels)."""
        return response(budgets / self.usual, self.at_usual, self.half, self.slope)


def made(
    seed: int, *, channels: int = 5, steps: int = 400, noise: float = 0.04, likeness: float = 0.2
) -> World:
    """An app's advertiser: budgets step up and down, a weekday, a trend, noise, some pauses.

    Truth is drawn from flat ranges, not from the priors of the fit: paid share 0.25–0.80, returns
    per money that differ by a factor of 1.8, decay 0–0.8 a day, half of the greatest response at
    0.3–3 usual spends, slope 0.6–2.
    """
    rng = np.random.default_rng(seed)
    return with_spend(_spend(rng, channels, steps + _BEFORE), rng, noise=noise, likeness=likeness)


def with_spend(
    spend: FloatArray, rng: np.random.Generator, *, noise: float, likeness: float,
    step_days: int = 1, before: int = _BEFORE,
) -> World:  # fmt: skip
    """The same on a spend that is given; its first steps only leave their adstock."""
    channels, steps = spend.shape[1], len(spend) - before
    usual = np.array([each[each > 0].mean() for each in spend[before:].T])
    decay = rng.uniform(0.0, 0.8, channels)
    slope = np.exp(rng.uniform(np.log(0.6), np.log(2.0), channels))
    half = np.exp(rng.uniform(np.log(0.3), np.log(3.0), channels))
    stock = carryover(spend / usual, decay, (spend / usual).mean(axis=0))
    share, shape = rng.uniform(0.25, 0.80), response(stock, np.ones(channels), half, slope)[before:]
    split = spend.mean(axis=0) * rng.lognormal(0, 0.6, channels)
    split /= split.sum()
    at_usual = share * _MEAN * split / shape.mean(axis=0)
    level = (1 - share) * _MEAN * _baseline(rng, steps, step_days)
    error = noise * _MEAN * _alike(rng, steps, likeness)
    outcome = np.maximum(level + (shape * at_usual).sum(axis=1) + error, 0.0)
    names = tuple(f"channel {number}" for number in range(channels))
    series = Series(names, spend[before:], outcome, step_days=step_days)
    return World(series, shape * at_usual, usual, at_usual, decay, half, slope, stock[-1])


def _spend(rng: np.random.Generator, channels: int, steps: int) -> FloatArray:
    budgets = np.repeat(rng.lognormal(0, 0.45, (steps // 14 + 1, channels)), 14, axis=0)[:steps]
    phase = rng.uniform(0, 2 * np.pi, channels)
    weekday = np.exp(0.15 * np.sin(2 * np.pi * np.arange(steps)[:, None] / 7 + phase))
    spend = budgets * weekday * rng.lognormal(0, 0.15, (steps, channels))
    for number in np.flatnonzero(rng.random(channels) < 0.4):
        start = rng.integers(_BEFORE, steps - 30)
        spend[start : start + rng.integers(7, 28), number] = 0
    return spend / spend.mean(axis=0) * rng.lognormal(7, 0.7, channels)


def _baseline(rng: np.random.Generator, steps: int, step_days: int) -> FloatArray:
    days = np.arange(steps) * step_days
    trend = rng.uniform(-0.15, 0.3) * (days / days[-1] - 0.5)
    season = rng.uniform(0, 0.08) * np.sin(2 * np.pi * days / 365.25 + rng.uniform(0, 2 * np.pi))
    weekday = rng.lognormal(0, 0.08, 7)
    if step_days == 7:
        return 1 + trend + season
    return (1 + trend + season) * (weekday / weekday.mean())[days % 7]


def _alike(rng: np.random.Generator, steps: int, likeness: float) -> FloatArray:
    fresh = rng.standard_normal(steps) * np.sqrt(1 - likeness**2)
    error = np.empty(steps)
    error[0] = rng.standard_normal()
    for step in range(1, steps):
        error[step] = likeness * error[step - 1] + fresh[step]
    return error
