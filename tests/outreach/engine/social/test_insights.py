"""When and what to post, by how many posts, and how surely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.social.insights import (
    best_group,
    change_of,
    hour_counts,
    most_common,
    share_confidence,
)


def test_the_truly_best_hour_is_found_and_sure() -> None:
    rng = np.random.default_rng(7)
    hours = np.repeat([7, 12, 16, 19], 40)
    true = np.repeat([1.0, 0.9, 0.8, 1.3], 40)

    best = best_group(0.05 * true * rng.lognormal(0, 0.2, 160), hours, 24)

    assert (best.place, best.posts) == (19, 40)
    assert best.confidence > 0.99
    assert best.lift == pytest.approx(1.3 / np.exp(np.log([1, 0.9, 0.8, 1.3]).mean()) - 1, abs=0.1)


def test_few_posts_say_nothing() -> None:
    best = best_group(np.array([1.0, 9, 2, 2]), np.array([0, 0, 1, 1]), 2)

    assert (best.place, best.confidence) == (-1, 0.0)
    assert np.isnan(best.lifts).all()


def test_one_post_that_went_round_the_world_makes_no_best_form() -> None:
    values = np.array([0.05, 0.05, 0.05, 5.0, *[0.07] * 20])
    forms = np.array([0] * 4 + [1] * 20)

    assert best_group(values, forms, 2).confidence < 0.9


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 5)), max_size=60))
def test_answers_stay_in_bounds(rows: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in rows])
    groups = np.array([group for _, group in rows], np.int64)

    best = best_group(values, groups, 6)

    assert 0 <= best.confidence <= 1
    assert best.counts.sum() == len(rows)
    assert best.place == -1 or best.counts[best.place] >= 3


def test_hours_are_shares_of_those_with_enough_posts() -> None:
    shares = hour_counts(np.array([1.0, 1, 1, 3, 3, 3, 99]), np.array([8, 8, 8, 19, 19, 19, 3]))

    assert shares[[8, 19, 3]].tolist() == [0.25, 0.75, 0.0]
    assert not hour_counts(np.zeros(0), np.zeros(0, np.int64)).any()


def test_small_figures() -> None:
    assert (change_of(12, 10), change_of(3, 0)) == (pytest.approx(0.2), None)
    assert most_common(["b", "a", "b"]) == ("b", 2)
    assert most_common([]) == ("", 0)
    # Wilson: 8 of 10 lies between 0.490 and 0.943.
    assert share_confidence(8, 10) == pytest.approx(1 - (0.9433 - 0.4902), abs=1e-3)
    assert share_confidence(0, 0) == 0


@pytest.mark.parametrize(("values", "groups"), [([1.0], [0, 1]), ([-1.0], [0]), ([1.0], [2])])
def test_wrong_input_is_refused(values: list[float], groups: list[int]) -> None:
    with pytest.raises(ValueError, match="values"):
        best_group(np.array(values), np.array(groups), 2)
