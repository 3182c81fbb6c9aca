"""Risk, four eyes, automatic approval, and what a policy refuses to be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from campaigns.engine.limits import (
    Change,
    Check,
    Limits,
    auto_approve,
    risk,
    signatures_required,
)

LIMITS = Limits()
AUTOMATIC = Limits(auto_approve_enabled=True)
PASSED = Check("bounds", "passed", "")


def budget(before: str, after: str, confidence: float | None = 0.9, rate: str | None = "1"):
    return Change(
        "budget",
        Decimal(before),
        Decimal(after),
        confidence=confidence,
        rate=rate and Decimal(rate),
    )


def pause(spend: str | None, confidence: float | None = 0.9, rate: str | None = "1") -> Change:
    return Change(
        "status",
        pauses=True,
        daily_spend=None if spend is None else Decimal(spend),
        confidence=confidence,
        rate=rate and Decimal(rate),
    )


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (pause("100"), "high"),
        (pause("99.99"), "low"),
        (pause("99.99", 0.69), "medium"),
        (pause(None), "high"),
        (pause("150", rate="0.5"), "low"),
        (budget("100", "130"), "medium"),
        (budget("100", "130.01"), "high"),
        (budget("100", "69.99"), "high"),
        (budget("950", "1000"), "low"),
        (budget("950", "1000.01"), "high"),
        (budget("2000", "2100", rate="0.4"), "low"),
        (budget("100", "110"), "low"),
        (budget("100", "110.01"), "medium"),
        (budget("100", "110", 0.70), "low"),
        (budget("100", "110", 0.69), "medium"),
        (budget("100", "110", None), "medium"),
        (budget("100", "101", rate=None), "high"),
        (Change("bid", Decimal(2000), Decimal(2100), confidence=0.9), "low"),
    ],
)
def test_risk_at_its_edges(change, level):
    assert risk(change, limits=LIMITS).level == level


@pytest.mark.parametrize(
    ("change", "people"),
    [(budget("950", "1000"), 1), (budget("999", "1000.01"), 2), (pause("100"), 2)],
)
def test_large_results_and_high_risk_need_two_people(change, people):
    assert signatures_required(change, limits=LIMITS) == people


def test_large_result_needs_two_people_even_if_the_risk_lines_are_moved():
    limits = Limits(four_eyes_result=Decimal(50))

    assert signatures_required(budget("50", "50.01"), limits=limits) == 2


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (budget("100", "110"), "passed"),
        (budget("100", "110.01"), "blocked"),
        (budget("100", "90"), "passed"),
        (budget("100", "89.99"), "blocked"),
        (budget("490", "500"), "passed"),
        (budget("490", "500.01"), "blocked"),
        (budget("100", "110", 0.85), "passed"),
        (budget("100", "110", 0.849), "blocked"),
        (budget("100", "110", None), "blocked"),
        (budget("100", "101", rate=None), "blocked"),
        (pause("1"), "blocked"),
        (Change("bid", Decimal(1), Decimal("1.01"), confidence=0.9), "blocked"),
    ],
)
def test_policy_signs_small_sure_budget_changes_only(change, verdict):
    assert auto_approve(change, checks=[PASSED], limits=AUTOMATIC).verdict == verdict


def test_increase_has_a_limit_of_its_own():
    limits = Limits(auto_approve_enabled=True, auto_max_result=Decimal(5000))

    assert auto_approve(budget("1000", "1100"), checks=[], limits=limits).verdict == "passed"
    assert auto_approve(budget("1001", "1101.01"), checks=[], limits=limits).verdict == "blocked"


@pytest.mark.parametrize("verdict", ["warning", "blocked", "deferred"])
def test_policy_signs_only_when_every_check_passes(verdict):
    moment = dt.datetime(2026, 11, 21, tzinfo=dt.UTC) if verdict == "deferred" else None
    checks = [PASSED, Check("velocity", verdict, "", moment)]

    check = auto_approve(budget("100", "110"), checks=checks, limits=AUTOMATIC)

    assert check.verdict == "blocked"
    assert "velocity" in check.why


def test_automatic_approval_is_off_by_default():
    assert auto_approve(budget("100", "101"), checks=[], limits=LIMITS).verdict == "not_applicable"


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ({"auto_min_confidence": 0.69}, "auto_min_confidence"),
        ({"fuzz_pct": Decimal("3.01")}, "fuzz_pct"),
        ({"fuzz_pct": Decimal(-1)}, "fuzz_pct"),
        ({"jitter_max_ms": 2_999}, "jitter_max_ms"),
        ({"velocity_pct": Decimal(-1)}, "velocity_pct"),
        ({"velocity_window_h": Decimal(0)}, "velocity_window_h"),
        ({"max_daily_budget": Decimal("0.5")}, "max_daily_budget"),
        ({"medium_confidence": 1.1}, "medium_confidence"),
        ({"kill_pipeline_roas": 3.0}, "scale_pipeline_roas"),
        ({"learning_mode": "maybe"}, "learning_mode"),
        ({"ignorance_rule": "xor"}, "ignorance_rule"),
        ({"decay_form": "none"}, "decay_form"),
        ({"blackout_weekly": ((7, dt.time(1), dt.time(2)),)}, "blackout_weekly"),
    ],
)
def test_policy_out_of_range_is_refused_by_name(policy, name):
    with pytest.raises(ValueError, match=name):
        Limits(**policy)


def test_confidence_may_equal_the_samplers_threshold():
    assert Limits(auto_min_confidence=0.70).auto_min_confidence == 0.70


@pytest.mark.parametrize(
    "facts",
    [
        {"change_type": "budget"},
        {"change_type": "budget", "before": Decimal(1), "after": Decimal("NaN")},
        {"change_type": "budget", "before": Decimal(-1), "after": Decimal(1)},
        {"change_type": "status", "rate": Decimal(0)},
        {"change_type": "status", "confidence": 1.5},
    ],
)
def test_impossible_changes_are_refused(facts):
    with pytest.raises(ValueError, match=r"must be|are needed"):
        Change(**facts)


def test_deferred_check_needs_a_moment():
    with pytest.raises(ValueError, match="not_before"):
        Check("rate", "deferred", "")
