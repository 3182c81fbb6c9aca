"""The step a proposal may carry, its fuzz and its delay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.engine.limits import (
    BudgetOwner,
    Change,
    Limits,
    PastChange,
    Step,
    bounds,
    draw_fuzz,
    draw_jitter_ms,
    step_allowed,
    velocity,
)

NOW = dt.datetime(2026, 11, 21, 16, 40, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")
CENT = Decimal("0.01")


def cut(
    item: BudgetOwner,
    *,
    siblings: tuple[BudgetOwner, ...] = (),
    limits: Limits | None = None,
    money_step: Decimal = CENT,
    rate: Decimal | None = Decimal(1),
) -> Step:
    return step_allowed(
        item,
        siblings=siblings,
        money_step=money_step,
        rate=rate,
        now=NOW,
        zone=UTC,
        limits=limits or Limits(),
    )


def owner(live: str, target: str, *past: PastChange) -> BudgetOwner:
    return BudgetOwner(Decimal(live), Decimal(target), past)


def test_wanted_forty_percent_goes_in_two_steps_and_says_so():
    step = cut(owner("100", "140"))

    assert (step.value, step.wanted) == (Decimal(120), Decimal(140))
    assert step.not_before is None
    assert step.rest_at == NOW + dt.timedelta(hours=6)
    assert step.sentence == "+20 % now; the other +16.7 % will be proposed at 22:40."


def test_what_fits_in_one_step_is_not_cut():
    step = cut(owner("100", "120"))

    assert (step.value, step.rest_at) == (Decimal(120), None)
    assert step.sentence == "+20 % now."


def test_what_is_only_too_early_keeps_its_amount_and_waits():
    raised = PastChange(NOW - dt.timedelta(hours=2), Decimal(100), Decimal(120))

    step = cut(owner("120", "140", raised))

    assert step.value == Decimal(140)
    assert step.not_before == NOW + dt.timedelta(hours=4)
    assert step.sentence == "+16.7 % at 20:40."


def test_cut_goes_down_as_well():
    step = cut(owner("100", "50"))

    assert step.value == Decimal(80)
    assert step.sentence == "-20 % now; the other -37.5 % will be proposed at 22:40."


def test_cut_rounds_towards_the_live_budget():
    step = cut(owner("333", "999"), money_step=Decimal(100))

    assert step.value == Decimal(333)  # 400 would be +20.1 %, 300 is not upwards
    assert cut(owner("334", "999"), money_step=Decimal(100)).value == Decimal(400)


def test_decision_limit_cuts_where_it_is_the_tighter_one():
    limits = Limits(velocity_pct=Decimal(100), max_change_pct=Decimal(50))

    assert cut(owner("100", "190"), limits=limits).value == Decimal(150)


def test_amount_limits_end_the_plan_instead_of_leaving_a_rest():
    limits = Limits(max_daily_budget=Decimal(110), min_daily_budget=Decimal(95))

    up, down = cut(owner("100", "140"), limits=limits), cut(owner("100", "50"), limits=limits)

    assert (up.value, up.rest_at) == (Decimal(110), None)
    assert (down.value, down.rest_at) == (Decimal(95), None)


def test_amount_limits_are_in_workspace_currency():
    limits = Limits(max_daily_budget=Decimal(55))

    assert cut(owner("100", "140"), limits=limits, rate=Decimal("0.5")).value == Decimal(110)
    assert cut(owner("100", "140"), limits=limits, rate=None).value == Decimal(120)


def test_a_budget_above_the_maximum_may_come_down():
    limits = Limits(max_daily_budget=Decimal(50))

    assert cut(owner("100", "60"), limits=limits).value == Decimal(80)
    assert cut(owner("100", "120"), limits=limits).value == Decimal(100)


def test_campaign_sum_cuts_the_step_of_one_ad_set():
    limits = Limits(velocity_pct=Decimal(5), max_change_pct=Decimal(50))

    step = cut(owner("100", "110"), siblings=(owner("100", "108"),), limits=limits)

    assert step.value == Decimal(105)  # its own 5 %; with the sibling's claim 213 of 210
    assert step.not_before == NOW + dt.timedelta(hours=6)


def test_nothing_to_move_is_said_in_words():
    step = cut(owner("100.00", "100.004"))

    assert (step.value, step.rest_at) == (Decimal("100.00"), None)
    assert step.sentence == "The budget cannot move by a whole money step."


@pytest.mark.parametrize(("live", "step"), [("0", "0.01"), ("100", "0")])
def test_step_needs_a_budget_and_a_money_step(live, step):
    with pytest.raises(ValueError, match="must be above 0"):
        cut(owner(live, "120"), money_step=Decimal(step))


amounts = st.decimals("1", "5000", places=2)


@st.composite
def owners(draw: st.DrawFn) -> BudgetOwner:
    hours = draw(st.lists(st.floats(0, 8), max_size=3))
    past = tuple(
        PastChange(NOW - dt.timedelta(hours=h), draw(amounts), draw(amounts)) for h in hours
    )
    return BudgetOwner(draw(amounts), draw(amounts), past)


@given(owners(), st.sampled_from(["0.01", "1", "5"]))
def test_every_step_is_within_bounds_and_goes_the_wanted_way(item, money_step):
    limits = Limits(min_daily_budget=Decimal(0))
    step = cut(item, money_step=Decimal(money_step), limits=limits)
    change = Change("budget", item.live, step.value)

    assert bounds(change, workspace_total_after=None, limits=limits).verdict == "passed"
    assert min(item.live, item.target) <= step.value <= max(item.live, item.target)
    on_step = step.value % Decimal(money_step) == 0
    assert on_step or step.value == item.live


@given(owners(), st.lists(owners(), max_size=2))
def test_step_passes_velocity_at_the_moment_it_names(item, siblings):
    settled = tuple(BudgetOwner(s.live, s.live, s.past) for s in siblings)
    step = cut(item, siblings=settled)
    stepping = BudgetOwner(item.live, step.value, item.past)
    change = Change("budget", item.live, step.value)
    moment = step.not_before or NOW

    if step.value != item.live:
        check = velocity(change, stepping, siblings=settled, now=moment, limits=Limits())
        assert check.verdict == "passed"


def test_fuzz_is_off_at_zero_and_does_not_draw():
    rng = np.random.default_rng(7)

    assert draw_fuzz(rng, Decimal("138.00"), Decimal(0)) == Decimal("138.00")
    assert rng.random() == np.random.default_rng(7).random()


@given(st.integers(0, 2**32), amounts, st.sampled_from(["0.5", "1", "3"]))
def test_fuzz_stays_within_its_range_on_the_money_step(seed, value, pct):
    drawn = draw_fuzz(np.random.default_rng(seed), value, Decimal(pct))

    assert abs(drawn - value) * 100 <= value * Decimal(pct)
    assert drawn % CENT == 0


def test_fuzz_fills_its_range_evenly_and_repeats_by_seed():
    rng = np.random.default_rng(1)
    drawn = [float(draw_fuzz(rng, Decimal(1000), Decimal(3))) for _ in range(4_000)]

    assert np.mean(drawn) == pytest.approx(1000, abs=1)
    assert np.std(drawn) == pytest.approx(30 / np.sqrt(3), abs=0.5)
    again = draw_fuzz(np.random.default_rng(1), Decimal(1000), Decimal(3))
    assert float(again) == drawn[0]


def test_negative_fuzz_is_refused():
    with pytest.raises(ValueError, match="pct"):
        draw_fuzz(np.random.default_rng(1), Decimal(10), Decimal(-1))


def test_jitter_covers_the_policy_range_with_both_ends():
    rng = np.random.default_rng(3)
    limits = Limits(jitter_min_ms=10, jitter_max_ms=14)

    assert {draw_jitter_ms(rng, limits) for _ in range(200)} == {10, 11, 12, 13, 14}


def test_way_back_within_the_window_is_not_cut() -> None:
    down = PastChange(NOW - dt.timedelta(minutes=5), Decimal("448"), Decimal("358.41"))
    owner = BudgetOwner(live=Decimal("358.41"), target=Decimal("448"), past=(down,))

    step = cut(owner)

    assert (step.value, step.not_before, step.rest_at) == (Decimal("448"), None, None)
