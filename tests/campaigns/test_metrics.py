"""The product's ratios: one definition, zero-safe, for scalars and arrays."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from campaigns.metrics import METRICS, cpa, cpc, cpi, cpm, ctr, cvr, roas, roi


@pytest.mark.parametrize(
    ("metric", "above", "below", "expected"),
    [
        (ctr, 30, 1_000, 0.03),
        (cvr, 3, 30, 0.1),
        (cpc, 60.0, 30, 2.0),
        (cpm, 60.0, 20_000, 3.0),
        (cpa, 60.0, 3, 20.0),
        (cpi, 60.0, 24, 2.5),
        (roas, 150.0, 60.0, 2.5),
        (roi, 150.0, 60.0, 1.5),
        (roi, 0.0, 60.0, -1.0),
    ],
)
def test_each_metric_has_its_one_definition(metric, above, below, expected):
    assert metric(above, below) == pytest.approx(expected)
    assert metric(np.array([above, above]), np.array([below, 0])) == pytest.approx(
        [expected, np.nan], nan_ok=True
    )


@pytest.mark.parametrize("metric", METRICS.values())
@pytest.mark.parametrize("zero", [0, 0.0, Decimal(0), None])
def test_undefined_is_none(metric, zero):
    above = Decimal(5) if isinstance(zero, Decimal) else 5

    assert metric(above, zero) is None
    assert metric(None, 5) is None


def test_decimals_stay_exact():
    assert roas(Decimal("0.3"), Decimal("0.1")) == Decimal(3)
    assert roi(Decimal("0.3"), Decimal("0.1")) == Decimal(2)
    assert cpm(Decimal("0.07"), 1_000) == Decimal("0.07")
    assert cvr(3, Decimal(4)) == Decimal("0.75")


def test_money_is_not_mixed_with_floats():
    with pytest.raises(TypeError, match="float beside a Decimal"):
        roas(Decimal(1), 2.0)
    with pytest.raises(TypeError, match="both be arrays"):
        ctr(np.array([1]), 2)


def test_formula_reads_as_the_definition():
    assert roi.formula == "(revenue − spend) / spend"  # typography
    assert cpm.formula == "spend / impressions × 1000"  # typography
