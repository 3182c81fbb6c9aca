"""Sizes, power and time: printed figures, and agreement with what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower

from attribution.engine.proportions import sample_size_per_arm
from experiments.engine.statistics import (
    ArmStatistics,
    Design,
    Runtime,
    compare,
    compare_many,
    minimum_detectable_effect,
    power,
    runtime,
    sample_size,
    sequential_size,
    unit_variance,
)
from tests.experiments.arms import arm_of, units

PRINTED = {0.02: 80_682, 0.05: 31_234, 0.10: 14_751, 0.20: 6_510, 0.30: 3_763}


@pytest.mark.parametrize("baseline", PRINTED)
def test_sizes_for_a_tenth_more(baseline):
    """80 % power, two-sided 5 %, per arm."""
    assert sample_size(baseline, 0.10) == PRINTED[baseline]
    assert sample_size(baseline, 0.10) == sample_size_per_arm(baseline, 1.1 * baseline)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize("allocation", [1.0, 0.25, 3.0])
def test_sizes_of_means_agree_with_statsmodels(allocation, alternative):
    design = Design(effect="absolute", allocation=allocation, alternative=alternative, power=0.9)

    found = sample_size(10.0, 0.4, variance=4.0, design=design)

    word = "larger" if alternative == "greater" else "two-sided"
    theirs = NormalIndPower().solve_power(
        0.4 / 2.0, alpha=0.05, power=0.9, ratio=allocation, alternative=word
    )
    assert found == int(np.ceil(theirs))


def test_a_ratio_is_planned_with_its_own_variance():
    arm = units(3, 4_000)
    control = arm_of(arm["amount"], arm["visits"])
    baseline, variance = control.sum / control.denominator_sum, unit_variance(control, "ratio")

    found = sample_size(baseline, 0.05, variance=variance)

    assert found == sample_size(baseline, 0.05 * baseline, variance=variance,
                                design=Design(effect="absolute"))  # fmt: skip
    assert power(baseline, 0.05, found, variance=variance) == pytest.approx(0.8, abs=1e-3)


@given(
    baseline=st.floats(0.001, 0.6), lift=st.floats(0.01, 0.5), power_goal=st.floats(0.5, 0.99),
    allocation=st.floats(0.2, 5.0),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_size_power_and_smallest_effect_are_one_relation(baseline, lift, power_goal, allocation):
    design = Design(power=power_goal, allocation=allocation)

    found = sample_size(baseline, lift, design=design)

    assert power(baseline, lift, found, design=design) >= power_goal - 1e-9
    assert found == 1 or power(baseline, lift, found - 1, design=design) <= power_goal + 1e-9
    least = minimum_detectable_effect(baseline, found, design=design)
    assert least <= lift * (1 + 1e-9)


def test_smallest_effects_by_hand():
    design = Design(effect="absolute")
    z = 1.959963984540054 + 0.8416212335729143

    assert minimum_detectable_effect(5.0, 800, variance=9.0, design=design) == pytest.approx(
        z * np.sqrt(9 * 2 / 800)
    )
    assert minimum_detectable_effect(0.1, 14_751) == pytest.approx(0.1, abs=1e-5)
    # Not even a proportion of 1 is found among so few.
    assert minimum_detectable_effect(0.6, 3) is None


def test_more_variants_need_more_units():
    assert sample_size(0.1, 0.1, design=Design(comparisons=3)) == sample_size(
        0.1, 0.1, design=Design(alpha=0.05 / 3)
    )


def test_a_fall_is_planned_like_a_rise():
    assert sample_size(0.1, -0.1) == sample_size_per_arm(0.1, 0.09)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_a_test_that_may_be_looked_at_stops_when_its_bound_clears(alternative):
    """By the typical size the interval of exactly that lift just touches 0."""
    design = Design(alternative=alternative, effect="absolute")

    found = sequential_size(0.10, 0.01, design=design)

    def low(units):
        return compare(
            ArmStatistics(units, 0.10 * units), ArmStatistics(units, 0.11 * units),
            effect="absolute", method="always_valid", alternative=alternative,
        ).ci_low  # fmt: skip

    assert low(found.typical) >= 0 > low(found.typical - 1)
    assert sample_size(0.10, 0.01, design=design) < found.typical < found.at_power


def test_the_size_at_power_by_simulation():
    """Looked at once, at that size, four in five are called."""
    found, runs = sequential_size(0.10, 0.20).at_power, 4_000
    rng = np.random.default_rng(5)
    a, b = rng.binomial(found, 0.10, runs), rng.binomial(found, 0.12, runs)
    many = compare_many(
        ArmStatistics(found, a), ArmStatistics(found, b), method="always_valid", effect="absolute"
    )

    assert (many.ci_low > 0).mean() == pytest.approx(0.80, abs=0.02)


def test_a_lift_that_anybody_sees_takes_one_unit():
    found = sequential_size(5.0, 1e6, variance=1.0)

    assert (found.typical, found.at_power) == (1, 1)


def test_full_days():
    assert runtime(29_502, 5_000) == Runtime(7, fits=True)
    assert runtime(70_001, 5_000) == Runtime(15, fits=False)
    assert runtime(70_000, 5_000) == Runtime(14, fits=True)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: sample_size(0.1, 0.0), "lift must be"),
        (lambda: sample_size(0.0, 0.1), "lift must be"),
        (lambda: sample_size(0.6, 0.9), "must lie in"),
        (lambda: sample_size(5.0, 0.1, variance=0.0), "variance must be above 0"),
        (lambda: power(0.1, 0.1, -1), "units must be at least 0"),
        (lambda: minimum_detectable_effect(0.1, 0), "units must be at least 1"),
        (lambda: sequential_size(0.1, 0.1, tuning=0), "tuning must be"),
        (lambda: runtime(100, 0), "must be above 0"),
        (lambda: Design(power=1.0), "power must lie"),
        (lambda: Design(alternative="both"), "unknown alternative"),
        (lambda: Design(allocation=0.0), "allocation must be"),
    ],
)
def test_nonsense_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
