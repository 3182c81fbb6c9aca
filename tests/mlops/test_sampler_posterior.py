"""Posteriors and the probability of being best."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import integrate, special, stats

from mlops.engine.posterior import probability_best
from mlops.engine.sampler import AdState, BattleHardenedSampler

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def posterior(impressions: float, *, updated=NOW, now=NOW) -> tuple[float, float]:
    ad = AdState("a", impressions, impressions * 0.02, 0.0, None, None, 500, 10, None, updated)
    item = BattleHardenedSampler().select([ad], 10, seed=1, now=now).items[0]
    return item.alpha, item.beta


def test_no_data_is_the_flat_prior():
    assert posterior(0) == (1.0, 1.0)


def test_counts_below_the_cap_count_in_full_without_a_floor():
    assert posterior(1) == pytest.approx((1.4, 1.6))
    assert posterior(500) == pytest.approx((201, 301))


def test_counts_are_capped_at_a_thousand():
    assert posterior(10**7) == pytest.approx((401, 601))


def test_evidence_is_discounted_by_three_percent_a_day():
    ten_days_old = NOW - dt.timedelta(days=10)

    assert posterior(500, updated=ten_days_old) == pytest.approx(
        (1 + 200 * 0.97**10, 1 + 300 * 0.97**10)
    )


def test_without_a_moment_the_newest_figures_are_today():
    old, new = NOW - dt.timedelta(days=1), NOW
    ads = [
        AdState("old", 500, 10, 0.0, None, None, 500, 10, None, old),
        AdState("new", 500, 10, 0.0, None, None, 500, 10, None, new),
    ]

    items = BattleHardenedSampler().select(ads, 20, seed=1).items

    assert [item.metrics["count"] for item in items] == pytest.approx([485, 500])


def by_quadrature(alpha: np.ndarray, beta: np.ndarray, arm: int) -> float:
    """Independent answer: adaptive quadrature of density times distribution functions."""
    others = np.arange(alpha.size) != arm
    cuts = stats.beta.ppf([0.001, 0.05, 0.5, 0.95, 0.999], alpha[:, None], beta[:, None]).ravel()

    def integrand(x: float) -> float:
        below = stats.beta.cdf(x, alpha[others], beta[others]).prod()
        return float(stats.beta.pdf(x, alpha[arm], beta[arm]) * below)

    return integrate.quad(integrand, 0, 1, points=np.unique(cuts), limit=500, epsabs=1e-12)[0]


@pytest.mark.parametrize(
    ("alpha", "beta"),
    [
        ([1, 1, 1], [1, 1, 1]),
        ([486.2, 543.9, 337.3], [515.8, 458.1, 664.7]),
        ([1, 401, 10], [1, 601, 30]),
        ([2, 3, 4, 5], [9, 8, 7, 6]),
        ([1_000, 1.5], [1, 1.2]),
        ([1e5, 1e5 + 50], [1e5, 1e5]),
    ],
)
def test_agrees_with_adaptive_quadrature(alpha, beta):
    a, b = np.array(alpha, float), np.array(beta, float)

    best = probability_best(a, b)

    expected = [by_quadrature(a, b, arm) for arm in range(a.size)]
    assert best == pytest.approx(expected, abs=2e-9)


def test_agrees_with_the_closed_form_for_two_arms():
    first, second = probability_best([7, 12], [20, 25])

    assert second == pytest.approx(sum_second_above(7, 20, 12, 25), abs=1e-12)
    assert first == pytest.approx(1 - sum_second_above(7, 20, 12, 25), abs=1e-12)


def sum_second_above(a1: int, b1: int, a2: int, b2: int) -> float:
    """P(second > first) as a finite sum over integer alpha: Miller (2015), equation 6."""
    terms = np.arange(a2)
    logs = (
        special.betaln(a1 + terms, b1 + b2)
        - np.log(b2 + terms)
        - special.betaln(1 + terms, b2)
        - special.betaln(a1, b1)
    )
    return float(np.exp(logs).sum())


def test_agrees_with_seeded_draws_for_many_arms():
    rng = np.random.default_rng(5)
    alpha, beta = rng.uniform(1, 300, 20), rng.uniform(1, 300, 20)
    draws = rng.beta(alpha, beta, size=(40_000, 20)).argmax(axis=1)

    counted = np.bincount(draws, minlength=20) / 40_000

    assert probability_best(alpha, beta) == pytest.approx(counted, abs=4 * 0.5 / np.sqrt(40_000))


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [([3], [4], [1.0]), ([5] * 4, [9] * 4, [0.25] * 4), ([], [], [])],
)
def test_defined_answers_at_the_edges(alpha, beta, expected):
    assert probability_best(alpha, beta) == pytest.approx(expected)


def test_arm_without_data_gets_a_share_beside_a_known_winner():
    best = probability_best([1, 701], [1, 301])

    assert best[0] == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(
    ("alpha", "beta", "name"),
    [
        ([0, 1], [1, 1], "alpha"),
        ([1, 1], [1, -1], "beta"),
        ([1, np.nan], [1, 1], "alpha"),
        ([1, 1], [1], "length"),
        ([[1]], [[1]], "alpha"),
    ],
)
def test_impossible_parameters_are_refused_by_name(alpha, beta, name):
    with pytest.raises(ValueError, match=name):
        probability_best(alpha, beta)


@given(hnp.arrays(float, st.tuples(st.just(2), st.integers(1, 8)), elements=st.floats(0.5, 2_000)))
def test_probabilities_sum_to_one_and_follow_a_permutation(parameters):
    alpha, beta = parameters
    best = probability_best(alpha, beta)
    order = np.arange(alpha.size)[::-1]

    assert best.sum() == pytest.approx(1)
    assert (best >= 0).all()
    assert probability_best(alpha[order], beta[order]) == pytest.approx(best[order], abs=1e-12)


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0.1, 100))
def test_better_evidence_raises_the_probability(alpha, beta, more):
    before = probability_best([alpha, 20], [beta, 20])[0]

    assert probability_best([alpha + more, 20], [beta, 20])[0] >= before - 1e-9
