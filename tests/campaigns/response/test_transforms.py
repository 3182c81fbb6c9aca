"""Carry-over and saturation: values that can be reckoned by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.engine.response.transforms import carryover, response, saturation


def test_a_single_payment_fades_by_the_decay():
    spend = np.array([[100.0], [0.0], [0.0], [0.0]])

    left = carryover(spend, np.array([0.5]), np.array([0.0]))

    assert left[:, 0].tolist() == [50.0, 25.0, 12.5, 6.25]


def test_what_was_spent_before_lingers():
    left = carryover(np.zeros((2, 1)), np.array([0.25]), np.array([80.0]))

    assert left[:, 0].tolist() == [20.0, 5.0]


@settings(max_examples=25)
@given(st.floats(0, 0.95), st.floats(0.01, 1e6))
def test_spend_that_is_kept_up_stays_what_it_is(decay, money):
    left = carryover(np.full((5, 1), money), np.array([decay]), np.array([money]))

    np.testing.assert_allclose(left, money, rtol=1e-12)


def test_draws_and_channels_go_side_by_side():
    spend = np.random.default_rng(0).random((30, 1, 2))
    decay = np.array([[0.1, 0.9], [0.5, 0.3], [0.0, 0.7]])

    together = carryover(spend, decay, np.zeros(2))

    for draw in range(3):
        alone = carryover(spend[:, 0], decay[draw], np.zeros(2))
        np.testing.assert_allclose(together[:, draw], alone, rtol=1e-12)


def test_hill_reaches_half_at_the_half():
    shares = saturation(np.array([0.0, 1.0, 2.0, 6.0]), np.array(2.0), np.array(1.0))

    np.testing.assert_allclose(shares, [0.0, 1 / 3, 0.5, 0.75], atol=1e-9)


def test_a_channel_brings_at_its_usual_spend_what_it_is_told_to():
    units = response(np.array([0.0, 1.0, 1e9]), np.array(30.0), np.array(2.0), np.array(1.0))

    np.testing.assert_allclose(units, [0.0, 30.0, 90.0], rtol=1e-6, atol=1e-6)
