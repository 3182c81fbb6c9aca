"""What plans bring by the draws, against a reckoning step by step and against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.response.compare import INSTALLS, REVENUE, compare, narrative
from campaigns.engine.response.levers import Settings, Target
from campaigns.engine.response.simulate import Band, Plan, bring
from campaigns.engine.response.transforms import carryover, response


def test_a_plan_brings_what_adstock_and_hill_say_step_by_step(fitted):
    budgets = fitted.present * np.array([1.5, 0.0, 0.7])

    paid = bring(fitted, Plan(budgets, 30)).paid

    for draw in (0, 500, 999):
        at_usual, logit, half, slope = fitted.curves[draw].T
        decay = 1 / (1 + np.exp(-logit))
        spend = np.vstack([fitted.recent, np.tile(budgets, (30, 1))]) / fitted.usual
        stock = carryover(spend, decay, spend[0])[-30:]
        units = response(stock, np.exp(at_usual), np.exp(half), np.exp(slope)).sum(axis=0)
        np.testing.assert_allclose(paid[draw], fitted.scale * units, rtol=1e-6, atol=1e-6)


def test_the_next_month_is_foretold_within_the_band(known, fitted):
    band = Band.of(bring(fitted, Plan.present(fitted, 28)).paid.sum(axis=1))

    assert band.low < known.brings(fitted.present, 28).sum() < band.high


def test_the_same_plan_changes_nothing(fitted):
    same = compare({INSTALLS: fitted}, Plan.present(fitted, 30), Plan.present(fitted, 30))

    assert same.total.installs.change == Band(0.0, 0.0, 0.0, 0.0)
    assert same.more_likely == 0.0
    assert narrative(same)[1] == "It changes next to nothing in installs."


def test_a_pure_shift_between_channels_moves_the_result(known, fitted):
    shift = fitted.present.copy()
    shift[0] -= 0.5 * fitted.present[0]
    shift[2] += 0.5 * fitted.present[0]
    plan, present = Plan(shift, 30), Plan.present(fitted, 30)

    seen = compare({INSTALLS: fitted}, plan, present)

    true = known.brings(shift, 30).sum() - known.brings(fitted.present, 30).sum()
    change = seen.total.installs.change
    assert seen.total.spend == pytest.approx(seen.total.present_spend)
    assert abs(change.middle) > 0.005 * seen.total.installs.present.middle
    assert np.sign(change.middle) == np.sign(true)
    assert seen.lines[0].installs.change.high < 0 < seen.lines[2].installs.change.low
    assert seen.lines[1].installs.change == Band(0.0, 0.0, 0.0, 0.0)


def test_money_per_install_and_return_are_of_the_draws(fitted):
    revenue = replace(fitted, scale=fitted.scale * 4)
    plan = Plan(fitted.present * 1.2, 30)

    line = compare({INSTALLS: fitted, REVENUE: revenue}, plan, Plan.present(fitted, 30)).lines[1]

    middle = np.median(bring(fitted, plan).paid[:, 1])
    assert line.spend == pytest.approx(36 * fitted.present[1])
    assert line.cost_per_install.plan.middle == pytest.approx(line.spend / middle)
    assert line.roas.plan.middle == pytest.approx(4 * middle / line.spend)
    # More money into a concave curve: each install costs more.
    assert line.cost_per_install.change.middle > 0


def test_a_channel_without_money_has_no_return(fitted):
    plan = Plan(fitted.present * np.array([1.0, 0.0, 1.0]), 30)

    line = compare({REVENUE: fitted}, plan, Plan.present(fitted, 30)).lines[1]

    assert line.roas.plan == Band(None, None, None, None)
    assert line.installs is None
    assert line.cost_per_install is None


def test_levers_move_what_they_are_for(fitted):
    base = Plan.present(fitted, 30)
    content = replace(base, settings=Settings(content_cadence=2.0))
    refresh = replace(base, settings=Settings(creative_refresh=2.0))

    by_content, by_refresh, now = (bring(fitted, plan) for plan in (content, refresh, base))

    assert (by_content.paid == now.paid).all()
    assert by_content.level.mean() > 1.05 * now.level.mean()
    assert np.median(by_content.app[Target.DAU]) == pytest.approx(1.08, abs=0.01)
    assert (by_refresh.level == now.level).all()
    assert by_refresh.paid.mean() / now.paid.mean() == pytest.approx(2**0.10, rel=0.02)


def test_influencers_cost_money(fitted):
    plan = replace(Plan.present(fitted, 10), settings=Settings(influencer_spend=50.0))

    total = compare({INSTALLS: fitted}, plan, Plan.present(fitted, 10)).total

    assert total.spend - total.present_spend == pytest.approx(500.0)
    assert total.installs.change.middle > 0


def test_the_story_names_money_units_and_the_channel_that_moved(fitted):
    plan = Plan(fitted.present * np.array([1.0, 1.4, 1.0]), 30)

    told = narrative(compare({INSTALLS: fitted}, plan, Plan.present(fitted, 30)))

    assert told[0].endswith("more than the present one.")
    assert told[1].startswith("It brings surely")
    assert told[2].startswith("{channel 1}: +")
    assert len(told) == 3


@pytest.mark.parametrize(
    ("budgets", "horizon", "words"),
    [
        ([1.0, 2.0], 30, "budgets has 2 channels, the curves 3"),
        ([1.0, -2.0, 0.0], 30, "each must be 0 or more"),
        ([1.0, np.nan, 0.0], 30, "each must be 0 or more"),
        ([1.0, 2.0, 3.0], 0, "it must be 1 step or more"),
    ],
)
def test_plans_that_cannot_be_are_refused(fitted, budgets, horizon, words):
    with pytest.raises(ValueError, match=words):
        bring(fitted, Plan(np.array(budgets), horizon))


def test_plans_over_different_horizons_are_not_compared(fitted):
    with pytest.raises(ValueError, match="compare equal horizons"):
        compare({INSTALLS: fitted}, Plan.present(fitted, 30), Plan.present(fitted, 60))
