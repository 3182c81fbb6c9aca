"""A challenger beside the champion: gains, how sure they are, and where decisions differ."""

from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.learning.metrics import normalised_gini
from mlops.engine.learning.shadow import (
    LEAST_CAMPAIGNS,
    Gain,
    Interval,
    Limits,
    agreement_of,
    eligibility,
    gain_by_campaign,
    gain_of,
    threshold_of,
)
from mlops.engine.learning.shadow_rules import rule_of

CHURN, VALUE, OTHER = rule_of("churn"), rule_of("ltv"), rule_of("budget")


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    """Outcomes, the chances behind them, and chances seen dimly."""
    rng = np.random.default_rng(5)
    sharp = rng.beta(0.6, 0.6, 3_000)
    came = (rng.random(3_000) < sharp).astype(float)
    return {"came": came, "sharp": sharp, "dim": 0.5 + 0.3 * (sharp - 0.5)}


def test_log_loss_gain_has_the_value_that_a_hand_finds() -> None:
    actual = np.array([1.0, 0.0])

    found = gain_of(CHURN, actual, np.array([0.5, 0.5]), np.array([0.8, 0.2]))

    assert found.champion == pytest.approx(-np.log(0.5))
    assert found.challenger == pytest.approx(-np.log(0.8))
    assert found.share.point == pytest.approx(1 - np.log(0.8) / np.log(0.5))


def test_a_real_gain_is_sure_and_none_is_not(rows) -> None:
    better = gain_of(CHURN, rows["came"], rows["dim"], rows["sharp"])
    same = gain_of(CHURN, rows["came"], rows["sharp"], rows["sharp"])
    worse = gain_of(CHURN, rows["came"], rows["sharp"], rows["dim"])

    assert 0 < better.share.low < better.share.point < better.share.high
    assert better.confidence == 1
    assert (same.share.low, same.share.high, same.confidence) == (0, 0, 0)
    assert worse.share.high < 0


def test_the_same_seed_draws_the_same_interval(rows) -> None:
    asked = (CHURN, rows["came"], rows["dim"], rows["sharp"])

    assert gain_of(*asked, seed=7) == gain_of(*asked, seed=7)
    assert gain_of(*asked, seed=7).share != gain_of(*asked, seed=8).share


def test_value_is_judged_by_rank_and_told_in_money() -> None:
    value = np.repeat([0.0, 100.0], [900, 100])
    rng = np.random.default_rng(1)
    blind = rng.random(1_000)

    found = gain_of(VALUE, value, blind, value)

    assert found.challenger == pytest.approx(1)
    assert found.champion == pytest.approx(normalised_gini(value, blind))
    # All of the value stands in the tenth that is ranked highest; blindly a tenth of it.
    assert found.top.point == pytest.approx(100 * 100, rel=0.15)
    assert found.top.low < found.top.point < found.top.high


def test_other_kinds_are_judged_by_their_absolute_error() -> None:
    actual = np.array([1.0, 2.0, 3.0])

    found = gain_of(OTHER, actual, actual + 2, actual - 1)

    assert (found.champion, found.challenger, found.share.point) == (2, 1, 0.5)
    assert found.top is None


def test_refuses_what_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="at least two rows"):
        gain_of(CHURN, np.ones(1), np.ones(1), np.ones(1))
    with pytest.raises(ValueError, match=r"\(3,\), \(2,\)"):
        gain_of(CHURN, np.ones(3), np.ones(2), np.ones(3))


def test_agreement_tells_the_decisions_that_differ_largest_first() -> None:
    champion = np.array([0.1, 0.2, 0.6, 0.9])
    challenger = np.array([0.7, 0.1, 0.3, 0.95])

    found = agreement_of(champion, challenger, thresholds=(0.5, 0.5))

    assert found.same_decisions == 0.5
    assert list(found.differing) == [0, 2]
    assert found.rank_correlation == pytest.approx(0.4)


def test_agreement_of_nothing_and_of_what_never_differs() -> None:
    alike = agreement_of(np.ones(3), np.array([1.0, 2.0, 3.0]), thresholds=None)
    nothing = agreement_of(np.empty(0), np.empty(0), thresholds=(0.5, 0.5))

    assert (alike.rank_correlation, alike.same_decisions) == (0, None)
    assert list(alike.differing) == [2, 1]
    assert (nothing.rank_correlation, nothing.same_decisions) == (0, None)


def test_thresholds_are_the_cards_or_the_top_tenth() -> None:
    scores = np.arange(11.0)

    assert threshold_of(CHURN, {"threshold": 0.4}, scores) == 0.4
    assert threshold_of(CHURN, {}, scores) is None
    assert threshold_of(VALUE, {}, scores) == 9
    assert threshold_of(OTHER, {"threshold": 0.4}, scores) is None


@pytest.mark.parametrize(
    ("point", "low", "rows", "moved", "is_eligible", "words"),
    [
        (0.06, 0.01, 1_000, 0.25, True, "by 0.25 at most"),
        (0.06, 0.01, 999, 0.1, False, "999 rows .* at least 1,000 are needed"),
        (0.049, 0.01, 1_000, 0.1, False, "less than the 5 %"),
        (0.06, 0.0, 1_000, 0.1, False, "may be chance"),
        (0.06, 0.01, 1_000, 0.26, False, "moved by 0.26 .* train it on newer rows"),
    ],
)
def test_each_limit_alone_refuses(point, low, rows, moved, is_eligible, words) -> None:
    import re

    gain = Gain(rows, 0.5, 0.4, Interval(point, low, 0.1), None, 1.0)

    said, text = eligibility(CHURN, gain, rows, moved, Limits())

    assert said is is_eligible
    assert re.search(words, text), text
    assert not eligibility(CHURN, None, rows, moved, Limits())[0]


# --- Campaigns -----------------------------------------------------------------------------------


def test_gain_of_campaigns_is_of_the_sums_and_drawn_by_campaign() -> None:
    champion, challenger = np.array([2.0, 4.0, 3.0]), np.array([1.0, 2.0, 3.0])
    weights, campaigns = np.array([1.0, 2.0, 3.0]), np.array([7, 7, 9])

    found = gain_by_campaign(champion, challenger, weights, campaigns)

    assert (found.champion, found.challenger) == (9 / 6, 6 / 6)
    assert found.share.point == pytest.approx(1 / 3)
    # Either campaign may be drawn twice: one of them gains half, the other nothing.
    assert (found.share.low, found.share.high) == (0, 0.5)
    assert (found.rows, found.campaigns) == (3, 2)
    assert found.top.point == pytest.approx(100 / 3)
    assert gain_by_campaign(champion, challenger, weights, campaigns) == found
    with pytest.raises(ValueError, match=r"\(3,\), \(2,\)"):
        gain_by_campaign(champion, challenger[:2], weights, campaigns)


def _wins_by_chance(campaigns: int, worlds: int = 300, days: int = 18) -> float:
    """How often one of two equally good versions is found better for sure."""
    rng, wins = np.random.default_rng(3), 0
    owner = np.repeat(np.arange(campaigns), days)
    for world in range(worlds):
        size = rng.lognormal(0, 0.8, campaigns)[owner]
        own = rng.normal(0, 0.5, campaigns)[owner]
        gap = size * (own + rng.normal(0, 0.87, owner.size))
        found = gain_by_campaign(3 * size, 3 * size - gap, np.ones(owner.size), owner, seed=world)
        wins += found.share.low > 0
    return wins / worlds


def test_with_twenty_campaigns_chance_seldom_wins_and_with_five_it_does() -> None:
    assert _wins_by_chance(LEAST_CAMPAIGNS) <= 0.06
    assert _wins_by_chance(5) >= 0.08


def test_too_few_campaigns_are_refused_whatever_their_days() -> None:
    gain = Gain(5_000, 0.5, 0.4, Interval(0.2, 0.1, 0.3), None, 1.0, campaigns=19)

    is_eligible, text = eligibility(rule_of("roi"), gain, 5_000, 0.1, Limits())

    assert not is_eligible
    assert "of 19 campaigns only" in text


def test_what_chance_moves_does_not_refuse() -> None:
    gain = Gain(5_000, 0.5, 0.4, Interval(0.2, 0.1, 0.3), None, 1.0, campaigns=60)
    asked = (rule_of("roi"), gain, 5_000, 0.4, Limits())

    assert not eligibility(*asked)[0]
    is_eligible, text = eligibility(*asked, is_by_chance=True)
    assert is_eligible
    assert text.startswith("On 5,000 days of 60 campaigns its mean absolute error is 0.4000")
    assert text.endswith("moved by 0.40 at most, no further than chance may move it.")


def test_a_campaign_earns_its_cost_back_from_zero_on() -> None:
    assert threshold_of(rule_of("roi"), {}, np.zeros(3)) == 0
    assert threshold_of(rule_of("forecast"), {}, np.zeros(3)) is None
