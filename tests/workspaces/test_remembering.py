"""Vectors of texts that were asked for a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workspaces.engine.embedding.remembering import Remembering
from workspaces.engine.embedding.shapes import FloatArray


class Counting:
    """An embedder that tells what it was asked for: the length of a text is its vector."""

    name, dimensions = "counting", 2

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> FloatArray:
        self.asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_each_text_is_embedded_once() -> None:
    model = Counting()
    remembering = Remembering(model)

    first = remembering.embed(["a", "bb", "a"])
    second = remembering.embed(["bb", "ccc"])

    assert first.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert second.tolist() == [[2, 1], [3, 1]]
    assert model.asked == [["a", "bb"], ["ccc"]]
    assert (remembering.name, remembering.dimensions) == ("counting", 2)
    assert remembering.embed([]).shape == (0, 2)


def test_what_was_not_asked_for_the_longest_is_forgotten() -> None:
    model = Counting()
    remembering = Remembering(model, most=2)

    for text in ("a", "bb", "a", "ccc", "a", "bb"):
        remembering.embed([text])

    assert model.asked == [["a"], ["bb"], ["ccc"], ["bb"]]
