from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mlops.simulation.market import (
    DELAY_DAYS,
    PACING_FLOOR,
    AdTraits,
    Delivery,
    Funnel,
    Market,
    Traffic,
    click_factor,
    marginal_return,
    owner_truth,
    response,
    simulate,
)

FIRST = date(2026, 9, 1).toordinal()
GOOD = AdTraits(20, 0.012, 0.03, 500, fatigue_days=1e9)
WEAK = AdTraits(20, 0.006, 0.01, 500, fatigue_days=1e9)
FUNNEL = Funnel(lead_value=40, appointment_value=200, sale_value=900)
MARKET = Market(
    seed=7,
    ads={"a": GOOD, "b": WEAK, "c": GOOD},
    owners={"a": "x", "b": "x", "c": "y"},
    live_since=dict.fromkeys("abc", FIRST),
    funnel=FUNNEL,
)


def _delivery(days: int, x: float = 200.0, y: float = 100.0) -> Delivery:
    return Delivery(
        first_day=FIRST,
        owners=["x", "y"],
        budgets=np.tile([x, y], (days, 1)),
        running=np.ones((days, 3)),
        elapsed=np.ones(days),
    )


def _same(left: Traffic, right: Traffic, days: slice) -> bool:
    names = ("impressions", "reach", "clicks", "engagement", "spend", "conversions", "revenue")
    return all(np.array_equal(getattr(left, n)[days], getattr(right, n)[days]) for n in names)


def test_spend_stays_within_the_budget_and_above_the_pacing_floor() -> None:
    spend = simulate(MARKET, _delivery(60)).spend

    by_x = spend[:, :2].sum(axis=1)
    assert by_x.max() <= 200
    assert by_x.min() >= 200 * PACING_FLOOR - 0.02
    assert spend[:, 2].max() <= 100


def test_same_input_same_numbers_and_another_seed_others() -> None:
    first, again = simulate(MARKET, _delivery(40)), simulate(MARKET, _delivery(40))

    assert _same(first, again, slice(None))
    assert not _same(first, simulate(replace(MARKET, seed=8), _delivery(40)), slice(None))


def test_longer_play_leaves_earlier_days_alone() -> None:
    short, long = simulate(MARKET, _delivery(30)), simulate(MARKET, _delivery(50))

    assert _same(short, long, slice(30))


def test_later_start_gives_the_same_days_after_the_warm_up() -> None:
    whole = simulate(MARKET, _delivery(60))
    late = replace(_delivery(60 - 10), first_day=FIRST + 10)

    assert _same(
        whole.since(10 + DELAY_DAYS), simulate(MARKET, late).since(DELAY_DAYS), slice(None)
    )


def test_budget_change_moves_only_its_owner_and_only_from_its_day_on() -> None:
    changed = _delivery(40)
    changed.budgets[20:, 0] = 300
    before, after = simulate(MARKET, _delivery(40)), simulate(MARKET, changed)

    assert _same(before, after, slice(20))
    assert (after.spend[20:, :2].sum(axis=1) > before.spend[20:, :2].sum(axis=1)).all()
    assert np.array_equal(before.clicks[:, 2], after.clicks[:, 2])


def test_pause_of_an_ad_gives_its_share_to_its_siblings() -> None:
    paused = _delivery(10)
    paused.running[:, 1] = 0
    result = simulate(MARKET, paused)

    assert result.impressions[:, 1].sum() == 0
    assert result.spend[:, 0].min() >= 200 * PACING_FLOOR - 0.02


def test_everything_that_was_bought_lands_once() -> None:
    delivery = _delivery(30 + DELAY_DAYS)
    delivery.budgets[30:] = 0
    spread = simulate(MARKET, delivery)
    at_once = simulate(replace(MARKET, funnel=replace(FUNNEL, lead_delay=0.0)), delivery)

    assert spread.conversions.sum() == at_once.conversions.sum() > 100


def test_part_of_a_day_is_the_same_part_of_its_numbers() -> None:
    whole, part = _delivery(5), _delivery(5)
    part.elapsed[-1] = 0.25
    all_day, morning = simulate(MARKET, whole), simulate(MARKET, part)

    assert _same(all_day, morning, slice(4))
    assert np.array_equal(morning.clicks[-1], all_day.clicks[-1] // 4)
    assert np.allclose(morning.spend[-1], all_day.spend[-1] / 4, atol=0.01)


def test_direct_funnel_counts_sales_as_conversions() -> None:
    direct = replace(MARKET, funnel=Funnel(mode="direct", sale_value=80))
    result = simulate(direct, _delivery(400))

    assert np.array_equal(result.sales, result.conversions)
    assert np.array_equal(result.pipeline_value, result.revenue)
    mean = result.revenue.sum() / result.sales.sum()
    assert 77.5 < mean < 82.5


def test_marginal_return_is_the_slope_of_the_response() -> None:
    for spend in (1.0, 80.0, 500.0, 3000.0):
        step = 1e-4 * spend
        slope = (response(GOOD, FUNNEL, spend + step) - response(GOOD, FUNNEL, spend - step)) / (
            2 * step
        )

        assert marginal_return(GOOD, FUNNEL, spend) == pytest.approx(slope, rel=1e-6)


def test_saturation_is_the_spend_at_which_a_thousand_cost_twice() -> None:
    value_per_click = 0.03 * FUNNEL.value_per_conversion

    clicks = response(GOOD, FUNNEL, 500) / value_per_click

    assert clicks == pytest.approx(1000 * 500 / (2 * 20) * 0.012)


def test_value_per_conversion_by_hand() -> None:
    assert FUNNEL.value_per_conversion == pytest.approx(40 + 0.5 * (160 + 0.3 * 700))
    assert Funnel(mode="direct", sale_value=80).value_per_conversion == 80


def test_owner_truth_agrees_with_many_played_days() -> None:
    # Monte Carlo of 2 000 days, some 3 000 leads, against the closed form at what was spent.
    days = 2_000
    result = simulate(MARKET, _delivery(days))
    funnel, spent = MARKET.funnel, result.spend[:, :2].sum(axis=1)

    leads = result.conversions[DELAY_DAYS:, :2].sum() / (days - DELAY_DAYS)
    expected = np.mean(
        [owner_truth(MARKET, "x", spend, FIRST + day)[0] for day, spend in enumerate(spent)]
    )

    assert leads * funnel.value_per_conversion == pytest.approx(expected, rel=0.05)
    assert owner_truth(MARKET, "x", 400, FIRST)[1] < owner_truth(MARKET, "x", 200, FIRST)[1]


def test_weekday_and_wear_lower_the_click_rate() -> None:
    worn = replace(GOOD, fatigue_days=30)

    assert click_factor(worn, 0, 0) == pytest.approx(1.04)
    assert click_factor(worn, 1e9, 0) == pytest.approx(1.04 * 0.45)
    assert click_factor(worn, 0, 5) < click_factor(worn, 0, 1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"running": np.ones((10, 2))}, "running"),
        ({"budgets": np.ones((9, 2))}, "budgets"),
        ({"owners": ["x", "z"]}, "y"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        simulate(MARKET, replace(_delivery(10), **change))


def test_ads_without_an_owner_are_refused() -> None:
    with pytest.raises(ValueError, match="c"):
        replace(MARKET, owners={"a": "x", "b": "x"})
