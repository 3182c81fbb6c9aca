"""Drafts that say nearly the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.engine.clusters import Cluster, Clusters, cluster


def at(*degrees: float) -> np.ndarray:
    """Directions in a plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grouped(vectors: np.ndarray, keys: str = "", threshold: float = 0.97) -> Clusters:
    count = len(vectors)
    return cluster(vectors, keys or "k" * count, [f"{n:03}" for n in range(count)], threshold)


def test_nearly_equal_drafts_are_together_and_the_rest_apart() -> None:
    # cos 10° = 0.985, cos 20° = 0.940
    found = grouped(at(0, 10, 90, 20, 200) * 3)

    (one,) = found.clusters
    assert one.members == (1, 0, 3)
    assert one.least == pytest.approx(np.cos(np.radians(10)))
    assert found.apart == (2, 4)


def test_no_chain_of_small_steps_leads_to_something_else() -> None:
    found = grouped(at(0, 10, 20, 30, 40, 50))

    assert [one.members for one in found.clusters] == [(1, 0, 2), (4, 3, 5)]


def test_only_drafts_of_one_key_are_together() -> None:
    found = grouped(at(0, 1, 2, 3), "abab")

    assert [one.members for one in found.clusters] == [(0, 2), (1, 3)]
    assert grouped(at(0, 1), "ab") == Clusters((), (0, 1))


def test_larger_clusters_come_first() -> None:
    found = grouped(at(0, 1, 90, 91, 92))

    assert [len(one.members) for one in found.clusters] == [3, 2]


def test_equal_drafts_and_no_drafts() -> None:
    assert grouped(at(5, 5, 5), threshold=1.0).clusters == (Cluster((0, 1, 2), pytest.approx(1.0)),)
    assert grouped(np.zeros((0, 3))) == Clusters((), ())


drafts = st.lists(
    st.tuples(st.integers(0, 72).map(lambda step: step * 5.0), st.sampled_from("ab")), max_size=14
)


@given(drafts, st.randoms())
def test_each_draft_is_somewhere_once_and_like_the_first(
    told: list[tuple[float, str]], random: object
) -> None:
    ids = [f"{n:03}" for n in range(len(told))]
    places = list(range(len(told)))
    random.shuffle(places)  # type: ignore[attr-defined]
    vectors = at(*(angle for angle, _ in told)).reshape(-1, 2)
    keys = [key for _, key in told]

    found = cluster(vectors, keys, ids)
    other = cluster(vectors[places], [keys[n] for n in places], [ids[n] for n in places])

    members = [place for one in found.clusters for place in one.members]
    assert sorted([*members, *found.apart]) == list(range(len(told)))
    for one in found.clusters:
        cosines = vectors[list(one.members)] @ vectors[one.members[0]]
        assert cosines.min() >= 0.97 - 1e-8
        assert one.least == pytest.approx(cosines.min())
        assert len({keys[place] for place in one.members}) == 1
    names = [[places[place] for place in one.members] for one in other.clusters]
    assert names == [list(one.members) for one in found.clusters]


def test_what_is_apart_is_like_no_other_that_is_apart() -> None:
    vectors = np.random.default_rng(3).normal(size=(1_200, 3))

    found = grouped(vectors, threshold=0.999)

    rest = vectors[list(found.apart)] / np.linalg.norm(vectors[list(found.apart)], axis=1)[:, None]
    cosines = rest @ rest.T
    np.fill_diagonal(cosines, 0)
    assert len(found.clusters) > 10
    assert cosines.max() < 0.999


def test_nonsense_is_refused() -> None:
    two = at(0, 1)
    for vectors, keys, ids, threshold, words in (
        (two, ["a"], ["1", "2"], 0.9, "for 1 keys"),
        (two, ["a", "a"], ["1", "1"], 0.9, "one comes twice"),
        (two, ["a", "a"], ["1", "2"], 0.0, "threshold: 0"),
        (two * [[0], [1]], ["a", "a"], ["1", "2"], 0.9, "no length"),
        (two * np.nan, ["a", "a"], ["1", "2"], 0.9, "no number"),
        (np.ones((5_001, 1)), ["a"] * 5_001, [str(n) for n in range(5_001)], 0.9, "5000 at most"),
    ):
        with pytest.raises(ValueError, match=words):
            cluster(vectors, keys, ids, threshold)
