"""What must hold for any arms: symmetry, scale, order, and the many like the one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.engine.statistics import ArmStatistics, compare, compare_many
from tests.experiments.arms import arm_of

METHODS = ("fixed", "always_valid", "bayesian")
METRICS = ("proportion", "mean", "ratio")


def drawn(seed: int, metric: str, count: int) -> ArmStatistics:
    rng = np.random.default_rng(seed)
    if metric == "proportion":
        return ArmStatistics(count, float(rng.integers(1, count)))
    values = rng.gamma(1.5, 3.0, count)
    return arm_of(values, 1.0 + rng.poisson(2, count) if metric == "ratio" else None)


def scaled(arm: ArmStatistics, by: float) -> ArmStatistics:
    product = None if arm.sum_product is None else arm.sum_product * by
    return replace(arm, sum=arm.sum * by, sum_squares=arm.sum_squares * by**2, sum_product=product)


pairs = given(
    seed=st.integers(0, 10_000), metric=st.sampled_from(METRICS), method=st.sampled_from(METHODS),
    counts=st.tuples(st.integers(5, 500), st.integers(5, 500)),
)  # fmt: skip


@pairs
@settings(max_examples=60, deadline=None)
def test_swapped_arms_turn_the_absolute_effect(seed, metric, method, counts):
    arms = drawn(seed, metric, counts[0]), drawn(seed + 1, metric, counts[1])
    words = {"metric": metric, "method": method, "effect": "absolute"}

    one, other = compare(*arms, **words), compare(*arms[::-1], **words)

    assert (one.effect, one.ci_low, one.ci_high) == pytest.approx(
        (-other.effect, -other.ci_high, -other.ci_low)
    )
    assert one.p_value == (other.p_value and pytest.approx(other.p_value))
    assert one.chance_to_win == pytest.approx(1 - other.chance_to_win)
    assert (one.risk_ship, one.risk_keep) == pytest.approx((other.risk_keep, other.risk_ship))


@pairs
@settings(max_examples=60, deadline=None)
def test_the_unit_of_money_changes_no_relative_effect(seed, metric, method, counts):
    if metric == "proportion":
        metric = "mean"
    arms = drawn(seed, metric, counts[0]), drawn(seed + 1, metric, counts[1])

    one = compare(*arms, metric=metric, method=method)
    other = compare(*(scaled(arm, 250.0) for arm in arms), metric=metric, method=method)

    assert (other.effect, other.ci_low, other.ci_high) == pytest.approx(
        (one.effect, one.ci_low, one.ci_high), rel=1e-6
    )
    assert other.chance_to_win == pytest.approx(one.chance_to_win, rel=1e-6)
    assert other.p_value == (one.p_value and pytest.approx(one.p_value, rel=1e-6))


@pairs
@settings(max_examples=60, deadline=None)
def test_figures_fit_together(seed, metric, method, counts):
    arms = drawn(seed, metric, counts[0]), drawn(seed + 1, metric, counts[1])

    found = compare(*arms, metric=metric, method=method)

    assert found.not_computable is None
    assert found.ci_low < found.effect < found.ci_high
    # Expected gain and loss differ by the effect.
    assert found.risk_keep - found.risk_ship == pytest.approx(found.effect, abs=1e-12)
    assert found.risk_ship >= 0
    assert found.risk_keep >= 0
    assert (found.chance_to_win > 0.5) == (found.effect > 0)
    if method == "always_valid":
        assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)


@pairs
@settings(max_examples=40, deadline=None)
def test_looking_at_any_time_costs_width(seed, metric, method, counts):
    arms = drawn(seed, metric, counts[0] + 100), drawn(seed + 1, metric, counts[1] + 100)

    fixed = compare(*arms, metric=metric)
    valid = compare(*arms, metric=metric, method="always_valid")

    assert valid.ci_low < fixed.ci_low < fixed.ci_high < valid.ci_high
    assert valid.p_value >= fixed.p_value


@given(seed=st.integers(0, 10_000), metric=st.sampled_from(METRICS))
@settings(max_examples=30, deadline=None)
def test_one_sided_halves(seed, metric):
    arms = drawn(seed, metric, 80), drawn(seed + 1, metric, 90)
    both, greater, less = (
        compare(*arms, metric=metric, alternative=word) for word in ("two-sided", "greater", "less")
    )

    assert greater.p_value + less.p_value == pytest.approx(1)
    assert both.p_value == pytest.approx(2 * min(greater.p_value, less.p_value))
    assert both.ci_low < greater.ci_low
    assert less.ci_high < both.ci_high


@given(
    rows=st.integers(1, 6), columns=st.integers(1, 4), seed=st.integers(0, 1_000),
    metric=st.sampled_from(METRICS), method=st.sampled_from(METHODS),
    effect=st.sampled_from(["relative", "absolute"]),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_many_are_each_like_one(rows, columns, seed, metric, method, effect):
    controls = [drawn(seed + 7 * row, metric, 60 + row) for row in range(rows)]
    arms = [
        [drawn(seed + 100 * row + column + 1, metric, 70 + column) for column in range(columns)]
        for row in range(rows)
    ]

    many = compare_many(
        stacked([[one] for one in controls]), stacked(arms),
        metric=metric, method=method, effect=effect,
    )  # fmt: skip

    assert many.effect.shape == (rows, columns)
    for row in range(rows):
        for column in range(columns):
            words = {"metric": metric, "method": method, "effect": effect}
            assert many.at(row, column) == compare(controls[row], arms[row][column], **words)


def stacked(arms: list[list[ArmStatistics]]) -> ArmStatistics:
    def column(name: str):
        values = [[getattr(arm, name) for arm in row] for row in arms]
        return None if values[0][0] is None else np.array(values, dtype=float)

    return ArmStatistics(**{name: column(name) for name in ArmStatistics.__dataclass_fields__})
