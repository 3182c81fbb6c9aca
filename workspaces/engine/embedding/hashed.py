"""Words hashed into 384 places and weighed by how rare they are: the embedder without a model.

A word's weight comes from a table that ships with the code, never from the texts at hand: a vector
made today must be comparable with one of last year.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np

from workspaces.engine.embedding.common_words import OTHER, WEIGHTS
from workspaces.engine.embedding.shapes import DIMENSIONS, FloatArray, require_texts

NAME: Final = "hashed-tfidf-1"
_WORD: Final = re.compile(r"[^\W_]+")


class HashedTfidf:
    """TF-IDF by the hashing trick.

    References
    ----------
    Weinberger et al. (2009), Feature Hashing for Large Scale Multitask Learning.
    """

    @property
    def name(self) -> str:
        """Name, with the version of the table of weights."""
        return NAME

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts by their words; word order is not read.

        Parameters
        ----------
        texts : any number of them; none may be blank

        Returns
        -------
        (n, 384) float32, each row of norm 1

        Raises
        ------
        ValueError : a text is blank
        """
        require_texts(texts)
        vectors = np.array([_counted(text) for text in texts]).reshape(-1, DIMENSIONS)
        unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(
            np.float32
        )
        return unit


def _counted(text: str) -> list[float]:
    # A text of signs alone, such as an emoji, is one word.
    words = Counter(_WORD.findall(text.lower()) or [text.strip()])
    row = [0.0] * DIMENSIONS
    for word, times in words.items():
        place, sign = _place(word)
        row[place] += sign * (1 + math.log(times)) * WEIGHTS.get(word, OTHER)
    if not any(row):  # words of one place that cancel each other out: the first one speaks
        row[_place(next(iter(words)))[0]] = 1.0
    return row


def _place(word: str) -> tuple[int, int]:
    digest = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
    return digest % DIMENSIONS, 1 if digest >> 63 else -1
