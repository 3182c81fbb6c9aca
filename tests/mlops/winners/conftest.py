"""A process without any index in memory or on disk, and one that answers doors."""

from __future__ import annotations

import pytest

from mlops.services.winners import collecting, indexes, searching
from mlops.tasks import embed_text_task, find_similar_task, likenesses_task
from workspaces import asking
from workspaces.engine.embedding.hashed import HashedTfidf


@pytest.fixture
def fresh_process(monkeypatch, settings, tmp_path):
    """No index in memory or on disk, and an embedder that loads nothing."""
    settings.MODEL_CACHE_DIR = tmp_path
    indexes.shelf.clear()
    for module in (collecting, searching):
        monkeypatch.setattr(module, "own_embedder", HashedTfidf)


@pytest.fixture
def infer_worker(monkeypatch, fresh_process):
    """Works questions off as they are sent, as an idle worker would."""
    for task in (embed_text_task, find_similar_task, likenesses_task):
        monkeypatch.setattr(task, "apply_async", lambda *, kwargs, _run=task, **_: _run(**kwargs))


@pytest.fixture
def nobody_answers(monkeypatch):
    """No worker runs, and nobody needs to wait for it."""
    monkeypatch.setattr(asking, "WAIT_S", 0.01)
