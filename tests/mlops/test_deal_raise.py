"""The rule that raises a budget after a deal moved on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlops.engine.deal_raise import RaiseRule, budget_raise


def _raise(increment, stage, attribution="1", **options):
    return budget_raise(
        Decimal(increment),
        stage_confidence=Decimal(stage),
        attribution_confidence=Decimal(attribution),
        **options,
    )


@pytest.mark.parametrize(
    ("increment", "stage", "share"),
    [
        ("6750", "0.85", "0.1175"),
        ("9000", "0.85", "0.14"),
        ("15000", "1.0", "0.15"),
        ("6000", "1.0", "0.11"),
    ],
)
def test_printed_values(increment, stage, share):
    assert _raise(increment, stage) == Decimal(share)


@pytest.mark.parametrize(
    ("increment", "stage", "attribution"),
    [
        ("2250", "0.60", "1"),
        ("1000", "1", "1"),
        ("-9000", "1", "1"),
        ("9000", "0.70", "1"),
        ("9000", "0.85", "0.60"),
    ],
)
def test_each_threshold_must_be_exceeded(increment, stage, attribution):
    assert _raise(increment, stage, attribution) is None


def test_just_over_every_threshold():
    assert _raise("1000.01", "0.7001", "0.6001") == Decimal("0.0600001")


def test_other_numbers_of_the_rule():
    rule = RaiseRule(min_increment=Decimal(0), min_stage_confidence=Decimal(0), sureness=Decimal(1))

    assert _raise("10000", "0.5", rule=rule) == Decimal("0.10")


@pytest.mark.parametrize(("stage", "attribution"), [("1.1", "1"), ("-0.1", "1"), ("1", "2")])
def test_confidence_out_of_range_is_refused(stage, attribution):
    with pytest.raises(ValueError, match="confidence must be in"):
        _raise("9000", stage, attribution)
