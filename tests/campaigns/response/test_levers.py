"""Elasticities of levers: the stated priors, own figures, and when which is used."""

from __future__ import annotations

import numpy as np
import pytest

from campaigns.engine.response.lever_fits import fit_effect, pausing_effect
from campaigns.engine.response.levers import PRIORS, Lever, Settings, Target, multipliers

CONTENT = next(
    one for one in PRIORS if (one.lever, one.target) == (Lever.CONTENT_CADENCE, Target.DAU)
)
PAUSE = next(one for one in PRIORS if one.lever == Lever.PAUSE_WORST)
WEEKDAYS = np.arange(300) % 7


def _moved(settings: Settings, paid: float = 1_000.0) -> dict[Target, float]:
    found = multipliers(PRIORS, settings, paid=paid, draws=4_000, seed=0)
    return {target: float(np.median(draws)) for target, draws in found.items()}


def test_nothing_turned_moves_nothing():
    found = multipliers(PRIORS, Settings(), paid=1_000.0, draws=5, seed=0)

    assert all((draws == 1).all() for draws in found.values())


def test_twice_the_content_is_eight_per_cent_dau_and_twelve_organic():
    moved = _moved(Settings(content_cadence=2.0))

    assert moved[Target.DAU] == pytest.approx(1.08, abs=0.003)
    assert moved[Target.ORGANIC] == pytest.approx(1.12, abs=0.005)
    assert moved[Target.PAID] == 1.0


@pytest.mark.parametrize(
    ("settings", "target", "wanted"),
    [
        (Settings(bid_change=0.1), Target.PAID, 0.972),
        (Settings(pause_worst=0.15), Target.PAID, 1.041),
        (Settings(influencer_spend=100.0), Target.ORGANIC, 1.029),
        (Settings(influencer_present=100.0), Target.ORGANIC, 0.972),
        (Settings(push_volume=2.0), Target.D7_RETENTION, 1.021),
    ],
)
def test_the_stated_priors(settings, target, wanted):
    assert _moved(settings)[target] == pytest.approx(wanted, abs=0.003)


def test_without_paid_money_influencers_cannot_be_measured_by_it():
    assert _moved(Settings(influencer_spend=100.0), paid=0.0)[Target.ORGANIC] == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"creative_refresh": 0.0},
        {"bid_change": -1.0},
        {"pause_worst": 1.0},
        {"influencer_spend": -1.0},
        {"push_volume": float("nan")},
    ],
)
def test_levers_that_cannot_be_set_so_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


def test_an_elasticity_is_found_in_own_figures():
    rng = np.random.default_rng(0)
    content = np.repeat(rng.lognormal(0, 0.6, 20), 15)
    means = np.convolve(content, np.full(7, 1 / 7))[:300]
    dau = 5_000 * means**0.2 * (1 + 0.1 * (WEEKDAYS == 5)) * rng.lognormal(0, 0.03, 300)

    found = fit_effect(CONTENT, content, dau, WEEKDAYS)

    assert found.source == "fitted"
    assert found.reason == ""
    assert abs(found.elasticity - 0.2) < 3 * found.error
    assert found.error < 0.02


def test_few_days_leave_the_prior_and_say_so():
    found = fit_effect(CONTENT, np.ones(40), np.ones(40), WEEKDAYS[:40])

    assert (found.elasticity, found.source) == (CONTENT.elasticity, "prior")
    assert found.reason == (
        "There are 34 days with figures of content cadence; 56 are the least. This is the stated"
        " prior."
    )


def test_a_lever_that_never_moved_leaves_the_prior():
    found = fit_effect(CONTENT, np.ones(300), np.full(300, 9.0), WEEKDAYS)

    assert found.source == "prior"
    assert found.reason == (
        "The content cadence hardly varied from week to week. This is the stated prior."
    )


def test_ads_that_differ_make_pausing_worth_more_than_ads_that_do_not():
    rng = np.random.default_rng(1)
    spend = np.full(40, 500.0)
    alike = rng.poisson(100, 40).astype(float)
    unlike = rng.poisson(np.repeat([20.0, 120.0], [10, 30])).astype(float)

    no_gain, gain = (pausing_effect(PAUSE, spend, units, 0.25) for units in (alike, unlike))

    assert no_gain.source == gain.source == "fitted"
    ratio = (1 / 0.75) ** gain.elasticity
    # Ten ads at 20, thirty at 120: 3 800 units before; 120 × (30 + 10 / 2) = 4 200 after.
    assert ratio == pytest.approx(4_200 / 3_800, rel=0.02)
    assert no_gain.elasticity < 0


def test_a_handful_of_ads_cannot_be_ranked():
    found = pausing_effect(PAUSE, np.full(5, 100.0), np.full(5, 30.0), 0.2)

    assert (found.elasticity, found.source) == (PAUSE.elasticity, "prior")
    assert found.reason.startswith("There are 5 ads with 150 units; 8 ads with 50 units")
