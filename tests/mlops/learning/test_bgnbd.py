from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlops.engine.learning import bgnbd
from mlops.engine.learning.bgnbd import Purchases

CDNOW = Path(__file__).parents[2] / "data/learning/cdnow_customers_summary.csv"


@pytest.fixture(scope="module")
def cdnow() -> Purchases:
    rows = np.genfromtxt(CDNOW, delimiter=",", names=True)
    return Purchases(rows["frequency"], rows["recency"], rows["T"], np.zeros(rows.size))


def test_bgnbd_gives_the_printed_parameters_of_cdnow(cdnow):
    found = bgnbd.fit_frequency(cdnow)

    assert found.converged
    assert (found.r, found.alpha) == pytest.approx((0.243, 4.414), abs=6e-4)
    assert (found.a, found.b) == pytest.approx((0.793, 2.426), abs=6e-4)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.1)


def test_expected_purchases_of_the_printed_customer(cdnow):
    """Fader, Hardie and Lee's note on Excel: x = 2, t_x = 30.43, T = 38.86 gives 1.226."""
    model = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426, 0.0, converged=True)

    to_come = model.expected(cdnow.of(np.array([0])), 39.0)

    assert to_come[0] == pytest.approx(1.226, abs=1e-3)


def test_gamma_gamma_recovers_what_purchases_were_drawn_from():
    rng = np.random.default_rng(3)
    rate = rng.gamma(4.0, 1 / 15.0, 4_000)
    count = rng.integers(1, 9, 4_000).astype(float)
    mean = rng.gamma(6.0 * count, 1 / (rate * count))

    found = bgnbd.fit_value(Purchases(count, count, count, mean))

    assert found.converged
    assert found.p * found.v / (found.q - 1) == pytest.approx(6 * 15 / 3, rel=0.05)
    assert (found.p, found.q) == pytest.approx((6, 4), rel=0.15)


def test_gamma_gamma_leans_on_all_for_who_bought_once():
    model = bgnbd.GammaGamma(6.25, 3.74, 15.44, 0.0, converged=True)
    bought = Purchases(np.array([0.0, 50.0]), np.ones(2), np.ones(2), np.array([0.0, 80.0]))

    expected = model.expected(bought)

    assert expected[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert expected[1] == pytest.approx(80, rel=0.01)


def test_customers_that_tell_nothing_are_refused():
    once = Purchases(np.zeros(2), np.zeros(2), np.ones(2), np.zeros(2))
    late = Purchases(np.ones(1), np.full(1, 9.0), np.ones(1), np.ones(1))

    with pytest.raises(ValueError, match="nobody bought twice"):
        bgnbd.fit_frequency(once)
    with pytest.raises(ValueError, match="nobody bought twice"):
        bgnbd.fit_value(once)
    with pytest.raises(ValueError, match="after now"):
        bgnbd.fit_frequency(late)
    with pytest.raises(ValueError, match="for nothing"):
        bgnbd.fit_value(Purchases(np.ones(1), np.ones(1), np.ones(1), np.zeros(1)))


def test_customers_all_alike_are_told_what_they_bought_so_far():
    rng = np.random.default_rng(5)
    count = rng.poisson(1, 800).astype(float)
    bought = Purchases(count, np.where(count > 0, 29.0, 0.0), np.full(800, 30.0), count)

    to_come = bgnbd.fit_frequency(bought).expected(bought, 30.0)

    assert to_come.mean() == pytest.approx(count.mean(), rel=0.1)
