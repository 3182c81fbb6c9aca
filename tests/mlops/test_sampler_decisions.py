"""Kill, scale, maintain: both modes, each line just inside and just outside."""

from __future__ import annotations

import math

import pytest

from mlops.engine.sampler import AdState, AllocationItem, BattleHardenedSampler


def decide(mode: str = "pipeline", policy: dict | None = None, **figures) -> AllocationItem:
    defaults = {
        "impressions": 5_000,
        "clicks": 100,
        "spend": 500.0,
        "pipeline_value": 1_000.0,
        "cash_revenue": 1_000.0,
        "age_hours": 240.0,
        "daily_budget": 100.0,
    }
    ad = AdState("a", **{**defaults, **figures})
    return BattleHardenedSampler(mode, **(policy or {})).select([ad], 100.0, seed=1).items[0]


def just_below(value: float) -> float:
    return math.nextafter(value, 0)


@pytest.mark.parametrize(
    ("spend", "value", "decision"),
    [
        (500.0, just_below(250.0), "kill"),
        (500.0, 250.0, "maintain"),  # 0.5 itself is not below
        (500.0, 1_500.0, "maintain"),  # 3.0 itself is not above
        (500.0, 1_500.01, "scale"),
        (200.0, 0.0, "kill"),
        (just_below(200.0), 0.0, "maintain"),
        (200.0, 601.0, "scale"),
        (just_below(200.0), 1_000.0, "maintain"),
        (500.0, 1_000.0, "maintain"),
    ],
)
def test_pipeline_lines(spend, value, decision):
    assert decide(spend=spend, pipeline_value=value).decision == decision


@pytest.mark.parametrize(
    ("age_h", "policy", "decision"),
    [
        (48.0, {}, "kill"),
        (just_below(48.0), {}, "maintain"),
        (just_below(48.0), {"ignorance_rule": "and"}, "kill"),
        (72.0, {"ignorance_zone_days": 3.5}, "maintain"),
    ],
)
def test_ignorance_zone_by_age(age_h, policy, decision):
    assert decide(policy=policy, age_hours=age_h, pipeline_value=0.0).decision == decision


@pytest.mark.parametrize(
    ("spend", "reason"),
    [(just_below(100.0), "ignorance zone"), (100.0, "spent is below 200")],
)
def test_ignorance_zone_by_spend(spend, reason):
    item = decide(spend=spend, pipeline_value=0.0)

    assert item.decision == "maintain"
    assert reason in item.reason


def test_zone_of_both_changes_only_the_reason_where_the_spend_floor_holds_anyway():
    old_and_thin = decide(policy={"ignorance_rule": "and"}, spend=50.0, pipeline_value=0.0)

    assert old_and_thin.decision == "maintain"
    assert "spent is below 200" in old_and_thin.reason


def test_spend_alone_can_hold_a_kill_outside_the_floor():
    policy = {"min_spend_for_kill": 0.0}

    assert decide(policy=policy, spend=100.0, pipeline_value=0.0).decision == "kill"
    assert decide(policy=policy, spend=99.0, pipeline_value=0.0).decision == "maintain"


def test_young_arm_may_be_scaled_inside_the_zone():
    assert decide(age_hours=20.0, pipeline_value=2_000.0).decision == "scale"


def test_learning_holds_a_kill():
    item = decide(pipeline_value=0.0, is_learning=True)

    assert item.decision == "maintain"
    assert "learning phase" in item.reason


@pytest.mark.parametrize("mode", ["pipeline", "direct"])
@pytest.mark.parametrize("value", [0.0, 5_000.0])
def test_few_impressions_decide_nothing(mode, value):
    revenue = {"pipeline_value": value, "cash_revenue": value}

    assert decide(mode, impressions=99, **revenue).decision == "maintain"
    assert decide(mode, impressions=100, **revenue).decision in {"kill", "scale"}


@pytest.mark.parametrize("unknown", [{"pipeline_value": None}, {"conversions_usable": False}])
def test_unknown_revenue_neither_kills_nor_scales(unknown):
    item = decide(**{"pipeline_value": 0.0, **unknown})

    assert item.decision == "maintain"
    assert "Revenue is not known" in item.reason
    assert any("only the click rate" in warning for warning in item.warnings)


def test_direct_mode_needs_cash_not_pipeline():
    assert decide("direct", cash_revenue=None).decision == "maintain"
    assert decide("direct", pipeline_value=None, cash_revenue=0.0).decision == "kill"


@pytest.mark.parametrize(
    ("age_h", "spend", "cash", "decision"),
    [
        (6.0, 500.0, 0.0, "kill"),  # no ignorance zone here
        (just_below(6.0), 500.0, 0.0, "maintain"),
        (just_below(6.0), 500.0, 5_000.0, "maintain"),
        (6.0, 500.0, 5_000.0, "scale"),
        (240.0, just_below(200.0), 0.0, "maintain"),
        (240.0, 500.0, 250.0, "maintain"),
        (240.0, 500.0, just_below(250.0), "kill"),
    ],
)
def test_direct_lines(age_h, spend, cash, decision):
    item = decide("direct", age_hours=age_h, spend=spend, cash_revenue=cash)

    assert item.decision == decision


def test_direct_mode_warns_below_the_healthy_line():
    def warned(cash: float) -> bool:
        return any(
            "healthy line" in warning for warning in decide("direct", cash_revenue=cash).warnings
        )

    assert warned(just_below(1_000.0))
    assert not warned(1_000.0)


def test_direct_mode_warns_below_half_the_average_score():
    good = AdState("good", 5_000, 250, 500.0, 0.0, 1_500.0, 240.0, 100.0)
    bad = AdState("bad", 5_000, 50, 500.0, 0.0, 300.0, 240.0, 100.0)

    def warned(mode: str) -> list[bool]:
        items = BattleHardenedSampler(mode).select([good, bad], 200.0, seed=1).items
        return [any("half the account" in w for w in item.warnings) for item in items]

    assert warned("direct") == [False, True]
    assert warned("pipeline") == [False, False]


def test_low_confidence_is_said():
    item = decide(impressions=200, age_hours=50.0, clicks=0)

    assert item.confidence < 0.7
    assert any(warning.startswith("Confidence") for warning in item.warnings)
