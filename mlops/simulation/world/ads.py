"""Campaigns and their ads day by day: who runs, what it costs, what it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.world.events import CTR_FLOOR, Effects
from mlops.simulation.world.profile import (
    ADS,
    AGE,
    BUDGET,
    CAMPAIGNS,
    CHANNELS,
    COUNTRIES,
    CPI_RANGE,
    LEAST_VOLUME,
    SCORE,
    SPIKE,
    VOLUME_NOISE,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Campaigns and ads of the whole world; an ad's campaign is its number // ADS.
ALL_CAMPAIGNS: Final = len(CHANNELS) * CAMPAIGNS
ALL_ADS: Final = ALL_CAMPAIGNS * ADS
CHANNEL_OF_AD: Final = np.repeat(np.arange(len(CHANNELS)), CAMPAIGNS * ADS)
TIER_ONE: Final = sum(share for _, share, tier, *_ in COUNTRIES if tier == 1)
#: Campaigns of a channel that begin later, and those whose worn creatives nobody renews.
_LATE, _LEFT = 3, 2
#: An ad rests when it is so many times as old as its channel's fatigue, for so many days.
_WORN, _REST = (1.5, 2.5), (1, 7)
#: Days of its share of the budget that an ad spends until the platform has learnt.
_LEARNING_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Ads:
    """180 ads over the days of the world; arrays are (ads, days) unless said otherwise."""

    #: (campaigns,) budgets as drawn, and the same in money of this world.
    drawn_budgets: FloatArray
    budgets: FloatArray
    #: (campaigns,) day of the first delivery.
    starts: IntArray
    #: (ads,)
    scores: IntArray
    #: Days since the creative began; where it rests, its age when it was taken out.
    age: IntArray
    runs: BoolArray
    installs: IntArray
    clicks: IntArray
    impressions: IntArray
    spend: FloatArray
    #: (ads,) on the last day: the platform still learns.
    is_learning: BoolArray
    #: (4, days) installs of tier 1, relative to all others of the day: 1, but while it is hit.
    tier_one: FloatArray


def whole_numbers(expected: FloatArray, total: int) -> IntArray:
    """Round so that every part of the sequence keeps its sum within one, and all is ``total``.

    Parameters
    ----------
    expected : what each would have; its sum is brought to ``total``
    """
    reached = np.cumsum(expected.ravel())
    if reached[-1] <= 0:
        raise ValueError("nothing is expected anywhere")
    steps = np.floor(reached * (total / reached[-1]) + 0.5).astype(np.int64)
    steps[-1] = total
    whole: IntArray = np.diff(steps, prepend=0).reshape(expected.shape)
    return whole


def run_ads(
    effects: Effects, *, installs: int, weekdays: IntArray, rng: np.random.Generator
) -> Ads:
    """Run the ads.

    Parameters
    ----------
    effects : of the events
    installs : that all ads bring together
    weekdays : (days,) of each day, 0 is Monday
    """
    days = len(weekdays)
    budgets = rng.uniform(*BUDGET, ALL_CAMPAIGNS)
    scores = rng.integers(SCORE[0], SCORE[1] + 1, ALL_ADS)
    starts, age, runs = _lives(scores, days, rng)
    shares = _shares(runs, budgets, scores)
    noise = _Noise(
        np.maximum(rng.normal(1, VOLUME_NOISE, (len(CHANNELS), days)), 0),
        rng.normal(1, 1, (ALL_ADS, days)),
        rng.random((ALL_ADS, days)) < SPIKE[0],
    )
    volume, tier_one = _volumes(effects, weekdays, noise.volume)
    scale = installs / volume.sum()
    cpi = _cpi(age, budgets, weekdays, effects.cpi, noise)
    expected = scale * volume[CHANNEL_OF_AD] * shares
    costs = _with_tiers(cpi, effects, tier_one)
    money = _budget_scale(age, budgets, weekdays, scale)
    spend = np.round(expected * costs * effects.spend[CHANNEL_OF_AD], 2)
    counted = _installs(expected, installs)
    clicks, impressions = _traffic(expected, counted, age, scores, effects.ctr, rng)
    own_budgets = np.round(budgets * np.repeat(money, CAMPAIGNS), 2)
    return Ads(
        budgets, own_budgets, starts, scores, age, runs, counted, clicks, impressions, spend,
        _learning(age, spend, own_budgets), tier_one,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Noise:
    volume: FloatArray
    cpi: FloatArray
    spikes: BoolArray


def _lives(
    scores: IntArray, days: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, BoolArray]:
    """Day by day: begin, grow old, rest, come back with a new creative, or stay away."""
    fatigue = np.array([channel.fatigue_days for channel in CHANNELS])[CHANNEL_OF_AD]
    limits = np.round(fatigue * rng.uniform(*_WORN, ALL_ADS)).astype(np.int64)
    rests = rng.integers(_REST[0], _REST[1] + 1, ALL_ADS)
    now = rng.integers(AGE[0], np.minimum(AGE[1], limits) + 1)
    starts = np.zeros((len(CHANNELS), CAMPAIGNS), np.int64)
    latest = max(4, min(31, days // 3))
    starts[:, -_LATE:] = rng.integers(3, latest, (len(CHANNELS), _LATE))
    by_campaign = scores.reshape(len(CHANNELS), CAMPAIGNS, ADS).sum(axis=2)
    left = np.argsort(np.argsort(by_campaign, axis=1), axis=1) < _LEFT
    is_renewed = ~np.repeat(left.ravel(), ADS)
    first = np.repeat(starts.ravel(), ADS)
    age, runs = np.zeros((2, ALL_ADS, days), np.int64)
    rested = np.zeros(ALL_ADS, np.int64)
    for day in range(days):
        has_begun = day >= first
        is_worn = now > limits
        age[:, day], runs[:, day] = now, has_begun & ~is_worn
        rested = np.where(is_worn, rested + 1, 0)
        returns = is_worn & is_renewed & (rested >= rests)
        now = np.where(returns, 0, now + (has_begun & ~is_worn))
    return starts.ravel(), age, runs.astype(np.bool_)


def _shares(runs: BoolArray, budgets: FloatArray, scores: IntArray) -> FloatArray:
    """Each running ad's share of its channel's day: by budget, then by the creative's score."""
    weights = runs * (np.repeat(budgets, ADS) * scores)[:, None]
    totals = weights.reshape(len(CHANNELS), -1, runs.shape[1]).sum(axis=1)
    shares: FloatArray = weights / totals[CHANNEL_OF_AD]
    return shares


def _volumes(
    effects: Effects, weekdays: IntArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    daily = np.array([channel.daily_installs for channel in CHANNELS])[:, None]
    volume = np.maximum(daily * _weekend(weekdays) * effects.volume * noise, LEAST_VOLUME)
    tier_one = np.ones_like(volume)
    google = next(n for n, channel in enumerate(CHANNELS) if channel.slug == "google_ads")
    tier_one[google] = effects.tier_one_volume
    return volume * (TIER_ONE * tier_one + 1 - TIER_ONE), tier_one


def _weekend(weekdays: IntArray) -> FloatArray:
    factors = np.array([channel.weekend for channel in CHANNELS])[:, None]
    return np.where(weekdays >= 5, factors, 1.0)


def _cpi(
    age: IntArray, budgets: FloatArray, weekdays: IntArray, events: FloatArray, noise: _Noise | None
) -> FloatArray:
    """Cost of an install per ad and day; without noise what may be expected of it."""
    base = np.array([channel.base_cpi for channel in CHANNELS])
    fatigue = np.array([channel.fatigue_days for channel in CHANNELS])[CHANNEL_OF_AD]
    season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(age.shape[1]) / 30)
    cpi = (base[:, None] * _weekend(weekdays) * events)[CHANNEL_OF_AD] * season
    cpi *= 1 + 0.5 * age / fatigue[:, None]
    cpi *= 1 + 0.3 * np.repeat(budgets, ADS)[:, None] / 50_000
    if noise is None:
        return cpi * (1 + SPIKE[0] * (SPIKE[1] - 1))
    spread = np.array([channel.cpi_noise for channel in CHANNELS])[CHANNEL_OF_AD]
    cpi *= np.where(noise.spikes, SPIKE[1], 1.0)
    return np.clip(cpi * (1 + spread[:, None] * (noise.cpi - 1)), *CPI_RANGE)


def _with_tiers(cpi: FloatArray, effects: Effects, tier_one: FloatArray) -> FloatArray:
    """Mean cost where the countries of tier 1 have become dearer and rarer."""
    hit = tier_one != 1.0
    weight = TIER_ONE * tier_one / (TIER_ONE * tier_one + 1 - TIER_ONE)
    dearer = np.where(hit, effects.tier_one_cpi, 1.0)
    weight, dearer = weight[CHANNEL_OF_AD], dearer[CHANNEL_OF_AD]
    return weight * np.clip(cpi * dearer, *CPI_RANGE) + (1 - weight) * cpi


def _budget_scale(
    age: IntArray, budgets: FloatArray, weekdays: IntArray, scale: float
) -> FloatArray:
    """Per channel: money of this world per drawn budget, so that a usual day spends its budget."""
    days = len(weekdays)
    cpi = _cpi(age, budgets, weekdays, np.ones((len(CHANNELS), days)), None)
    mean_cpi = cpi.reshape(len(CHANNELS), -1).mean(axis=1)
    daily = np.array([channel.daily_installs for channel in CHANNELS])
    usual = scale * daily * _weekend(weekdays).mean(axis=1) * mean_cpi
    per_channel: FloatArray = usual / budgets.reshape(len(CHANNELS), -1).sum(axis=1)
    return per_channel


def _installs(expected: FloatArray, total: int) -> IntArray:
    """Whole installs, rounded within a channel's day first."""
    by_day = expected.reshape(len(CHANNELS), -1, expected.shape[1]).transpose(0, 2, 1)
    counted = whole_numbers(np.ascontiguousarray(by_day), total)
    return np.ascontiguousarray(counted.transpose(0, 2, 1)).reshape(expected.shape)


def _traffic(
    expected: FloatArray,
    installs: IntArray,
    age: IntArray,
    scores: IntArray,
    shift: FloatArray,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Clicks, at least one per install, and impressions; worn creatives are clicked less."""
    rate = np.array([channel.install_rate for channel in CHANNELS])[CHANNEL_OF_AD][:, None]
    ctr = np.array([channel.ctr for channel in CHANNELS])[CHANNEL_OF_AD][:, None]
    fatigue = np.array([channel.fatigue_days for channel in CHANNELS])[CHANNEL_OF_AD][:, None]
    ctr = ctr * (scores / np.mean(SCORE))[:, None] * (1.15 - 0.15 * age / fatigue)
    ctr = np.maximum(ctr + shift[CHANNEL_OF_AD], CTR_FLOOR)
    clicked = expected / rate * np.exp(rng.normal(0, 0.08, expected.shape))
    seen = clicked / ctr * np.exp(rng.normal(0, 0.05, expected.shape))
    clicks = np.maximum(np.round(clicked).astype(np.int64), installs)
    return clicks, np.maximum(np.round(seen).astype(np.int64), clicks)


def _learning(age: IntArray, spend: FloatArray, budgets: FloatArray) -> BoolArray:
    """Ads that have not spent enough since they began."""
    days = spend.shape[1]
    # Age only grows while an ad runs, so the days of its life are the last that add up to it.
    begun = days - 1 - age[:, -1]
    is_since = np.arange(days)[None, :] >= begun[:, None]
    own = np.repeat(budgets, ADS) / ADS
    spent = (spend * is_since).sum(axis=1)
    learns: BoolArray = (spent < _LEARNING_DAYS * own) & (begun >= 0)
    return learns
