"""Printed figures of the blended score, fatigue and confidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.sampler import AdState, BattleHardenedSampler
from mlops.engine.scoring import ctr_weight, fatigue, final_score


def state(ad_id: str = "a", **figures) -> AdState:
    defaults = {
        "impressions": 5_000,
        "clicks": 150,
        "spend": 500.0,
        "pipeline_value": 4_500.0,
        "cash_revenue": 0.0,
        "age_hours": 48.0,
        "daily_budget": 100.0,
    }
    return AdState(ad_id, **{**defaults, **figures})


def only_item(ad: AdState, mode: str = "pipeline", similarity=None, **policy):
    sampler = BattleHardenedSampler(mode, **policy)
    return sampler.select([ad], 100.0, similarity, seed=1).items[0]


@pytest.mark.parametrize(
    ("age_h", "printed"),
    [
        (0, "1.0000"),
        (5.999, "1.0000"),
        (6, "1.0000"),
        (12, "0.9000"),
        (24, "0.7000"),
        (48, "0.5000"),
        (72, "0.3000"),
        (96, "0.2715"),
        (168, "0.2011"),
        (336, "0.1000"),
        (5_000, "0.1000"),
    ],
)
def test_weight_of_clicks_by_age(age_h, printed):
    assert f"{ctr_weight(np.array([float(age_h)]))[0]:.4f}" == printed


@given(st.floats(0, 1_000), st.floats(0, 1_000))
def test_weight_of_clicks_never_rises_with_age(one, other):
    young, old = sorted([one, other])

    weights = ctr_weight(np.array([young, old]))

    assert 0.1 <= weights[1] <= weights[0] <= 1


@pytest.mark.parametrize(
    ("figures", "weight", "blended", "decay", "score", "confidence"),
    [
        ((5_000, 150, 500, 4_500, 48), ".5000", ".8000", ".6065", ".4852", ".7173"),
        ((1_000, 30, 20, 0, 3), "1.0000", ".6000", ".9048", ".5429", ".5282"),
        ((8_000, 400, 900, 1_800, 120), ".2456", ".7485", ".4493", ".3363", ".7788"),
    ],
)
def test_printed_vectors_with_fatigue_per_impression(
    figures, weight, blended, decay, score, confidence
):
    names = ("impressions", "clicks", "spend", "pipeline_value", "age_hours")
    item = only_item(state(**dict(zip(names, figures, strict=True))), decay_form="impressions")

    def printed(value: float) -> str:
        return f"{value:.4f}".removeprefix("0")

    assert printed(item.metrics["ctr_weight"]) == weight
    assert printed(item.metrics["blended_score"]) == blended
    assert printed(item.metrics["decay"]) == decay
    assert printed(item.metrics["score"]) == score
    assert printed(item.confidence) == confidence


@pytest.mark.parametrize(
    ("frequency", "factor"),
    [(0, 1.0), (2, 1.0), (4, np.exp(-0.3)), (10, np.exp(-1.2)), (11, 0.3), (100, 0.3)],
)
def test_fatigue_by_frequency_starts_at_two_and_stops_at_a_floor(frequency, factor):
    decay = fatigue(np.array([float(frequency)]), np.array([1e6]), "frequency")

    assert decay[0] == pytest.approx(factor)


def test_frequency_is_the_default_form_and_missing_frequency_is_no_fatigue():
    assert only_item(state(frequency=None)).metrics["decay"] == 1.0
    assert only_item(state(frequency=4.0)).metrics["decay"] == pytest.approx(np.exp(-0.3))


def test_similarity_lifts_by_up_to_a_fifth_and_the_score_stays_below_one():
    plain = only_item(state()).metrics["score"]

    assert only_item(state(), similarity={"a": 1.0}).metrics["score"] == pytest.approx(0.96)
    assert plain == pytest.approx(0.8)
    assert only_item(state(), similarity={"a": 0.5}).metrics["score"] == pytest.approx(0.88)
    assert final_score(np.ones(1), np.ones(1), np.ones(1))[0] == 1.0


def test_revenue_is_pipeline_value_or_cash_by_mode():
    ad = state(pipeline_value=1_500.0, cash_revenue=750.0)

    assert only_item(ad).metrics["roas"] == 3.0
    assert only_item(ad, "direct").metrics["roas"] == 1.5


@pytest.mark.parametrize("unknown", [{"pipeline_value": None}, {"conversions_usable": False}])
def test_unknown_revenue_leaves_the_click_rate_alone(unknown):
    item = only_item(state(age_hours=400.0, **unknown))

    assert item.metrics["ctr_weight"] == 1.0
    assert item.metrics["score"] == pytest.approx(0.6)
    assert item.metrics["roas"] is None
    assert item.metrics["expected_roas"] is None


def test_no_impressions_and_no_spend_score_zero():
    item = only_item(state(impressions=0, clicks=0, spend=0.0, pipeline_value=0.0, age_hours=0.0))

    assert item.metrics["score"] == 0.0
    assert item.confidence == 0.0
    assert (item.alpha, item.beta) == (1.0, 1.0)


counts = st.integers(0, 10**9)
money = st.floats(0, 1e9)


@given(counts, counts, money, money, st.floats(0, 1e5), st.floats(0, 1e4), st.floats(0, 1))
def test_scores_stay_in_range_for_any_figures(shown, clicks, spend, value, age, frequency, like):
    ad = state(
        impressions=shown,
        clicks=clicks,
        spend=spend,
        pipeline_value=value,
        age_hours=age,
        frequency=frequency,
    )

    item = only_item(ad, similarity={"a": like})

    assert 0 <= item.metrics["score"] <= 1
    assert 0 <= item.confidence <= 1
    assert 1 <= item.alpha <= 1_001
    assert 1 <= item.beta <= 1_001
