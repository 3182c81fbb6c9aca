"""Sharing a budget out by scores."""

from __future__ import annotations

from decimal import Decimal
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.boards.score_split import LEAST_SHARE, split_by_score

HUNDRED_THOUSAND = Decimal(100_000)


def test_shares_are_in_proportion_to_the_scores_to_the_cent():
    split = split_by_score([0.270, 0.268, 0.267, 0.054], HUNDRED_THOUSAND)

    assert [str(amount) for amount in split.amounts] == [
        "31431.90", "31199.07", "31082.65", "6286.38",
    ]  # fmt: skip
    assert not split.is_equal


def test_weak_channels_keep_the_least_and_the_rest_is_in_proportion():
    split = split_by_score([0.6, 0.3, 0.001, 0.0], Decimal(1000))

    assert split.amounts == (Decimal("600.00"), Decimal("300.00"), Decimal(50), Decimal(50))


def test_holding_one_at_the_least_may_push_the_next_below_it():
    # 5.2 % of all would be more than the least, but not of what the first one leaves.
    split = split_by_score([0.948, 0.052, 0.0], Decimal(10_000))

    assert split.amounts == (Decimal(9000), Decimal(500), Decimal(500))


def test_unknown_scores_get_the_least():
    split = split_by_score([2.0, nan], Decimal(1000))

    assert split.amounts == (Decimal(950), Decimal(50))


@pytest.mark.parametrize("scores", [[0.0, 0.0, 0.0], [nan, nan, nan]])
def test_without_any_score_all_are_equal_and_that_is_said(scores):
    split = split_by_score(scores, Decimal(100))

    assert split.is_equal
    assert split.amounts == (Decimal("33.34"), Decimal("33.33"), Decimal("33.33"))


def test_one_channel_gets_all_and_nothing_can_be_shared_out():
    assert split_by_score([0.3], Decimal("99.99")).amounts == (Decimal("99.99"),)
    assert split_by_score([1.0, 2.0], Decimal(0)).amounts == (Decimal(0), Decimal(0))


def test_more_channels_than_the_least_allows_keep_half_of_an_equal_share():
    split = split_by_score([1.0] * 39 + [0.0], Decimal(1000))

    assert split.amounts[-1] == Decimal("12.50")
    assert sum(split.amounts) == 1000


def test_money_without_decimals_stays_so():
    split = split_by_score([1, 1, 1], Decimal(100), step=Decimal(1))

    assert split.amounts == (Decimal(34), Decimal(33), Decimal(33))


@given(
    scores=st.lists(st.floats(0, 1e6) | st.just(nan), min_size=1, max_size=30),
    cents=st.integers(0, 10**12),
)
def test_shares_add_up_and_none_is_below_the_least(scores, cents):
    total = Decimal(cents) / 100

    split = split_by_score(scores, total)

    least = LEAST_SHARE if len(scores) <= 20 else 0.5 / len(scores)
    assert sum(split.amounts) == total
    # The largest gives what rounding took, a cent for each other at most.
    assert min(split.amounts) >= Decimal(least) * total - Decimal("0.01") * len(scores)


@pytest.mark.parametrize(
    ("scores", "total", "named"),
    [
        ([], Decimal(1), "scores"),
        ([-0.1], Decimal(1), "scores"),
        ([float("inf")], Decimal(1), "scores"),
        ([1.0], Decimal(-1), "total"),
        ([1.0], Decimal("NaN"), "total"),
    ],
)
def test_what_is_no_score_or_amount_is_refused(scores, total, named):
    with pytest.raises(ValueError, match=named):
        split_by_score(scores, total)


def test_a_step_that_is_no_money_is_refused():
    with pytest.raises(ValueError, match="step"):
        split_by_score([1.0], Decimal(1), step=Decimal(0))
