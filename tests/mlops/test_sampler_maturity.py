"""Delayed revenue: the curve, what it says about young arms, and its recovery from data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.maturity import DelayCurve, fit_delay_curve, mature_roas
from mlops.engine.sampler import AdState, BattleHardenedSampler

LINEAR = DelayCurve((100.0,), (1.0,))


def test_completeness_is_the_mean_of_the_curve_over_the_age_of_the_spend():
    completeness = LINEAR.completeness(np.array([0.0, 50.0, 100.0, 200.0]))

    assert completeness == pytest.approx([0.0, 0.25, 0.5, 0.75])


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4))
def test_completeness_never_falls_with_age(one, other):
    curve = DelayCurve((10.0, 50.0, 400.0), (0.2, 0.7, 0.9))
    young, old = sorted([one, other])

    shares = curve.completeness(np.array([young, old]))

    assert -1e-12 <= shares[0] <= shares[1] + 1e-9 <= 0.9 + 2e-9


def test_fully_arrived_revenue_stays_as_it_is():
    mature = mature_roas(np.array([100.0]), np.array([250.0]), np.array([1.0]), prior_spend=200)

    assert (mature.expected[0], mature.low[0], mature.high[0]) == (2.5, 2.5, 2.5)


def test_outstanding_part_is_filled_at_the_rate_of_all_arms_while_evidence_is_thin():
    spend, value = np.array([1e6, 100.0]), np.array([2e6, 0.0])

    mature = mature_roas(spend, value, np.array([1.0, 0.0]), prior_spend=200)

    assert mature.expected == pytest.approx([2.0, 2.0], abs=1e-3)


def test_own_rate_takes_over_with_matured_spend():
    spend, value = np.array([1e6, 1e6]), np.array([2e6, 0.25e6])

    mature = mature_roas(spend, value, np.array([1.0, 0.5]), prior_spend=200)

    assert mature.expected[1] == pytest.approx(0.5, abs=1e-3)


def test_interval_covers_the_final_roas_of_simulated_arms():
    rng = np.random.default_rng(2)
    n, unit, rate = 4_000, 50.0, 2.0
    spend, share = rng.uniform(300, 900, n), rng.uniform(0.1, 0.9, n)
    arrived = rng.poisson(spend * share * rate / unit) * unit
    final = arrived + rng.poisson(spend * (1 - share) * rate / unit) * unit

    mature = mature_roas(spend, arrived, share, prior_spend=200.0, unit_value=unit)

    covered = (mature.low - 1e-9 <= final / spend) & (final / spend <= mature.high + 1e-9)
    assert 0.78 <= covered.mean() <= 0.93  # 80 % interval; whole conversions make it wider
    assert mature.expected.mean() == pytest.approx(rate, rel=0.02)


def test_no_spend_and_no_revenue_have_a_defined_answer():
    zero = np.zeros(2)

    mature = mature_roas(zero, zero, zero, prior_spend=0.0)

    assert mature.expected.tolist() == mature.low.tolist() == mature.high.tolist() == [0.0, 0.0]


def test_curve_is_recovered_although_late_conversions_are_cut_off():
    rng = np.random.default_rng(8)
    delays = rng.exponential(72.0, 60_000)
    observed = rng.uniform(0.0, 720.0, delays.size)
    seen = delays <= observed

    curve = fit_delay_curve(delays[seen], observed[seen])

    ages = np.array([24.0, 72.0, 168.0, 336.0])
    fitted = np.interp(ages, curve.ages_h, curve.shares)
    assert fitted == pytest.approx(1 - np.exp(-ages / 72), abs=0.02)
    naive = np.array([(delays[seen] <= age).mean() for age in ages])
    assert (
        np.abs(fitted - (1 - np.exp(-ages / 72))).max()
        < np.abs(naive - (1 - np.exp(-ages / 72))).max()
    )


def test_uncut_delays_give_the_plain_distribution():
    curve = fit_delay_curve([1.0, 2.0, 2.0, 4.0], [100.0] * 4)

    assert curve.ages_h == (1.0, 2.0, 4.0)
    assert curve.shares == pytest.approx((0.25, 0.75, 1.0))


@pytest.mark.parametrize(
    ("delays", "observed", "words"),
    [
        ([], [], "not empty"),
        ([1.0], [1.0, 2.0], "delays_h and observed_h"),
        ([-1.0], [1.0], "at least 0"),
        ([2.0], [1.0], "later than its observed_h"),
    ],
)
def test_impossible_delays_are_refused(delays, observed, words):
    with pytest.raises(ValueError, match=words):
        fit_delay_curve(delays, observed)


@pytest.mark.parametrize(
    ("ages", "shares"),
    [
        ((), ()),
        ((0.0,), (1.0,)),
        ((2.0, 1.0), (0.1, 0.2)),
        ((1.0,), (1.1,)),
        ((1.0, 2.0), (0.5, 0.4)),
    ],
)
def test_impossible_curves_are_refused(ages, shares):
    with pytest.raises(ValueError, match=r"ages_h|shares"):
        DelayCurve(ages, shares)


def arm(ad_id: str, age_h: float, value: float) -> AdState:
    return AdState(ad_id, 5_000, 100, 500.0, value, value, age_h, 100.0)


def test_pipeline_mode_does_not_kill_for_revenue_that_cannot_be_there_yet():
    old, young = arm("old", 2_000.0, 1_000.0), arm("young", 60.0, 100.0)
    curve = DelayCurve((24.0, 480.0), (0.02, 1.0))

    plain = BattleHardenedSampler().select([old, young], 200, seed=1)
    mature = BattleHardenedSampler(delay_curve=curve).select([old, young], 200, seed=1)

    assert [item.decision for item in plain.items] == ["maintain", "kill"]
    assert [item.decision for item in mature.items] == ["maintain", "maintain"]
    metrics = mature.items[1].metrics
    assert metrics["roas"] == 0.2
    assert metrics["expected_roas"] > 1.0
    assert metrics["expected_roas_low"] < metrics["expected_roas"] < metrics["expected_roas_high"]


def test_direct_mode_counts_cash_as_it_stands():
    direct = BattleHardenedSampler("direct", delay_curve=LINEAR)

    item = direct.select([arm("a", 60.0, 100.0)], 100, seed=1).items[0]

    assert item.metrics["expected_roas"] == item.metrics["roas"] == 0.2


def test_known_number_of_conversions_narrows_the_interval():
    def width(conversions: float | None) -> float:
        ads = [
            AdState("a", 5_000, 100, 500.0, 500.0, None, 60.0, 100.0, conversions=conversions),
            AdState("b", 5_000, 100, 500.0, 500.0, None, 60.0, 100.0, conversions=conversions),
        ]
        metrics = (
            BattleHardenedSampler(delay_curve=LINEAR).select(ads, 200, seed=1).items[0].metrics
        )
        return metrics["expected_roas_high"] - metrics["expected_roas_low"]

    assert width(50.0) < width(None)
