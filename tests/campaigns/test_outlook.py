"""Predicted returns of campaigns: shrinkage, intervals, and whether they beat plain rules."""

from __future__ import annotations

import numpy as np
import pytest

from campaigns.engine.outlook import HORIZON_DAYS, outlooks, risk_of

DAYS = 28


def worlds(seed: int, campaigns: int = 60):
    """Campaigns of three channels with true returns, noisy days, uneven budgets."""
    rng = np.random.default_rng(seed)
    channels = np.arange(campaigns) % 3
    truth = np.array([1.2, 2.5, 4.0])[channels] * rng.lognormal(0, 0.25, campaigns)
    budget = rng.lognormal(4.5, 1.0, campaigns)
    days = DAYS + HORIZON_DAYS
    spend = budget[:, None] * rng.uniform(0.8, 1.2, (campaigns, days))
    # A few orders a day: each worth about sixty.
    orders = rng.poisson(truth[:, None] * spend / 60)
    return spend, orders * 60.0, channels


def actual(spend, revenue):
    return revenue[:, DAYS:].sum(axis=1) / spend[:, DAYS:].sum(axis=1)


@pytest.fixture(scope="module")
def judged():
    """Forty worlds: what was predicted, what came, and what plain rules would have said."""
    rows = []
    for seed in range(40):
        spend, revenue, channels = worlds(seed)
        past = spend[:, :DAYS], revenue[:, :DAYS]
        came = actual(spend, revenue)
        own = past[1][:, -7:].sum(axis=1) / past[0][:, -7:].sum(axis=1)
        of_channel = np.array(
            [past[1][channels == c].sum() / past[0][channels == c].sum() for c in channels]
        )
        for found, *rest in zip(outlooks(*past, channels), came, own, of_channel, strict=True):
            rows.append((found.roas, found.low, found.high, *rest))
    return np.array(rows)


def test_it_beats_the_last_week_and_the_channels_mean(judged):
    roas, _, _, came, own, of_channel = judged.T
    error = np.abs(roas - came).mean()
    assert error < 0.9 * np.abs(own - came).mean()
    assert error < 0.9 * np.abs(of_channel - came).mean()


def test_four_of_five_come_within_the_interval(judged):
    _, low, high, came, _, _ = judged.T
    assert 0.74 <= ((low <= came) & (came <= high)).mean() <= 0.88


def test_few_days_lean_on_the_channel():
    spend, revenue, channels = worlds(1)
    spend[0, : DAYS - 7] = revenue[0, : DAYS - 7] = 0
    spend[0, DAYS - 7 : DAYS] = 5.0
    revenue[0, DAYS - 7 : DAYS] = [0, 0, 0, 60, 0, 0, 60]
    found = outlooks(spend[:, :DAYS], revenue[:, :DAYS], channels)

    fresh, settled = found[0], found[np.argmax(np.where(channels == 0, spend[:, :DAYS].sum(1), 0))]
    assert fresh.own_weight < 0.3 < settled.own_weight
    assert fresh.roas < 120 / 35  # what its own week says
    assert fresh.high - fresh.low > settled.high - settled.low


def test_too_few_days_are_not_predicted():
    spend = np.zeros((2, DAYS))
    spend[0, -6:] = spend[1] = 10.0
    first, second = outlooks(spend, spend * 2, np.zeros(2, dtype=np.int64))
    assert first is None
    assert second.roas == pytest.approx(2.0)
    assert outlooks(np.empty((0, DAYS)), np.empty((0, DAYS)), np.empty(0, dtype=np.int64)) == []


def test_nothing_came_back():
    spend = np.full((3, DAYS), 10.0)
    for found in outlooks(spend, spend * 0, np.zeros(3, dtype=np.int64)):
        assert (found.roas, found.low, found.high, found.risk) == (0, 0, 0, "high")


def test_only_the_newest_days_decide_when_returns_fell():
    spend = np.full((1, DAYS), 100.0)
    revenue = np.where(np.arange(DAYS) < 14, 400.0, 100.0)[None]
    (found,) = outlooks(spend, revenue, np.zeros(1, dtype=np.int64))
    assert 1.0 < found.roas < 2.0


@pytest.mark.parametrize(
    ("roas", "risk"),
    [(0.0, "high"), (0.999, "high"), (1.0, "medium"), (1.999, "medium"), (2.0, "low")],
)
def test_risk(roas, risk):
    assert risk_of(roas) == risk
