"""Cents that add up."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from campaigns.engine.cents import in_cents


@pytest.mark.parametrize("seed", range(6))
def test_they_sum_to_the_total_and_move_by_less_than_a_cent(seed):
    shares = np.random.default_rng(seed).dirichlet(np.ones(7))

    found = in_cents(shares * 1000.01, Decimal("1000.01"))

    assert sum(found) == Decimal("1000.01")
    assert all(
        abs(float(one) - exact) < 0.01 for one, exact in zip(found, shares * 1000.01, strict=True)
    )


def test_the_cent_that_is_left_goes_past_a_full_one():
    found = in_cents(np.array([0.339, 0.331, 0.33]), Decimal("1.00"), np.array([0.339, 1.0, 1.0]))

    assert found == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
