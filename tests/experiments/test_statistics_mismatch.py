"""Splits that are off, several p-values at once, and beliefs about proportions."""

from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import betaln
from statsmodels.stats.multitest import multipletests

from experiments.engine.statistics import (
    ArmStatistics,
    adjust_p,
    beta_beliefs,
    likely_causes,
    sample_ratio,
    start_watch,
    two_proportions,
    watched_p,
)


@pytest.mark.parametrize(
    ("counts", "weights"),
    [((821_588, 815_482), (1, 1)), ((500, 620, 480), (1, 1, 1)), ((90, 910), (1, 9))],
)
def test_the_check_of_the_split_agrees_with_scipy(counts, weights):
    found = sample_ratio(counts, weights)

    due = np.array(weights) / sum(weights) * sum(counts)
    theirs = stats.chisquare(counts, due)
    assert (found.p_value, found.chi_square) == pytest.approx(
        (theirs.pvalue, theirs.statistic), rel=1e-9
    )
    assert found.expected == pytest.approx(due)


def test_results_are_kept_back_below_one_in_a_thousand():
    assert sample_ratio((821_588, 815_482), (1, 1)).is_mismatch
    assert not sample_ratio((5_050, 4_950), (1, 1)).is_mismatch


def test_splits_at_the_edge():
    assert sample_ratio((0, 0), (1, 1)).p_value == 1.0
    assert sample_ratio((5, 5, 1), (1, 1, 0)).p_value == 0.0
    assert sample_ratio((5, 5, 0), (1, 1, 0)).p_value == 1.0
    for counts, weights in [((1,), (1,)), ((1, -1), (1, 1)), ((1, 2), (1, 0)), ((1, 2, 3), (1, 1))]:
        with pytest.raises(ValueError, match="must be"):
            sample_ratio(counts, weights)
    with pytest.raises(ValueError, match="above 0"):
        start_watch((1, 1, 0))
    with pytest.raises(ValueError, match="units must be"):
        start_watch((1, 1)).after((1, -1))


def test_the_watch_by_the_definition():
    """Marginal likelihood of the counts under a Dirichlet, by integration, over the weights'."""
    watch = start_watch((1, 3)).after((12, 9))

    def likelihood(share: float) -> float:
        return stats.beta.pdf(share, 25, 75) * share**12 * (1 - share) ** 9

    under_mixture = integrate.quad(likelihood, 0, 1, epsabs=0, epsrel=1e-11)[0]
    assert watch.p_value == pytest.approx(0.25**12 * 0.75**9 / under_mixture, rel=1e-8)


@given(
    days=st.lists(st.tuples(*[st.integers(0, 400)] * 3), min_size=1, max_size=12),
    weights=st.tuples(*[st.integers(1, 5)] * 3),
)
@settings(max_examples=60, deadline=None)
def test_the_watch_only_falls_and_does_not_mind_how_days_are_cut(days, weights):
    watch = start_watch(weights)
    seen = []
    for day in days:
        watch = watch.after(day)
        seen.append(watch.p_value)

    whole = start_watch(weights).after(tuple(sum(day[i] for day in days) for i in range(3)))
    assert seen == sorted(seen, reverse=True)
    assert watch.counts == whole.counts
    assert 0 <= watch.p_value <= whole.p_value <= 1


def test_a_split_that_is_right_is_rarely_alarmed_whenever_one_looks():
    """400 tests, each looked at 50 times, at the level of 5 %."""
    rng = np.random.default_rng(11)
    daily = rng.binomial(200, 0.5, size=(400, 50))
    alarmed = 0
    for test in daily:
        watch = start_watch((1, 1))
        for count in test:
            watch = watch.after((count, 200 - count))
        alarmed += watch.p_value < 0.05

    assert alarmed / 400 <= 0.05


def test_many_watches_are_each_like_one():
    days = np.random.default_rng(4).poisson((90, 200), size=(3, 6, 2))

    found = watched_p(days.cumsum(axis=1), (1, 2))

    for test, p_values in zip(days, found, strict=True):
        watch = start_watch((1, 2))
        for day, p_value in zip(test, p_values, strict=True):
            watch = watch.after(day)
            assert watch.p_value == pytest.approx(p_value, rel=1e-12)
    with pytest.raises(ValueError, match="must end in 3 variants"):
        watched_p(days, (1, 1, 1))


def test_the_watch_finds_a_split_that_is_off():
    watch = start_watch((1, 1))
    for _ in range(7):
        watch = watch.after((1_060, 940))

    assert watch.p_value < 0.001


def test_causes_are_named_most_telling_first():
    segments = {
        "device": {"mobile": (5_600, 4_400), "desktop": (5_010, 4_990)},
        "source": {"ads": (5_300, 4_700), "search": (5_310, 4_690)},
    }

    causes = likely_causes(segments, (1, 1))

    assert [(cause.dimension, cause.segment) for cause in causes] == [
        ("device", "mobile"), ("source", "search"), ("source", "ads"),
    ]  # fmt: skip
    assert causes[0].share_of_excess == pytest.approx(600 / 610)
    assert causes[0].units == 10_000
    assert likely_causes({}, (1, 1)) == []
    opposite = {"device": {"mobile": (5_600, 4_400), "desktop": (4_400, 5_600)}}
    assert [one.share_of_excess for one in likely_causes(opposite, (1, 1))] == [0.0, 0.0]
    assert likely_causes({"device": {"mobile": (50, 50)}}, (1, 1)) == []


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_corrections_agree_with_statsmodels(p):
    for ours, theirs in (("holm", "holm"), ("benjamini-hochberg", "fdr_bh")):
        # It collects garbage each time, which takes seconds where thousands of tests left theirs.
        with mock.patch("gc.collect"):
            expected = multipletests(p, method=theirs)[1]
        assert adjust_p(p, ours) == pytest.approx(expected, abs=1e-12)


@given(p=st.lists(st.floats(0, 1), min_size=2, max_size=8), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_order_of_variants_changes_no_correction(p, seed):
    order = np.random.default_rng(seed).permutation(len(p))

    assert adjust_p(np.array(p)[order]) == pytest.approx(adjust_p(p)[order])


def test_corrections_at_the_edge():
    assert adjust_p([]).size == 0
    assert adjust_p([0.04]).tolist() == [0.04]
    for p, method in (([1.2], "holm"), ([math.nan], "holm"), ([0.5], "sidak")):
        with pytest.raises(ValueError, match="must be"):
            adjust_p(p, method)


@pytest.mark.parametrize(
    ("a", "b"), [((0, 0), (0, 0)), ((3, 9), (5, 40)), ((49, 100), (51, 100)), ((0, 300), (4, 20))]
)
def test_beliefs_agree_with_another_quadrature(a, b):
    found = beta_beliefs(ArmStatistics(a[1], a[0]), ArmStatistics(b[1], b[0]))

    one, other = (stats.beta(1 + s, 1 + n - s) for s, n in (a, b))
    grid = np.linspace(0, 1, 20_001)
    chance = integrate.simpson(other.pdf(grid) * one.cdf(grid), x=grid)
    ship = integrate.simpson(other.cdf(grid) * one.sf(grid), x=grid)
    assert found.chance_to_win == pytest.approx(chance, abs=2e-9)
    assert found.risk_ship == pytest.approx(ship, abs=1e-9)
    assert found.risk_keep - found.risk_ship == pytest.approx(found.effect, abs=1e-12)


def test_beliefs_of_unequal_arms():
    """Evan Miller's sum, exact for whole numbers."""
    (s_a, n_a), (s_b, n_b) = (2_100, 1_000_000), (7, 2_000)
    found = beta_beliefs(ArmStatistics(n_a, s_a), ArmStatistics(n_b, s_b))

    i = np.arange(s_b + 1)
    a, b, c = 1 + s_a, 1 + n_a - s_a, 1 + n_b - s_b
    terms = betaln(a + i, b + c) - np.log(c + i) - betaln(1 + i, c) - betaln(a, b)
    assert found.chance_to_win == pytest.approx(np.exp(terms).sum(), rel=1e-9)


def test_proportions_at_the_edge():
    nobody = ArmStatistics(50, 0)
    assert (two_proportions(nobody, nobody).z, two_proportions(nobody, nobody).p_value) == (0, 1)
    with pytest.raises(ValueError, match="treatment must have successes"):
        two_proportions(nobody, ArmStatistics(0, 0))
    with pytest.raises(ValueError, match="control must have successes"):
        beta_beliefs(ArmStatistics(5, 6), nobody)
    with pytest.raises(ValueError, match="alternative must be"):
        two_proportions(nobody, nobody, alternative="both")
