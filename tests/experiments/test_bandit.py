"""Bandit shares and weighted means: bounds, seeds, and no bias from moving shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.engine.bandit import Arm, Period, thompson_shares, weighted_means
from experiments.engine.statistics import ArmStatistics, beta_beliefs

counts = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(
    lambda pair: (min(pair), max(pair))
)


@given(
    arms=st.lists(counts, min_size=2, max_size=6), seed=st.integers(0, 2**32 - 1),
    uniform=st.floats(0, 1), least=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_shares_add_up_and_leave_nobody_out(arms, seed, uniform, least):
    known = [Arm(n, s) for s, n in arms]
    words = {"seed": seed, "uniform_slice": uniform, "least_share": least / len(arms)}

    found = thompson_shares(known, **words)

    assert math.fsum(found.shares) == pytest.approx(1)
    assert min(found.shares) >= least / len(arms) - 1e-12
    assert found == thompson_shares(known, **words)


def test_shares_follow_the_chance_to_be_best():
    a, b = Arm(100, 20), Arm(100, 27)

    found = thompson_shares([a, b], seed=1, uniform_slice=0.1, least_share=0.0)

    chance = beta_beliefs(ArmStatistics(100, 20), ArmStatistics(100, 27)).chance_to_win
    assert found.chance_best[1] == pytest.approx(chance, abs=0.01)
    assert found.shares[1] == pytest.approx(0.9 * found.chance_best[1] + 0.05)


def test_means_are_drawn_from_their_spread():
    better, worse = Arm(400, 480, 976), Arm(400, 400, 800)

    found = thompson_shares([better, worse], seed=2)

    z = 0.2 / math.sqrt(2 * 400 / 399 / 400)
    assert found.chance_best[0] == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=0.01)


def test_arms_that_nothing_is_known_of_get_the_same():
    assert thompson_shares([Arm(0, 0, 0), Arm(5, 5, 7)], seed=3).shares == (0.5, 0.5)
    assert thompson_shares([Arm(9, 9, 9), Arm(5, 5, 7)], seed=3).shares == (0.5, 0.5)
    assert thompson_shares([Arm(9, 1), Arm(9, 8)], seed=3, least_share=0.5).shares == (0.5, 0.5)


@pytest.mark.parametrize(
    ("arms", "words", "named"),
    [
        ([Arm(1, 1)], {}, "at least two"),
        ([Arm(1, 1), Arm(1, 1, 1)], {}, "all have sum_squares"),
        ([Arm(1, 2), Arm(1, 1)], {}, "successes in"),
        ([Arm(1, 1), Arm(1, 1)], {"least_share": 0.6}, "least_share"),
        ([Arm(1, 1), Arm(1, 1)], {"uniform_slice": 1.1}, "uniform_slice"),
    ],
)
def test_nonsense_is_refused_by_name(arms, words, named):
    with pytest.raises(ValueError, match=named):
        thompson_shares(arms, seed=0, **words)


def test_weights_by_hand():
    rows = [Period(0, 0.5, 10, 6, 6), Period(0, 0.25, 5, 2, 2), Period(1, 0.5, 10, 4, 4)]

    first, second = weighted_means(rows, 2)

    assert first.value == pytest.approx((6 / 0.5 + 2 / 0.25) / (10 / 0.5 + 5 / 0.25))
    off = 4 * (6 - 2 * 0.5 * 6 + 2.5) + 16 * (2 - 2 * 0.5 * 2 + 1.25)
    assert first.standard_error == pytest.approx(math.sqrt(off) / 40)
    assert first.effective_units == pytest.approx(40**2 / (10 * 4 + 5 * 16))
    assert second.value == pytest.approx(0.4)
    assert second.high - second.low == pytest.approx(2 * 1.959964 * second.standard_error)


def test_a_variant_that_nobody_saw_has_no_mean():
    assert weighted_means([Period(0, 1.0, 1, 1, 1)], 2) == [None, None]
    for row in (Period(2, 0.5, 1, 1, 1), Period(0, 0.0, 1, 1, 1)):
        with pytest.raises(ValueError, match="a period needs"):
            weighted_means([row], 2)
    with pytest.raises(ValueError, match="alpha must"):
        weighted_means([], 2, alpha=1.0)


def test_moving_shares_bias_plain_means_and_not_weighted_ones():
    """Everybody converts more on later days, when the better variant is shown more often."""
    rng, weighted, plain = np.random.default_rng(7), [], []
    rates, runs = (0.10, 0.12), 50
    for run in range(runs):
        known, rows = [Arm(0, 0), Arm(0, 0)], []
        for day in range(10):
            shares = thompson_shares(known, seed=run * 100 + day).shares
            units = rng.multinomial(400, shares)
            for one in (0, 1):
                won = float(rng.binomial(units[one], rates[one] + 0.02 * day))
                rows.append(Period(one, shares[one], float(units[one]), won, won))
                known[one] = Arm(known[one].n + units[one], known[one].sum + won)
        weighted.append(weighted_means(rows, 2))
        plain.append([arm.sum / arm.n for arm in known])

    truth = 0.10 + 0.09, 0.12 + 0.09
    covered = [[one.low <= truth[i] <= one.high for i, one in enumerate(pair)] for pair in weighted]
    means = np.array([[one.value for one in pair] for pair in weighted])
    assert means.mean(axis=0) == pytest.approx(truth, abs=0.006)
    assert np.mean(covered) >= 0.88
    assert abs(np.mean(plain, axis=0)[0] - truth[0]) > 0.01
