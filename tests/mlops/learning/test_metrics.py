from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlops.engine.learning import metrics

AMOUNTS = arrays(np.float64, st.integers(2, 40), elements=st.integers(0, 50).map(float))


def test_gini_is_one_in_the_right_order_minus_one_backwards_and_zero_without_order():
    actual = np.array([0.0, 0.0, 3.0, 10.0])

    assert metrics.normalised_gini(actual, np.array([1.0, 1.0, 2.0, 3.0])) == pytest.approx(1)
    assert metrics.normalised_gini(actual, -actual) == pytest.approx(-1)
    assert metrics.normalised_gini(actual, np.ones(4)) == 0
    assert metrics.normalised_gini(np.ones(4), actual) == 0
    assert metrics.normalised_gini(np.empty(0), np.empty(0)) == 0


def test_gini_agrees_with_the_area_between_lorenz_curves():
    actual, predicted = np.array([5.0, 1.0, 0.0, 8.0, 2.0]), np.array([9.0, 2.0, 4.0, 7.0, 1.0])

    def area(order):
        shares = np.cumsum(actual[order]) / actual.sum()
        return np.sum(shares - np.arange(1, 6) / 5)

    expected = area(np.argsort(-predicted)) / area(np.argsort(-actual))

    assert metrics.normalised_gini(actual, predicted) == pytest.approx(expected)


@given(AMOUNTS, st.integers(0, 2**32 - 1))
def test_gini_keeps_its_bounds_and_no_order_of_rows_matters(actual, seed):
    rng = np.random.default_rng(seed)
    predicted = rng.integers(0, 4, actual.size).astype(float)
    mixed = rng.permutation(actual.size)

    gini = metrics.normalised_gini(actual, predicted)

    assert -1 - 1e-9 <= gini <= 1 + 1e-9
    assert metrics.normalised_gini(actual[mixed], predicted[mixed]) == pytest.approx(gini)


def test_decile_error_is_the_mean_of_the_groups_relative_errors():
    actual = np.repeat(np.arange(1.0, 11.0), 3)

    assert metrics.decile_mape(actual, actual * 1.2) == pytest.approx(0.2)
    assert metrics.decile_mape(np.zeros(10), np.zeros(10)) == 0
    assert metrics.decile_mape(np.zeros(10), np.ones(10)) == 1
    assert np.isnan(metrics.decile_mape(np.empty(0), np.empty(0)))


def test_total_ratio_and_rmse():
    actual, predicted = np.array([1.0, 3.0]), np.array([2.0, 4.0])

    assert metrics.total_ratio(actual, predicted) == 1.5
    assert metrics.rmse(actual, predicted) == 1
    assert np.isnan(metrics.total_ratio(np.zeros(2), predicted))


def test_auc_counts_ordered_pairs():
    happened = np.array([True, False, True, False])

    assert metrics.auc(happened, np.array([0.9, 0.1, 0.4, 0.4])) == 0.875
    assert metrics.auc(np.ones(3, dtype=bool), np.arange(3.0)) == 0.5


def test_best_threshold_has_the_highest_f1():
    happened = np.array([False, False, True, True])
    probability = np.array([0.1, 0.6, 0.6, 0.9])

    assert metrics.best_threshold(happened, probability) == 0.6
    assert metrics.f1(happened, probability, 0.6) == pytest.approx(0.8)
    assert metrics.f1(happened, probability, 0.95) == 0


def test_decile_noise_is_what_few_rows_with_value_scatter_by():
    few, many = (
        metrics.decile_noise((np.arange(n) % 20 == 0) * 1.0, np.arange(n) * 1.0, seed=1)
        for n in (2_000, 40_000)
    )

    # Ten rows of each group have value, or two hundred of them.
    assert few == pytest.approx(0.55, abs=0.05)
    assert many == pytest.approx(0.075, abs=0.01)
    assert metrics.decile_noise(np.ones(50), np.arange(50.0), 1) == 0
    assert np.isnan(metrics.decile_noise(np.empty(0), np.empty(0), 1))


def test_calibration_error_weighs_the_gaps_of_equal_groups():
    happened = np.array([False] * 9 + [True] * 9 + [False] * 2)
    probability = np.array([0.2] * 10 + [0.9] * 10)

    # |.1 - .2| in the lower half, |.8 - .9| in the upper half
    assert metrics.calibration_error(happened, probability, bins=2) == pytest.approx(0.1)
    assert np.isnan(metrics.calibration_error(np.empty(0, dtype=bool), np.empty(0)))


def test_calibration_noise_shrinks_with_the_rows():
    few, many = (
        metrics.calibration_noise(np.linspace(0.29, 0.31, n), seed=1) for n in (200, 20_000)
    )

    assert few == pytest.approx(0.14, abs=0.04)
    assert many == pytest.approx(0.014, abs=0.004)


def test_calibration_error_does_not_hang_on_the_order_of_equal_probabilities():
    probability = np.full(1_000, 0.3)
    happened = np.arange(1_000) < 300

    assert metrics.calibration_error(happened, probability) == pytest.approx(0, abs=1e-12)
    assert metrics.calibration_error(happened[::-1], probability) == pytest.approx(0, abs=1e-12)


def test_mase_is_the_error_in_units_of_the_seasonal_naive():
    history = np.array([1.0, 5.0, 2.0, 7.0])

    # naive of season 2 errs by 1 and 2
    assert metrics.mase(np.array([3.0]), np.array([6.0]), history, season=2) == 2
    assert metrics.mase(np.ones(1), np.ones(1), np.ones(4)) == 0
    assert metrics.mase(np.ones(1), np.zeros(1), np.ones(4)) == np.inf
    with pytest.raises(ValueError, match="no more than a season of 7"):
        metrics.mase(np.ones(1), np.ones(1), np.ones(7), season=7)


def test_coverage_includes_the_ends():
    value = np.array([1.0, 2.0, 3.0, 4.0])

    assert metrics.coverage(value, np.array([1, 0, 3.5, 0]), np.array([2, 2, 4, 3.0])) == 0.5


def test_stability_index_of_halves_that_swap():
    before = np.repeat([0.0, 1.0], [80, 20])
    now = np.repeat([0.0, 1.0], [20, 80])

    # (.2 - .8) ln(.2 / .8) + (.8 - .2) ln(.8 / .2)
    assert metrics.stability_index(before, now) == pytest.approx(1.2 * np.log(4))
    assert metrics.stability_index(before, before) == 0
    assert metrics.stability_index(before, np.empty(0)) == 0


def test_stability_index_sees_what_becomes_unknown():
    before = np.arange(100.0)
    now = np.where(before < 30, np.nan, before)

    assert metrics.stability_index(before, now) > 0.25


def test_stability_index_of_levels_floors_a_new_one():
    before, now = np.array(["ios"] * 10), np.array(["ios"] * 5 + ["web"] * 5)

    expected = -0.5 * np.log(0.5) + (0.5 - 1e-4) * np.log(0.5 / 1e-4)

    assert metrics.stability_index_of_levels(before, now) == pytest.approx(expected)


def test_unlike_lengths_are_refused():
    with pytest.raises(ValueError, match="must be alike"):
        metrics.auc(np.ones(2, dtype=bool), np.ones(3))
