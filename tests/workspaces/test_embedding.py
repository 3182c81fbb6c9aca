"""Vectors of texts, and search among them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.mlops.winners.steps import directions
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.engine.embedding.index import MOST_EXACT, VectorIndex, build_index, form_for
from workspaces.engine.embedding.shapes import DIMENSIONS, normalised


@pytest.mark.parametrize("form", ["exact", "hnsw"])
def test_index_finds_what_comparing_with_all_finds(form):
    vectors, asked = directions(300), directions(20, seed=2)
    ids = np.arange(300, dtype=np.int64) * 7 + 3
    index = VectorIndex(form)
    index.add(ids[:200], vectors[:200])
    index.add(ids[200:], vectors[200:])

    for vector in [*asked, vectors[0]]:
        near = vectors @ vector
        best = np.argsort(-near, kind="stable")[:8]
        found = index.search(vector, 8)
        assert [match.id for match in found] == ids[best].tolist()
        assert [match.similarity for match in found] == pytest.approx(near[best], abs=1e-5)


@pytest.mark.parametrize("form", ["exact", "hnsw"])
def test_index_searches_among_some_and_from_a_similarity_on(form):
    vectors = directions(100)
    index = VectorIndex(form)
    index.add(np.arange(100), vectors)

    among = np.array([3, 10, 20, 55])
    assert [match.id for match in index.search(vectors[20], 10, among=among)][:2] == [20, 10]
    assert len(index.search(vectors[20], 10, among=among)) == 4
    assert index.search(vectors[20], 10, among=np.empty(0, np.int64)) == []
    alike = index.search(vectors[0], 50, least=0.7)
    assert {match.id for match in alike} == set(range(0, 100, 10))
    assert VectorIndex(form).search(vectors[0], 5) == []


def test_equal_vectors_come_by_id():
    index = VectorIndex()
    index.add(np.array([9, 4, 6]), np.repeat(directions(1), 3, axis=0))

    assert [match.id for match in index.search(directions(1)[0], 3)] == [4, 6, 9]


@pytest.mark.parametrize("form", ["exact", "hnsw"])
def test_index_comes_back_from_its_bytes(form):
    index, vectors = VectorIndex(form), directions(50)
    index.add(np.arange(50), vectors)

    again = VectorIndex.from_bytes(index.to_bytes(), form)

    assert again.search(vectors[7], 5) == index.search(vectors[7], 5)
    other = "hnsw" if form == "exact" else "exact"
    with pytest.raises(ValueError, match=f"no {other} index"):
        VectorIndex.from_bytes(index.to_bytes(), other)
    with pytest.raises(ValueError, match="no index"):
        VectorIndex.from_bytes(b"none of it" * 9, form)


def test_large_index_is_a_graph_where_there_is_time():
    assert form_for(MOST_EXACT) == "exact"
    assert form_for(MOST_EXACT + 1) == "hnsw"
    few = build_index(np.arange(3), directions(3), may_approximate=True)
    assert (few.form, len(few)) == ("exact", 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1.0] * 3, "must have 384 numbers, got 3"),
        (5.0, "must have 384 numbers, got 0"),
        ([0.0] * DIMENSIONS, "must not be zero"),
        ([float("nan")] * DIMENSIONS, "finite"),
        ([float("inf")] + [1.0] * (DIMENSIONS - 1), "finite"),
        (["a"] * DIMENSIONS, "list of numbers"),
        ([[1.0], [1.0, 2.0]], "list of numbers"),
    ],
)
def test_wrong_vectors_are_refused(given, said):
    with pytest.raises(ValueError, match=f"^embedding .*{re.escape(said)}"):
        normalised(given)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e300])
def test_other_lengths_are_brought_to_one(size):
    vector = directions(1)[0]

    assert normalised(vector.astype(float) * size) == pytest.approx(vector, abs=1e-6)


def test_hashed_words_do_not_depend_on_order_case_or_company():
    hashed = HashedTfidf()
    one, same, other, empty_of_words = hashed.embed(
        ["Rain shoes, half price", "half price rain SHOES", "The price of a coat", "🎉"]
    )

    assert one == pytest.approx(same)
    assert 0 < float(one @ other) < 0.7
    assert np.linalg.norm(empty_of_words) == pytest.approx(1.0)
    assert hashed.embed(["Rain shoes, half price"])[0] == pytest.approx(one, abs=0)
    with pytest.raises(ValueError, match="text 1 is blank"):
        hashed.embed(["a", "  "])
