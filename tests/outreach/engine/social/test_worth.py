"""What engagement is worth."""

from __future__ import annotations

import numpy as np
import pytest

from outreach.engine.social.worth import (
    KINDS,
    engagement_rate,
    engagement_values,
    influence,
    post_scores,
)


def test_values_of_kinds() -> None:
    codes = np.arange(len(KINDS), dtype=np.int8)

    assert dict(zip(KINDS, engagement_values(codes).tolist(), strict=True)) == {
        "like": 2, "profile_visit": 5, "comment": 6, "mention": 6, "tag": 6, "share": 8,
        "repost": 8, "save": 10,
    }  # fmt: skip


def test_rate_is_by_reach_and_nothing_without() -> None:
    rates = engagement_rate(*map(np.array, ([50, 5], [30, 0], [20, 0], [1_000, 0])))

    assert rates.tolist() == [0.1, 0]


def test_posts_are_placed_among_each_other() -> None:
    scores = post_scores(np.array([10, 40, 20, 20, 99]), np.array([10, 10, 10, 10, 0]))

    assert scores.tolist() == [25, 100, 62.5, 62.5, 0]
    assert post_scores(np.array([3]), np.array([1])).tolist() == [50]
    assert post_scores(np.array([]), np.array([])).tolist() == []


def test_influence_grows_with_followers_and_value() -> None:
    found = influence(np.array([0, 999, 10**6, 10**9, -5]), np.array([10, 10, 10, 10, 10]))

    assert found.tolist() == [0, pytest.approx(50), 100, 100, 0]
    assert influence(np.array([10**6]), np.array([2])).tolist() == [20]
