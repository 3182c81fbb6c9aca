"""Budgets: projection, bounds, rounding, determinism, explanation."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from mlops.engine.allocation import project, round_to_step
from mlops.engine.sampler import AdState, Allocation, BattleHardenedSampler
from tests.examples import examples

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def arm(ad_id: str, budget: float = 100.0, **figures) -> AdState:
    defaults = {
        "impressions": 400,
        "clicks": 8,
        "spend": 150.0,
        "pipeline_value": 150.0,
        "cash_revenue": 150.0,
        "age_hours": 240.0,
    }
    return AdState(ad_id, daily_budget=budget, **{**defaults, **figures})


@st.composite
def arms(draw: st.DrawFn) -> list[AdState]:
    states = []
    for index in range(draw(st.integers(1, 7))):
        budget = draw(st.floats(2, 5_000))
        spend = draw(st.floats(0, 10_000))
        states.append(
            AdState(
                f"ad{index}",
                impressions=draw(st.integers(0, 100_000)),
                clicks=draw(st.integers(0, 3_000)),
                spend=spend,
                pipeline_value=draw(st.none() | st.floats(0, 30_000)),
                cash_revenue=draw(st.floats(0, 30_000)),
                age_hours=draw(st.floats(0, 500)),
                daily_budget=budget,
                frequency=draw(st.none() | st.floats(0, 12)),
                min_budget=draw(st.none() | st.floats(0.8, 1).map(lambda x, b=budget: b * x)),
                max_budget=draw(st.none() | st.floats(1, 1.2).map(lambda x, b=budget: b * x)),
                is_learning=draw(st.booleans()),
            )
        )
    return states


totals = st.floats(0, 3)
modes = st.sampled_from(["pipeline", "direct"])


def allocate(states: list[AdState], total: float, mode: str = "pipeline", **policy) -> Allocation:
    return BattleHardenedSampler(mode, **policy).select(states, total, seed=11, now=NOW)


@settings(max_examples=examples(40))
@given(arms(), totals, modes, st.sampled_from([None, 0.01, 1.0, 100.0]))
def test_recommended_and_unallocated_make_the_total(states, factor, mode, step):
    total = factor * sum(state.daily_budget for state in states)

    allocation = allocate(states, total, mode, money_step=step)

    recommended = sum(item.recommended_budget for item in allocation.items)
    assert recommended + allocation.unallocated == pytest.approx(total, abs=0.01)


@settings(max_examples=examples(40))
@given(arms(), totals, modes, st.sampled_from([None, 0.01, 1.0]))
def test_every_budget_stays_within_its_bounds(states, factor, mode, step):
    total = factor * sum(state.daily_budget for state in states)

    for state, item in zip(
        states, allocate(states, total, mode, money_step=step).items, strict=True
    ):
        budget, slack = item.recommended_budget, 1e-6 * state.daily_budget
        assert 0.5 * state.daily_budget - slack <= budget <= 1.5 * state.daily_budget + slack
        assert budget >= 1
        assert budget <= (state.max_budget or np.inf) + slack
        assert budget >= (state.min_budget or 0) - slack


@settings(max_examples=examples(40))
@given(arms(), totals, st.randoms(use_true_random=False))
def test_order_of_the_arms_changes_nothing(states, factor, random):
    total = factor * sum(state.daily_budget for state in states)
    shuffled = random.sample(states, len(states))

    one = {item.ad_id: item for item in allocate(states, total).items}
    other = {item.ad_id: item for item in allocate(shuffled, total).items}

    assert one == other


@settings(max_examples=examples(40))
@given(arms(), st.floats(0.5, 1.5), st.sampled_from([0.5, 2.0, 100.0]))
def test_budgets_scale_with_the_currency(states, factor, scale):
    total = factor * sum(state.daily_budget for state in states)
    money = ("spend", "pipeline_value", "cash_revenue", "daily_budget", "min_budget", "max_budget")
    scaled = [
        replace(
            state,
            **{n: None if getattr(state, n) is None else getattr(state, n) * scale for n in money},
        )
        for state in states
    ]

    plain = allocate(states, total, min_budget=1.0)
    other = allocate(
        scaled,
        total * scale,
        min_budget=scale,
        ignorance_zone_spend=100.0 * scale,
        min_spend_for_kill=200.0 * scale,
    )

    expected = [item.recommended_budget * scale for item in plain.items]
    assert [item.recommended_budget for item in other.items] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=examples(40))
@given(arms(), totals)
def test_the_total_is_met_whenever_the_bounds_allow(states, factor):
    known = [replace(state, pipeline_value=None) for state in states]  # no kills, no scales
    total = factor * sum(state.daily_budget for state in known)
    low = sum(max(s.daily_budget / 2, 1, s.min_budget or 0) for s in known)
    high = sum(min(s.daily_budget * 1.5, s.max_budget or np.inf) for s in known)

    unallocated = allocate(known, total).unallocated

    assert unallocated == pytest.approx(total - np.clip(total, low, high), abs=1e-6 * (1 + total))


def test_same_seed_same_answer_and_another_seed_only_another_draw():
    states = [arm("a"), arm("b", clicks=20)]
    sampler = BattleHardenedSampler()

    one, two = sampler.select(states, 200, seed=1), sampler.select(states, 200, seed=1)
    other = sampler.select(states, 200, seed=2)

    assert one == two
    assert [i.draw for i in one.items] != [i.draw for i in other.items]
    assert [i.recommended_budget for i in one.items] == [i.recommended_budget for i in other.items]


def test_without_a_seed_the_answer_names_the_one_it_took():
    states = [arm("a"), arm("b", clicks=20)]
    free = BattleHardenedSampler().select(states, 200)

    assert BattleHardenedSampler().select(states, 200, seed=free.seed) == free


def test_propensities_are_the_probabilities_of_the_drawn_arm():
    states = [arm("a", clicks=9), arm("b", clicks=10), arm("c", impressions=0, clicks=0)]
    sampler = BattleHardenedSampler()
    allocation = sampler.select(states, 300, seed=0)

    drawn = [sampler.select(states, 300, seed=seed).drawn for seed in range(400)]

    for item in allocation.items:
        assert drawn.count(item.ad_id) / 400 == pytest.approx(item.propensity, abs=0.1)
    assert sum(item.propensity for item in allocation.items) == pytest.approx(1)


def test_no_arms_leave_everything_unallocated():
    allocation = allocate([], 50.0)

    assert (allocation.items, allocation.unallocated, allocation.drawn) == ((), 50.0, None)


def test_upper_bounds_win_and_say_what_is_left():
    allocation = allocate([arm("a"), arm("b")], 400.0)

    assert [item.recommended_budget for item in allocation.items] == [150.0, 150.0]
    assert allocation.unallocated == 100.0
    assert {item.binding for item in allocation.items} == {"max_increase"}
    assert "100.00 stays unallocated" in allocation.warnings[0]


def test_lower_bounds_win_over_a_small_total():
    allocation = allocate([arm("a"), arm("b")], 60.0)

    assert [item.recommended_budget for item in allocation.items] == [50.0, 50.0]
    assert allocation.unallocated == -40.0
    assert {item.binding for item in allocation.items} == {"max_decrease"}


def test_a_tiny_budget_never_falls_below_one_a_day():
    items = allocate([arm("a", 1.5, clicks=0), arm("b", 100.0, clicks=40)], 101.5).items

    assert items[0].recommended_budget == 1.0
    assert items[0].binding == "min_budget"


def test_velocity_headroom_binds_before_the_decision_limit():
    states = [arm("a", clicks=0, min_budget=80.0), arm("b", clicks=40, max_budget=120.0)]

    items = allocate(states, 200.0).items

    assert [item.recommended_budget for item in items] == [80.0, 120.0]
    assert [item.binding for item in items] == ["headroom_low", "headroom_high"]


def test_killed_arm_gets_its_least_and_scaled_arm_is_not_cut():
    bad = arm("bad", spend=500.0, pipeline_value=0.0)
    good = arm("good", spend=500.0, pipeline_value=2_500.0, impressions=200_000, clicks=10)

    by_id = {item.ad_id: item for item in allocate([bad, good, arm("new", clicks=40)], 300).items}

    assert (by_id["bad"].decision, by_id["bad"].recommended_budget) == ("kill", 50.0)
    assert by_id["good"].decision == "scale"
    assert by_id["good"].recommended_budget >= 100.0


def test_explanation_names_posterior_draw_share_and_limit():
    item = allocate([arm("a"), arm("b")], 400.0).items[0]

    assert item.explanation.startswith("Belief Beta(")
    assert f"drawn {item.draw:.3f}" in item.explanation
    assert "Best arm with probability 50.0 %" in item.explanation
    assert "200.00 was due and 150.00 is recommended" in item.explanation
    assert item.explanation.endswith("the largest increase per decision held it down.")


def test_change_percentage_is_of_the_present_budget():
    items = allocate([arm("a"), arm("zero", 0.0)], 101.0).items

    assert items[0].change_percentage == pytest.approx(0.0)
    assert items[1].change_percentage is None
    assert items[1].recommended_budget == 1.0


def test_allocation_keeps_how_it_was_made():
    allocation = allocate([arm("a")], 100.0, "direct", policy_version="v7")

    assert (allocation.mode, allocation.seed, allocation.policy_version) == ("direct", 11, "v7")


vectors = st.integers(1, 6).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(0, 100), min_size=n, max_size=n) for _ in range(3)])
)


@given(vectors, st.floats(0, 300))
def test_projection_is_the_nearest_point_with_the_sum(rows, total):
    wanted, one, other = (np.array(row) for row in rows)
    low, high = np.minimum(one, other), np.maximum(one, other)

    x = project(wanted, low, high, total)

    assert (x >= low).all()
    assert (x <= high).all()
    assert x.sum() == pytest.approx(np.clip(total, low.sum(), high.sum()), abs=1e-8)
    if low.sum() < total < high.sum():  # agreement with a general solver of the same problem
        shift = optimize.brentq(lambda s: np.clip(wanted + s, low, high).sum() - total, -500, 500)
        assert x == pytest.approx(np.clip(wanted + shift, low, high), abs=1e-6)


def test_projection_refuses_crossed_bounds():
    with pytest.raises(ValueError, match="low is above high at"):
        project(np.array([1.0]), np.array([2.0]), np.array([1.0]), 1.0)


def test_rounding_gives_the_remainder_to_the_largest_item():
    amounts = np.array([33.4, 33.3, 33.3])
    wide = (np.zeros(3), np.full(3, 100.0))

    assert round_to_step(amounts, amounts, wide, 1.0).tolist() == [34.0, 33.0, 33.0]
    assert round_to_step(amounts, amounts, wide, 10.0).tolist() == [40.0, 30.0, 30.0]


def test_remainder_goes_on_where_the_largest_item_is_at_its_limit():
    amounts, high = np.array([33.4, 33.3, 33.3]), np.array([33.5, 100.0, 100.0])

    rounded = round_to_step(amounts, amounts, (np.zeros(3), high), 1.0)

    assert rounded.tolist() == [33.0, 34.0, 33.0]


def test_budget_without_a_whole_step_in_its_limits_stays_where_it_is():
    bounds = (np.array([110.0, 0.0]), np.array([130.0, 500.0]))

    rounded = round_to_step(np.array([120.0, 280.0]), np.array([115.0, 285.0]), bounds, 100.0)

    assert rounded.tolist() == [115.0, 200.0]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: allocate([arm("a")], -1.0), "total_budget"),
        (lambda: allocate([arm("a")], float("nan")), "total_budget"),
        (lambda: allocate([arm("a"), arm("a")], 1.0), "ad_states has ids more than once: a"),
        (lambda: arm("a", spend=-1.0), "spend of ad 'a'"),
        (lambda: arm("a", clicks=float("inf")), "clicks of ad 'a'"),
        (lambda: arm("a", spend=None), "spend of ad 'a'"),
        (lambda: arm("a", min_budget=2.0, max_budget=1.0), "min_budget of ad 'a'"),
        (lambda: arm("a", last_updated=dt.datetime(2026, 1, 1)), "last_updated"),  # noqa: DTZ001
        (lambda: BattleHardenedSampler("both"), "mode"),
        (lambda: BattleHardenedSampler(max_budget_change=1.5), "max_budget_change"),
        (lambda: BattleHardenedSampler(min_spend_for_kill=-1.0), "min_spend_for_kill"),
        (lambda: BattleHardenedSampler(ignorance_rule="xor"), "ignorance_rule"),
        (lambda: BattleHardenedSampler(decay_form="none"), "decay_form"),
        (lambda: BattleHardenedSampler(scale_pipeline_roas=0.5), "scale_pipeline_roas"),
        (lambda: BattleHardenedSampler(money_step=0.0), "money_step"),
        (lambda: BattleHardenedSampler().select([], 1.0, {"a": 1.1}), "similarity of ad 'a'"),
        (lambda: BattleHardenedSampler().select([], 1.0, now=NOW.replace(tzinfo=None)), "now"),
    ],
)
def test_bad_input_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
