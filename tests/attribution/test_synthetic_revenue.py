"""Synthetic revenue: the vectors of the contract, and what must hold for every pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine.stage_templates import TEMPLATES
from attribution.engine.synthetic_revenue import (
    Move,
    ad_pipeline_roas,
    average_confidence,
    implied_conversion,
    increments_of,
    problems_of,
    stage_increment,
    stage_worth,
)

PTD = TEMPLATES["ptd_fitness"]
AT = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = [stage.key for stage in PTD.stages]


@pytest.mark.parametrize(
    ("stage_from", "stage_to", "amount", "worth", "confidence"),
    [
        ("", "lead", None, "0", "0.10"),
        ("lead", "appointment_scheduled", None, "2250", "0.60"),
        ("appointment_scheduled", "show_up", None, "6750", "0.85"),
        ("show_up", "closed_won", None, "6000", "1.00"),
        ("show_up", "closed_won", "12000", "3000", "1"),
        ("show_up", "closed_lost", None, "-9000", "1.00"),
        ("show_up", "appointment_scheduled", None, "-6750", "0.60"),
        ("", "appointment_scheduled", None, "2250", "0.60"),
    ],
)
def test_increment_is_the_difference_of_values(stage_from, stage_to, amount, worth, confidence):
    found = stage_increment(
        PTD,
        stage_from=stage_from,
        stage_to=stage_to,
        deal_amount=Decimal(amount) if amount else None,
    )

    assert (found.amount, found.confidence) == (Decimal(worth), Decimal(confidence))
    assert found.is_known


def test_amount_counts_only_where_the_deal_is_won():
    assert stage_worth(PTD, "show_up", Decimal(12000)).value == 9000


@pytest.mark.parametrize(
    ("stage_from", "stage_to", "worth"),
    [("", "mystery", 0), ("show_up", "mystery", -9000), ("mystery", "show_up", 9000)],
)
def test_unknown_stage_counts_nothing_and_is_flagged(stage_from, stage_to, worth):
    found = stage_increment(PTD, stage_from=stage_from, stage_to=stage_to)

    assert (found.amount, found.is_known) == (worth, False)
    assert "'mystery' is not configured" in found.reason


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="stage_to is empty"):
        stage_increment(PTD, stage_to="")
    with pytest.raises(ValueError, match="deal_amount is negative: -1"):
        stage_increment(PTD, stage_to="closed_won", deal_amount=Decimal(-1))
    with pytest.raises(ValueError, match="spend is negative: -1"):
        ad_pipeline_roas([], Decimal(-1))


def test_two_appointments_on_500_of_spend():
    booked = stage_increment(PTD, stage_from="lead", stage_to="appointment_scheduled")

    found = ad_pipeline_roas([booked, booked], Decimal(500))

    assert (found.pipeline_value, found.pipeline_roas) == (4500, 9)
    assert found.avg_confidence == Decimal("0.60")


def test_no_spend_has_no_roas():
    assert ad_pipeline_roas([], Decimal(0)).pipeline_roas is None


def test_confidence_is_weighted_and_zero_where_value_was_lost():
    booked = stage_increment(PTD, stage_from="lead", stage_to="appointment_scheduled")
    shown = stage_increment(PTD, stage_from="appointment_scheduled", stage_to="show_up")
    lost = stage_increment(PTD, stage_from="show_up", stage_to="closed_lost")

    assert average_confidence([booked, shown]) == Decimal("0.7875")
    assert average_confidence([booked, shown, lost]) == 0
    assert average_confidence([]) == 0


moves = st.lists(
    st.builds(
        Move,
        stage=st.sampled_from([*KEYS, "mystery"]),
        at=st.integers(0, 5).map(lambda days: AT + timedelta(days=days)),
        source_event=st.integers().map(str),
        deal_amount=st.none() | st.integers(0, 50_000).map(Decimal),
    ),
    max_size=8,
    unique_by=lambda move: move.source_event,
)


@given(moves, st.data())
def test_order_and_repetition_change_nothing_and_increments_telescope(seen, data):
    again = data.draw(st.lists(st.sampled_from(seen), max_size=5)) if seen else []
    shuffled = data.draw(st.permutations([*seen, *again]))

    found = increments_of(PTD, shuffled)

    assert found == increments_of(PTD, seen)
    last = max(seen, key=lambda move: (move.at, move.source_event), default=None)
    present = stage_worth(PTD, last.stage, last.deal_amount).value if last else 0
    assert sum(increment.amount for increment in found) == present


def test_reopened_deal_takes_the_known_amount_back():
    seen = [
        Move("closed_won", AT, "1", Decimal(12000)),
        Move("show_up", AT + timedelta(days=1), "2"),
    ]

    assert [increment.amount for increment in increments_of(PTD, seen)] == [12000, -3000]


@pytest.mark.parametrize(
    ("name", "deal", "cycle", "win_rate", "rows"),
    [
        ("ptd_fitness", 15000, 6, "0.60", [
            ("lead", 0, "0.10"), ("appointment_scheduled", 2250, "0.60"),
            ("show_up", 9000, "0.85"), ("closed_won", 15000, "1.00"), ("closed_lost", 0, "1.00"),
        ]),
        ("ecommerce", 60, 0, "0.75", [
            ("add_to_cart", 15, "0.25"), ("initiated_checkout", 45, "0.75"),
            ("purchase", 60, "1.00"),
        ]),
        ("b2b_saas", 10000, 45, "0.20", [
            ("marketing_qualified_lead", 100, "0.05"), ("sales_qualified_lead", 2000, "0.20"),
            ("demo_scheduled", 3500, "0.35"), ("proposal_sent", 6000, "0.60"),
            ("closed_won", 10000, "1.00"),
        ]),
    ],
)  # fmt: skip
def test_templates(name, deal, cycle, win_rate, rows):
    values = TEMPLATES[name]

    assert problems_of(values) == {}
    assert (values.average_deal_value, values.sales_cycle_days) == (deal, cycle)
    assert values.win_rate == Decimal(win_rate)
    found = [(stage.key, stage.value, stage.confidence) for stage in values.stages]
    assert found == [(key, value, Decimal(confidence)) for key, value, confidence in rows]


def test_implied_conversion_of_the_template():
    found = {row.key: (row.to_won, row.to_next) for row in implied_conversion(PTD)}

    assert found == {
        "lead": (0, 0),
        "appointment_scheduled": (Decimal("0.15"), Decimal("0.25")),
        "show_up": (Decimal("0.6"), Decimal("0.6")),
        "closed_won": (1, None),
    }


def _with(named: str, /, **fields: object):
    stages = tuple(
        replace(stage, **fields) if stage.key == named else stage for stage in PTD.stages
    )
    return replace(PTD, stages=stages)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        (_with("show_up", value=Decimal(2000)), "stages.show_up", "worth less than Appointment"),
        (_with("lead", value=Decimal(-1)), "stages.lead", "worth 0 or more"),
        (_with("lead", confidence=Decimal("1.1")), "stages.lead", "between 0 and 1"),
        (_with("closed_lost", value=Decimal(5)), "stages.closed_lost", "A lost deal is worth 0"),
        (_with("lead", key="show_up"), "stages", "a key and a place"),
        (_with("lead", order=3), "stages", "a key and a place"),
        (_with("closed_won", outcome="open"), "stages", "Exactly one stage"),
        (_with("lead", key=""), "stages.", "needs a key"),
        (replace(PTD, stages=()), "stages", "at least one"),
        (replace(PTD, win_rate=Decimal(2)), "win_rate", "between 0 and 1"),
        (replace(PTD, average_deal_value=Decimal(-1)), "average_deal_value", "0 or more"),
        (replace(PTD, sales_cycle_days=Decimal(-1)), "sales_cycle_days", "0 days or more"),
    ],
)
def test_what_is_wrong_is_said_by_field(values, field, words):
    assert words in problems_of(values)[field]
