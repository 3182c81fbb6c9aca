"""Who is in a share, and what counts as harm."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.learning.canary import (
    Seen,
    harm,
    is_chosen,
    scores_apart,
    standing,
    subject_of_row,
)
from mlops.engine.learning.shadow import Gain, Interval, Limits
from mlops.engine.learning.shadow_rules import rule_of

SALT = "ab" * 32
RULE, LIMITS = rule_of("churn"), Limits()
shares = st.integers(0, 1000).map(lambda part: Decimal(part) / 1000)


def gain(point: float, low: float, high: float) -> Gain:
    return Gain(200, 0.5, 0.5 * (1 - point), Interval(point, low, high), None, 0.0)


def test_the_same_subjects_are_drawn_everywhere_and_always():
    drawn = [user for user in map(str, range(60)) if is_chosen(user, Decimal("0.1"), salt=SALT)]

    assert drawn == ["2", "26", "29", "47", "54"]


@given(subject=st.text(), share=shares, larger=shares)
def test_a_larger_share_has_all_of_a_smaller_one(subject, share, larger):
    small, large = sorted((share, larger))

    assert not is_chosen(subject, Decimal(0), salt=SALT)
    assert is_chosen(subject, Decimal(1), salt=SALT)
    assert is_chosen(subject, large, salt=SALT) or not is_chosen(subject, small, salt=SALT)


@pytest.mark.parametrize("share", ["0.001", "0.1", "0.5"])
def test_a_share_is_as_large_as_it_says_and_another_version_draws_others(share):
    users = [f"u{number}" for number in range(40_000)]
    mine, other = (
        np.array([is_chosen(user, Decimal(share), salt=salt) for user in users])
        for salt in (SALT, "cd" * 32)
    )

    wanted = float(share)
    deviation = (wanted * (1 - wanted) / len(users)) ** 0.5
    assert abs(mine.mean() - wanted) < 4 * deviation
    assert abs((mine & other).mean() - wanted**2) < 4 * deviation


def test_a_row_of_nobody_stands_for_itself_whatever_the_order_of_its_columns():
    assert subject_of_row({"b": 1.0, "a": None}) == subject_of_row({"a": None, "b": 1.0})
    assert subject_of_row({"a": 1.0}) != subject_of_row({"a": 2.0})


def test_answers_spread_otherwise_are_told_once_both_versions_gave_enough():
    rng = np.random.default_rng(5)
    here, there = rng.beta(2, 5, 400), rng.beta(5, 2, 400)

    assert scores_apart(here, here[:199]) is None
    assert scores_apart(here[:199], here) is None
    assert scores_apart(here, rng.beta(2, 5, 400)) < 0.1
    assert scores_apart(here, there) > 1


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(100, 0, 0, None, None), ""),
        (Seen(396, 4, 0, None, None), ""),
        (Seen(495, 5, 0, None, None), ""),
        (Seen(494, 6, 0, None, None), "could not answer 6 of 500 rows"),
        (Seen(400, 0, 200, gain(-0.2, -0.3, -0.1), None), "It errs more: on 200 subjects"),
        (Seen(400, 0, 200, gain(-0.04, -0.06, -0.01), None), ""),
        (Seen(400, 0, 200, gain(-0.2, -0.5, 0.1), None), ""),
        (Seen(400, 0, 200, gain(0.1, 0.05, 0.2), 0.9), ""),
        (Seen(400, 0, 20, None, 0.26), "spread otherwise than the champion's (PSI 0.26"),
        (Seen(400, 0, 20, None, 0.25), ""),
    ],
)  # fmt: skip
def test_harm_is_failing_erring_more_or_saying_something_else(seen, words):
    found = harm(RULE, seen, LIMITS)

    assert bool(found) == bool(words)
    assert words in found


def test_standing_says_what_is_known_so_far():
    few, some = Seen(30, 0, 3, None, None), Seen(400, 0, 3, None, 0.04)

    assert standing(RULE, few) == (
        "No harm: 3 of its subjects have a known outcome, and 30 answers say little yet."
    )
    assert standing(RULE, some).endswith("spread as the champion's are (PSI 0.04).")
    assert "+10.0 % (95 % interval +5.0 % to +20.0 %)" in standing(
        RULE, Seen(400, 0, 200, gain(0.1, 0.05, 0.2), None)
    )
