"""The order of the list: what it costs to wait, and stable in time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.ordering import (
    MOST_AHEAD_HOURS,
    RANK_SQL,
    Values,
    decay_of,
    expected_loss,
    fifo_ranks,
    ranks,
    reference_of,
)

NOW = np.datetime64("2026-11-23T12:00", "us")
NAT = np.datetime64("NaT", "us")
HOUR = np.timedelta64(3_600_000_000, "us")


def values(ltv: list[float], churn: list[float], reference: float = 100.0) -> Values:
    return Values(np.array(ltv), np.array(churn), reference)


def hours(*late: float) -> np.ndarray:
    """Due times so many hours ago."""
    return NOW - (np.array(late) * 3.6e9).astype("m8[us]")


def test_loss_is_value_times_risk_times_decay() -> None:
    loss = expected_loss(values([1_000] * 3, [0.2] * 3), hours(-4, 0, 4), NOW)

    assert loss == pytest.approx([200 / math.e, 200, 200])
    assert decay_of(hours(-4, 0, 4), NOW) == pytest.approx([1 / math.e, 1, math.e])


def test_what_is_not_due_costs_nothing() -> None:
    assert expected_loss(values([1_000], [0.2]), np.array([NAT]), NOW).tolist() == [0.0]


def test_unknown_values_count_as_ordinary_ones() -> None:
    found = values([math.nan, 500, 1_000], [0.5, math.nan, 0.5]).at_risk

    assert found.tolist() == [100.0, 100.0, 500.0]


def test_the_reference_is_about_the_median_of_those_who_have_any() -> None:
    ltv = np.array([0.0, 100.0, 400.0, 900.0, math.nan])

    assert reference_of(ltv, np.full(5, 0.5)) == 256.0  # of 200
    assert reference_of(ltv, np.full(5, 0.51)) == 256.0
    assert reference_of(np.zeros(3), np.ones(3)) == 1.0


moments = st.floats(-200, 200)
conversations = st.lists(
    st.tuples(st.floats(1, 9_999), st.just(1.0), moments), min_size=2, max_size=8
)


@given(conversations, moments, moments)
def test_the_stored_order_is_that_of_the_loss_at_any_time(
    rows: list[tuple[float, float, float]], first: float, later: float
) -> None:
    ltv, churn, late = (list(column) for column in zip(*rows, strict=True))
    some, due = values(ltv, churn), hours(*late)
    stored = ranks(some, due, due)

    for shift in (first, later):
        now = NOW + np.timedelta64(int(shift * 3.6e9), "us")
        loss = np.log(some.at_risk) + np.log(decay_of(due, now))
        gaps = np.subtract.outer(loss, loss)
        assert np.allclose(gaps, np.subtract.outer(stored, stored), atol=1e-6)


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0, 1_000))
def test_nobody_is_passed_by_who_is_due_long_after_him(
    poor: float, rich: float, extra: float
) -> None:
    due = hours(MOST_AHEAD_HOURS + 0.001 + extra, 0)

    stored = ranks(values([poor, rich], [1, 1]), due, due)

    assert stored[0] > stored[1]


@given(moments, st.floats(0.01, 50))
def test_waiting_raises_the_decay(late: float, more: float) -> None:
    now = NOW + np.timedelta64(int(more * 3.6e9), "us")

    assert decay_of(hours(late), now)[0] > decay_of(hours(late), NOW)[0]


def test_who_waits_for_nothing_comes_last() -> None:
    due = np.array([NOW + 5 * 24 * HOUR, NAT])
    last = np.array([NOW, NOW])

    stored = ranks(values([100, 100], [1, 1]), due, last)

    assert stored[0] > stored[1]


def test_first_come_first_served() -> None:
    since = np.array([NOW, NOW - HOUR, NAT])
    last = np.array([NOW, NOW, NOW - HOUR])

    assert np.argsort(-fifo_ranks(since, last)).tolist() == [1, 0, 2]


@pytest.mark.django_db
def test_sql_ranks_alike() -> None:
    rows = [
        ("100", "0.5", "2026-11-23 12:00:00.25+00", None),
        ("0", "0.5", "2026-11-23 13:00+00", None),
        ("99999999", "1", "2026-11-23 14:00+00", None),
        (None, "0.1", None, "2026-11-23 11:00+00"),
    ]
    some = Values(np.array([100.0, 0, 99_999_999, np.nan]), np.array([0.5, 0.5, 1, 0.1]), 80.0)
    due = np.array(
        ["2026-11-23T12:00:00.25", "2026-11-23T13:00", "2026-11-23T14:00", "NaT"], "M8[us]"
    )
    last = np.array(["NaT", "NaT", "NaT", "2026-11-23T11:00"], "M8[us]")
    table = (
        "(SELECT %(ltv)s::numeric ltv, %(churn)s::numeric churn_risk,"
        " %(due)s::timestamptz due_at, %(last)s::timestamptz last_message_at) t"
    )

    found = []
    with connection.cursor() as cursor:
        for ltv, churn, due_at, last_at in rows:
            told = {"ltv": ltv, "churn": churn, "due": due_at, "last": last_at, "reference": 80}
            cursor.execute(f"SELECT {RANK_SQL} FROM {table}", told)
            found.append(float(cursor.fetchone()[0]))

    assert found == pytest.approx(ranks(some, due, last).tolist(), abs=1e-9)


def test_nonsense_is_refused() -> None:
    for ltv, churn, reference, name in (
        ([-1.0], [0.5], 1.0, "ltv"),
        ([1.0], [1.5], 1.0, "churn_risk"),
        ([1.0], [0.5], 0.0, "reference"),
        ([1.0, 2.0], [0.5], 1.0, "churn_risk"),
    ):
        with pytest.raises(ValueError, match=name):
            values(ltv, churn, reference)
    with pytest.raises(ValueError, match="neither a due time nor a message"):
        ranks(values([1], [1]), np.array([NAT]), np.array([NAT]))
