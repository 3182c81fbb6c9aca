"""How often an embedder finds texts of one kind near each other, on public texts."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.engine.embedding.minilm import MiniLM
from workspaces.engine.embedding.shapes import Embedder, FloatArray

_HEADLINES = "ab_upworthy_headlines/upworthy_dev.csv.gz"
_QUESTIONS = "intent_clinc150/data_full.json.gz"
_K = 5
_ROWS = 500


class Remembering:
    """An embedder that reads no text twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, FloatArray] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """As the embedder itself."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


class Compared(NamedTuple):
    """Recall@5 of the sentence model and of hashed words on one set."""

    data: str
    model: float
    hashed: float


def compare(folder: Path) -> Iterator[Compared]:
    """Judge both on headlines of the same article and on questions of the same intent."""
    model, hashed = MiniLM(), HashedTfidf()
    for name, texts, groups in (
        ("Upworthy, headlines of one test", *_headlines(folder)),
        ("CLINC150, questions of one intent", *_questions(folder)),
    ):
        yield Compared(name, _recall(model, texts, groups), _recall(hashed, texts, groups))


def _headlines(folder: Path) -> tuple[list[str], list[str]]:
    with gzip.open(_present(folder, _HEADLINES), "rt", encoding="utf-8", newline="") as lines:
        pairs = {
            (row["headline"], row["clickability_test_id"]): None for row in csv.DictReader(lines)
        }
    return [text for text, _ in pairs], [test for _, test in pairs]


def _questions(folder: Path) -> tuple[list[str], list[str]]:
    with gzip.open(_present(folder, _QUESTIONS), "rt", encoding="utf-8") as file:
        pairs = json.load(file)["test"]
    return [text for text, _ in pairs], [intent for _, intent in pairs]


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        raise SystemExit(f"{path} is missing; docs/winners.md says what the embedder is judged on.")
    return path


def _recall(embedder: Embedder, texts: Sequence[str], groups: Sequence[str]) -> float:
    """Share of a text's own kind among its five nearest; at most five can be found."""
    vectors = embedder.embed(texts)
    kinds = np.unique(groups, return_inverse=True)[1]
    others = np.bincount(kinds)[kinds] - 1
    hits = np.concatenate([_found(vectors, kinds, at) for at in range(0, len(texts), _ROWS)])
    known = others > 0
    return float(np.mean(hits[known] / np.minimum(_K, others[known])))


def _found(vectors: FloatArray, kinds: np.ndarray, start: int) -> np.ndarray:
    near = vectors[start : start + _ROWS] @ vectors.T
    near[np.arange(len(near)), np.arange(start, start + len(near))] = -np.inf
    nearest = np.argpartition(-near, _K, axis=1)[:, :_K]
    return (kinds[nearest] == kinds[start : start + len(near), None]).sum(axis=1)
