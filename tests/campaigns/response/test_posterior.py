"""The log posterior: its slope, its invariances, and what the baseline takes away."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.curve_worlds import made
from campaigns.engine.response.baseline import Calendar
from campaigns.engine.response.posterior import Baseline, Noise, Posterior

NOISE = Noise(0.3, 0.04, 0.05)


@pytest.fixture(scope="module")
def posterior():
    series = made(1, channels=2, steps=90).series
    return Posterior(series, Calendar.of(series), NOISE)


@pytest.mark.parametrize("parameter", range(8))
def test_the_slope_is_that_of_the_value(posterior, parameter):
    point = posterior.centre.ravel() + 0.1
    step = np.zeros(8)
    step[parameter] = 1e-5
    pair = np.stack([point + step, point - step])

    up, down = posterior.value_and_slope(pair)[0]

    slope = posterior.value_and_slope(point[None])[1][0, parameter]
    assert slope == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-5)


def test_the_curvature_is_near_that_of_the_value_where_the_fit_is_good(posterior):
    point = posterior.centre.ravel()

    precision = posterior.precision(point)

    assert np.allclose(precision, precision.T)
    assert np.linalg.eigvalsh(precision).min() > 0


def test_the_baseline_integrated_out_is_the_normal_of_its_whole_covariance():
    """Against the same density written down in full, as an independent reckoning."""
    series = made(1, channels=2, steps=40).series
    calendar = Calendar.of(series)
    baseline = Baseline(calendar, series.controls, NOISE)
    columns = calendar.columns(0, 40, series.controls)
    spread = calendar.spread(NOISE.knot_sd) / NOISE.sd
    lags = np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    covariance = 0.3**lags / (1 - 0.3**2) + (columns * spread**2) @ columns.T
    path = np.random.default_rng(0).standard_normal((40, 2))

    squares, _ = baseline.unexplained(path)

    whole = [stats.multivariate_normal(np.zeros(40), covariance).logpdf(one) for one in path.T]
    ours = -0.5 * squares - baseline.log_size - 20 * np.log(2 * np.pi)
    np.testing.assert_allclose(ours, whole, rtol=1e-8)


def test_coefficients_are_those_of_ridge_regression():
    series = made(1, channels=2, steps=40).series
    calendar = Calendar.of(series)
    baseline = Baseline(calendar, series.controls, Noise(0.0, 0.04, 0.05))
    columns = calendar.columns(0, 40, series.controls)
    path = np.random.default_rng(0).standard_normal(40)
    tightness = np.diag((0.05 / calendar.spread(0.04)) ** 2)

    weights = baseline.coefficients(path[:, None], np.ones(1), None)[0]

    ridge = np.linalg.solve(columns.T @ columns + tightness, columns.T @ path)
    np.testing.assert_allclose(weights, ridge, rtol=1e-8)


def test_the_trend_stays_level_after_the_last_step():
    series = made(1, channels=1, steps=60).series
    calendar = Calendar.of(series)

    after = calendar.columns(60, 67)

    assert (after[:, 1:4] == calendar.columns(59, 60)[:, 1:4]).all()
    np.testing.assert_allclose(after[:, 4:].sum(axis=0), 0.0)  # weekdays, over one week
