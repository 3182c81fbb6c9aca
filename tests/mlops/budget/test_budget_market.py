"""The simulated market: what a policy sees, may do, is paid for, and how it is judged."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mlops.engine.budget import policies, splits
from mlops.engine.budget.contest import (
    LEARNT,
    ORACLE,
    RESOLVED,
    SOLVER,
    Contest,
    held,
    may_serve,
)
from mlops.engine.budget.days import Days
from mlops.engine.budget.market import CALM, ROUGH, Market, Weather
from mlops.engine.budget.state import ACTIONS, FEATURES, moved, seen, share_moved
from tests.mlops.budget.curves import learnt

FOUR = ("meta", "google_ads", "tiktok", "radio")
SPENDS = (400.0, 300.0, 200.0, 100.0)


def market_of(channels=FOUR, spends=SPENDS, units=(500.0, 500.0, 150.0, 150.0)):
    halves = tuple(np.linspace(0.5, 2.0, len(channels)))
    model = learnt(units, halves, channels, spends)
    return Market.of({"revenue": model, "installs": model})


@pytest.fixture(scope="module")
def market():
    return market_of()


def test_gymnasium_finds_nothing_wrong_with_the_environment(market):
    from gymnasium.utils.env_checker import check_env

    from mlops.engine.budget.environment import BudgetEnv

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(BudgetEnv(market, ROUGH), skip_render_check=True)


def test_channels_beyond_three_share_a_place_and_missing_ones_are_empty():
    six = ("a", "b", "c", "d", "e", "f")
    many = market_of(six, (10.0, 60.0, 50.0, 20.0, 40.0, 20.0), (9.0,) * 6)
    few = market_of(("a", "b"), (10.0, 60.0), (9.0, 9.0))

    assert many.groups == (("b",), ("c",), ("e",), ("d", "f", "a"))
    assert many.present.tolist() == [60.0, 50.0, 40.0, 50.0]
    assert many.shares["d"] == pytest.approx(0.4)
    assert many.brings(many.revenue, many.present)[3] == pytest.approx(27.0, rel=0.01)
    assert few.groups == (("b",), ("a",), (), ())
    assert few.brings(few.revenue, np.full(4, 10.0))[2:].tolist() == [0.0, 0.0]
    assert moved(few.present, 3).tolist() == few.present.tolist()


def test_actions_move_a_tenth_and_keep_the_sum():
    now = np.array(SPENDS)

    after = [moved(now, action) for action in range(len(ACTIONS))]

    assert len(after) == 10
    assert after[0].tolist() == now.tolist()
    assert [one.sum() for one in after[:-1]] == pytest.approx([1000.0] * 9)
    assert after[1] == pytest.approx([440.0, 280.0, 186.66667, 93.33333])
    assert after[5] == pytest.approx([360.0, 320.0, 213.33333, 106.66667])
    assert after[9].tolist() == pytest.approx(list(now * 0.9))
    assert share_moved(now, after[1]) == pytest.approx(0.04)
    with pytest.raises(ValueError, match="action is 10"):
        moved(now, 10)


def test_state_has_twenty_figures_and_tells_what_was_seen(market):
    days = Days(market, CALM, np.random.default_rng(1))
    first = dict(zip(FEATURES, seen(days, market.present), strict=True))
    days.live(2 * market.present)
    second = dict(zip(FEATURES, seen(days, market.present), strict=True))

    assert len(FEATURES) == 20
    assert first["share_1"] == pytest.approx(0.4)
    assert first["roas_1"] == pytest.approx(500 / 400, rel=0.02)
    assert (first["remaining_budget"], first["pacing_error"]) == (1.0, 0.0)
    assert second["cpi_to_base_1"] == pytest.approx(1.0)
    assert second["remaining_budget"] == pytest.approx(1 - 2 / 30)
    assert second["pacing_error"] == pytest.approx(1 / 30)


def test_a_day_is_paid_for_what_it_gains_less_what_it_costs(market):
    from mlops.engine.budget.environment import BudgetEnv

    env = BudgetEnv(market)
    env.reset(seed=3)
    promised = market.brings(market.revenue, market.present).sum()
    after = moved(market.present, 9)

    _, reward, is_over, _, told = env.step(np.int64(9))

    gained = 30 * (market.brings(market.revenue, after).sum() - promised)
    pacing = 0.5 * abs(0.9 / 30 - 1 / 30)
    assert reward == pytest.approx((gained - 900) / 1000 - pacing - 0.05 * 0.05)
    assert (is_over, told["spend"]) == (False, pytest.approx(900.0))
    assert sum(env.step(np.int64(0))[2] for _ in range(29)) == 1


def test_creatives_tire_by_what_they_are_shown_and_are_renewed(market):
    tired = Days(market, Weather(fatigue=True), np.random.default_rng(2))
    start = tired.efficiency()
    tired.live(np.array([400.0, 600.0, 0.0, 0.0]))
    after = tired.efficiency()
    for _ in range(29):
        tired.live(market.present)

    assert after[1] < start[1] * 0.98 or after[1] == 1.0
    assert after[3] == pytest.approx(start[3])
    assert 0.5 <= tired.efficiency().min() <= tired.efficiency().max() <= 1.0


def test_no_policy_spends_more_than_the_money(market):
    for make in (policies.greedy, policies.resolving, policies.keeping(splits.exact)):
        month = policies.live(market, ROUGH, make, seed=5)
        assert month.spend <= 30 * market.total * (1 + 1e-9)


def test_where_curves_hold_nobody_beats_the_solver(market):
    found = held(market, lambda market: policies.by_values(lambda state: np.eye(10)[0]), months=3)

    assert max(found.calm, key=found.calm.get) in (SOLVER, RESOLVED, ORACLE)
    assert found.of_solver_calm(RESOLVED) == pytest.approx(1.0, abs=0.005)
    # A policy that always holds is the present plan.
    assert found.calm[LEARNT] == pytest.approx(found.calm[splits.PRESENT])
    assert found.of_solver_calm(LEARNT) < 0.99
    is_better, why = may_serve(found)
    assert not is_better
    assert why.endswith("the solver serves, this is shown beside it.")


@pytest.mark.parametrize(
    ("calm", "lead", "serves"), [(0.96, 0.03, True), (0.94, 0.03, False), (0.96, -0.01, False)]
)
def test_a_policy_serves_only_where_it_surely_wins(calm, lead, serves):
    luck = np.linspace(0.9, 1.1, 40)
    contest = Contest(
        calm={SOLVER: 1.0, RESOLVED: 1.0, LEARNT: calm},
        rough={SOLVER: luck, RESOLVED: 0.99 * luck, LEARNT: (1 + lead) * luck},
    )

    assert may_serve(contest)[0] is serves
