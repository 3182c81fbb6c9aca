"""Arms that say nothing get a reason, never a number that looks like a finding."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest

from experiments.engine.statistics import (
    ArmStatistics,
    compare,
    compare_many,
    off_the_edge,
    unit_variance,
)

GOOD = ArmStatistics(100, 50, 60)
CASES = {
    "nobody": (ArmStatistics(0, 0, 0), GOOD, "proportion", "fewer than two units"),
    "one unit": (ArmStatistics(1, 0.5, 0.25), GOOD, "mean", "fewer than two units"),
    "negative units": (GOOD, ArmStatistics(-5, 1, 1), "proportion", "negative number"),
    "more successes than units": (GOOD, ArmStatistics(10, 11), "proportion", "more successes"),
    "nobody succeeded": (ArmStatistics(100, 0), GOOD, "proportion", "the same value"),
    "everybody succeeded": (GOOD, ArmStatistics(100, 100), "proportion", "the same value"),
    "all alike": (ArmStatistics(3, 0.3, 0.03), ArmStatistics(3, 0.9, 0.27), "mean", "same value"),
    "not a number": (ArmStatistics(10, math.nan, 3), GOOD, "mean", "not a finite number"),
    "infinite": (GOOD, ArmStatistics(10, 1, math.inf), "mean", "not a finite number"),
    "control of mean 0": (ArmStatistics(10, 0, 40), GOOD, "mean", "mean of the control is 0"),
    "nothing below the line": (
        ArmStatistics(10, 5, 6, denominator_sum=0, denominator_sum_squares=0, sum_product=0),
        ArmStatistics(10, 5, 6, denominator_sum=9, denominator_sum_squares=11, sum_product=4),
        "ratio", "denominator",
    ),
    "the ratio is the same for all": (
        ArmStatistics(3, 6, 14, denominator_sum=12, denominator_sum_squares=56, sum_product=28),
        ArmStatistics(3, 6, 14, denominator_sum=12, denominator_sum_squares=56, sum_product=28),
        "ratio", "the same value",
    ),
    "out of range": (
        ArmStatistics(10, 1e200, 1e308), ArmStatistics(10, 1, 5), "mean", "too large or too small",
    ),
    "squares that cannot be": (ArmStatistics(10, 10, 5), GOOD, "mean", "the same value"),
}  # fmt: skip


@pytest.mark.parametrize("method", ["fixed", "always_valid", "bayesian"])
@pytest.mark.parametrize("name", CASES)
def test_there_is_a_reason_and_no_finding(name, method):
    control, treatment, metric, words = CASES[name]

    found = compare(control, treatment, metric=metric, method=method)

    assert words in found.not_computable
    assert (found.effect, found.ci_low, found.ci_high, found.standard_error) == (0, 0, 0, 0)
    assert (found.p_value, found.chance_to_win, found.risk_ship, found.risk_keep) == (1, 0.5, 0, 0)


@pytest.mark.parametrize("method", ["fixed", "always_valid", "bayesian"])
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-30, 1e-9, 1.0, 1e9, 1e30, 1e75, 1e150])
def test_figures_of_any_size_are_finite(scale, method):
    control = ArmStatistics(50, 40 * scale, 100 * scale**2)
    treatment = ArmStatistics(60, 90 * scale, 300 * scale**2)

    found = compare(control, treatment, metric="mean", method=method, prior=(0.0, 0.5))

    values = [getattr(found, field.name) for field in fields(found)]
    assert all(math.isfinite(value) for value in values if isinstance(value, float))
    assert found.not_computable or found.effect > 0
    assert found.not_computable is None or not 1e-100 < scale < 1e100


def test_an_absolute_effect_needs_no_control_above_zero():
    found = compare(
        ArmStatistics(10, 0, 40), ArmStatistics(10, 20, 80), metric="mean", effect="absolute"
    )

    assert (found.effect, found.relative, found.not_computable) == (2.0, None, None)


def test_a_covariate_without_variation_changes_nothing():
    plain = [ArmStatistics(100, 50, 90), ArmStatistics(100, 60, 95)]
    constant = [
        ArmStatistics(
            arm.n, arm.sum, arm.sum_squares, covariate_sum=300, covariate_sum_squares=900,
            sum_covariate_product=3 * arm.sum,
        )
        for arm in plain
    ]  # fmt: skip

    assert compare(*constant, metric="mean") == compare(*plain, metric="mean")


def test_a_variant_on_which_nothing_works_can_still_be_told():
    control, broken = ArmStatistics(10_000, 500), ArmStatistics(10_000, 0)

    found = compare(control, off_the_edge(broken), method="always_valid")

    assert compare(control, broken).not_computable
    assert found.ci_high < 0
    assert off_the_edge(control) == control
    assert off_the_edge(ArmStatistics(20, 20)) == ArmStatistics(21, 20.5)


def test_one_bad_pair_does_not_touch_the_others():
    many = compare_many(
        ArmStatistics(np.array([[100.0], [0.0]]), np.array([[50.0], [0.0]])),
        ArmStatistics(np.array([[100.0, 1.0], [100.0, 1.0]]), np.array([[60.0, 1.0], [60.0, 1.0]])),
    )

    assert many.at(0, 0) == compare(ArmStatistics(100, 50), ArmStatistics(100, 60))
    assert [bool(reason) for reason in many.reason.ravel()] == [False, True, True, True]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"metric": "median"}, "metric must be one of"),
        ({"method": "guess"}, "method must be one of"),
        ({"effect": "both"}, "effect must be one of"),
        ({"alternative": "larger"}, "alternative must be one of"),
        ({"alpha": 0.0}, "alpha must lie between 0 and 1, got 0.0"),
        ({"alpha": math.nan}, "alpha must lie"),
        ({"alpha": 0.5, "method": "always_valid", "alternative": "less"}, "between 0 and 0.5"),
        ({"tuning": 0}, "tuning must be"),
        ({"prior": (0.0, 0.0)}, "prior must be"),
    ],
)
def test_nonsense_is_refused_by_name(words, named):
    with pytest.raises(ValueError, match=named):
        compare(GOOD, GOOD, **words)


def test_missing_sums_are_refused_by_name():
    adjusted = ArmStatistics(
        100, 50, 60, covariate_sum=1, covariate_sum_squares=1, sum_covariate_product=1
    )
    with pytest.raises(ValueError, match="sum_squares of an arm is missing"):
        compare(ArmStatistics(10, 5), GOOD, metric="mean")
    with pytest.raises(ValueError, match="denominator_sum of an arm is missing"):
        compare(GOOD, GOOD, metric="ratio")
    with pytest.raises(ValueError, match="for both arms or for none"):
        compare(GOOD, adjusted, metric="mean")
    with pytest.raises(ValueError, match="not for a ratio"):
        compare(adjusted, adjusted, metric="ratio")


def test_the_variance_of_a_unit():
    assert unit_variance(ArmStatistics(10, 4), "proportion") == pytest.approx(0.24)
    assert unit_variance(ArmStatistics(4, 10, 30), "mean") == pytest.approx(5 / 3)
    with pytest.raises(ValueError, match="fewer than two units"):
        unit_variance(ArmStatistics(1, 1, 1), "mean")
