"""The world of ads: its rules, its oracle, and what the sampler reaches in it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mlops.simulation.budget import (
    Sampling,
    _best_steps,
    compare,
    equal_split,
    greedy_roas,
    oracle,
    report,
)
from mlops.simulation.budget_world import CONVERSION_VALUE, Run, live_through, make_world


def test_worlds_repeat_by_seed_and_differ_between_seeds():
    one, same, other = make_world(1), make_world(1), make_world(2)

    assert np.array_equal(one.roas, same.roas)
    assert not np.array_equal(one.roas, other.roas)
    assert one.roas.shape == (60, 20)
    assert one.delay_shares.sum() == pytest.approx(1)


def test_worn_audience_answers_less_down_to_a_floor():
    world = make_world(1)

    left = [world.response(world.audience * pressure) for pressure in (0.5, 1.9, 5.0, 20.0)]

    assert left[0] == pytest.approx(1.0)
    assert left[1] == pytest.approx(np.exp(-0.15 * (1.9 / -np.expm1(-1.9) - 2)))
    assert (left[2] < left[1]).all()
    assert left[3] == pytest.approx(0.3)


def test_equal_split_earns_what_the_world_promises():
    world = make_world(4)

    run = live_through(world, equal_split)

    assert run.spend.sum() == pytest.approx(run.total * world.days)
    shown = run.impressions
    week = np.stack([shown[max(0, day - 6) : day + 1].sum(axis=0) for day in range(world.days)])
    worn = np.stack([world.response(row) for row in week])
    expected = (run.spend * world.roas * worn).sum() / CONVERSION_VALUE
    assert run.conversions.sum() == pytest.approx(expected, rel=4 / np.sqrt(expected))


def test_revenue_arrives_days_after_its_spend():
    run = Run(make_world(4))
    run.live(equal_split(run))
    on_the_first_evening = run.arrived().sum()
    for _ in range(20):
        run.live(equal_split(run))

    first_cohort = run.conversions[0].sum()
    assert on_the_first_evening == run.conversions[0, :, 0].sum()
    assert on_the_first_evening < 0.2 * first_cohort
    assert run.conversions[0, :, :21].sum() > 0.95 * first_cohort


def test_decisions_outside_the_rules_are_counted():
    run = Run(make_world(4))
    budgets = equal_split(run)
    budgets[0] += 51.0

    run.live(budgets)

    assert run.breaches == 2  # more than half up, and more than the total


def test_oracle_finds_the_best_of_all_plans_of_a_small_world():
    value = np.random.default_rng(3).normal(size=(4, 6)).cumsum(axis=1)
    value[1, 4:] = -np.inf  # an upper bound

    taken = _best_steps(value, 5)

    plans = [plan for plan in itertools.product(range(6), repeat=4) if sum(plan) == 5]
    worth = [sum(value[ad, step] for ad, step in enumerate(plan)) for plan in plans]
    assert sum(value[np.arange(4), taken]) == pytest.approx(max(worth))
    assert taken.sum() == 5


@pytest.mark.parametrize("policy", [greedy_roas, lambda run: oracle(run, holds=True)])
def test_rivals_keep_the_rules_and_spend_it_all(policy):
    run = live_through(make_world(5, days=15), policy)

    assert run.breaches == 0
    assert run.spend.sum() == pytest.approx(run.total * 15)


def test_sampler_sees_figures_not_truth():
    """Two worlds with the same history so far get the same decision."""
    run, other = Run(make_world(6)), Run(make_world(6))
    other.world.roas[5:] *= 10  # a future that nobody can know
    for _ in range(5):
        run.live(equal_split(run))
        other.live(equal_split(other))

    assert np.array_equal(Sampling()(run), Sampling()(other))


def test_sampler_beats_the_plain_policies_in_a_few_worlds():
    comparison = compare(range(2))

    assert comparison.breaches == 0
    assert comparison.above_equal >= 0.20
    assert comparison.above_greedy >= 0.10
    assert 0.80 <= comparison.of_oracle <= 1.0
    assert "2 worlds" in report(comparison)


@pytest.mark.slow
def test_sampler_reaches_the_documented_figures():
    comparison = compare(range(60))

    assert comparison.breaches == 0
    assert comparison.above_equal >= 0.20
    assert comparison.above_greedy >= 0.10
    assert comparison.of_oracle >= 0.90
