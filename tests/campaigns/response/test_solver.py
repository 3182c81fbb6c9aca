"""The solver of budgets, against bounds that no split can pass and against brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from campaigns.engine.response.solver import solve


def _hill(rng, count, slopes):
    """Random Hill curves; (n_points, n_channels) money -> units."""
    top, half = rng.uniform(10, 90, count), rng.uniform(50, 800, count)
    slope = rng.uniform(*slopes, count)
    return lambda spend: top * spend**slope / (half**slope + spend**slope)


def _ceiling(curves, total, least, most):
    """What no split passes: the least of total · price + what each channel earns at that price."""
    spend = least + np.linspace(0, 1, 1_501)[:, None] * (np.minimum(most, total) - least)
    values = curves(spend)
    prices = np.geomspace(1e-3, 10, 800)[:, None]
    surplus = sum((values[:, n] - prices * spend[:, n]).max(axis=1) for n in range(values.shape[1]))
    return float((prices[:, 0] * total + surplus).min())


@pytest.mark.parametrize("seed", range(8))
def test_concave_curves_reach_all_that_can_be_reached(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 9))
    curves = _hill(rng, count, (0.4, 1.0))
    least, most = rng.uniform(0, 60, count), rng.uniform(150, 900, count)
    total = float(rng.uniform(least.sum(), most.sum()))

    found = solve(curves, total, least, most)

    assert found.sum() == pytest.approx(total)
    assert ((found >= least - 1e-9) & (found <= most + 1e-9)).all()
    assert curves(found[None]).sum() >= 0.9999 * _ceiling(curves, total, least, most)


@pytest.mark.parametrize("seed", range(8))
def test_s_shaped_curves_are_as_good_as_brute_force(seed):
    rng = np.random.default_rng([7, seed])
    curves = _hill(rng, 3, (0.8, 4.0))
    least, most = rng.uniform(0, 60, 3), rng.uniform(400, 900, 3)
    total = float(rng.uniform(600, 1_100))

    found = solve(curves, total, least, most)

    shares = np.array(
        [(a, b, 300 - a - b) for a, b in product(range(301), repeat=2) if a + b <= 300]
    )
    tried = least + shares / 300 * (total - least.sum())
    best = curves(tried[(tried <= most + 1e-9).all(axis=1)]).sum(axis=1).max()
    assert found.sum() == pytest.approx(total)
    assert ((found >= least - 1e-9) & (found <= most + 1e-9)).all()
    assert curves(found[None]).sum() >= 0.9999 * best


def test_straight_curves_fill_the_best_first():
    found = solve(lambda spend: spend * [1.0, 3.0, 2.0], 100.0, np.zeros(3), np.full(3, 60.0))

    assert found == pytest.approx([0.0, 60.0, 40.0], abs=1e-6)


def test_curves_that_are_alike_share_alike():
    found = solve(lambda spend: np.sqrt(spend), 90.0, np.zeros(3), np.full(3, np.inf))

    assert found == pytest.approx([30.0, 30.0, 30.0], rel=1e-3)


def test_what_finds_no_room_is_left_over():
    found = solve(lambda spend: np.sqrt(spend), 90.0, np.zeros(2), np.array([10.0, 20.0]))

    assert found.tolist() == [10.0, 20.0]
