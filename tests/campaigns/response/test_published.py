"""Published data sets: what is foretold of them, and truths made up on their spend."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.curve_sets import known_on, meridian, robyn
from benchmarks.curve_worlds import made
from benchmarks.curves import look
from campaigns.engine.response.fit import fit_response
from campaigns.engine.response.quality import contributions, curves_with_data


@pytest.fixture(scope="module")
def robyn_model():
    return fit_response(robyn())


def test_revenue_of_robyns_last_weeks_is_foretold_within_a_tenth(robyn_model):
    quality = robyn_model.quality

    assert quality.steps == 31
    assert quality.mape < 0.12
    assert quality.mape < quality.naive_mape / 3
    assert abs(quality.total_error) < 0.10


def test_channels_bring_no_more_than_there_is(robyn_model):
    share = contributions(robyn_model, robyn()).sum(axis=1) / robyn().outcome.sum()

    assert np.quantile(share, 0.05) > 0.02
    assert np.quantile(share, 0.95) < 0.7


def test_a_chart_has_the_curve_and_its_figures(robyn_model):
    curve = curves_with_data(robyn_model, robyn())[0]

    assert curve.channel == "tv_S"
    assert curve.spend[0] == 0
    assert curve.data_spend.shape == curve.data_units.shape == (208,)
    assert curve.spend[-1] >= curve.data_spend.max()
    assert (curve.low <= curve.middle).all()
    assert (curve.middle <= curve.high).all()


def test_a_truth_on_meridians_spend_is_found():
    found = look(known_on(meridian(), 1), 1)

    assert found.total_covered
    assert abs(found.error) < 0.20
    assert found.optimum > 0.95


@pytest.mark.slow
def test_eight_in_ten_intervals_hold_the_truth():
    """Three channels, 200 days; bounds allow for the chance of 40 worlds."""
    found = [look(made(seed, channels=3, steps=200), seed) for seed in range(100, 140)]

    covered = np.mean([one.channels_covered for one in found])
    total, shift = (
        np.mean([getattr(one, name) for one in found])
        for name in ("total_covered", "shift_covered")
    )
    assert 0.70 <= covered <= 0.90
    assert 0.62 <= total <= 0.98
    assert 0.62 <= shift <= 0.98
    assert np.median([abs(one.error) for one in found]) < 0.15
    assert np.mean([one.optimum for one in found]) > 0.97
