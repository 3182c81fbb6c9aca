"""The embedder of this process, loaded once. Call it in workers: it may import torch."""

from __future__ import annotations

import logging
from functools import lru_cache

from workspaces.engine.embedding.remembering import Remembering
from workspaces.engine.embedding.shapes import Embedder

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """Load the sentence model; where its package is missing or not the official one, hash words.

    Returns
    -------
    Embedder : the same one at every call
    """
    try:
        from workspaces.engine.embedding.minilm import MiniLM

        return MiniLM()
    except (ImportError, OSError, ValueError) as error:
        from workspaces.engine.embedding.hashed import HashedTfidf

        logger.warning("no sentence model, words are hashed", extra={"why": str(error)})
        return HashedTfidf()


@lru_cache(maxsize=1)
def recent_embedder() -> Embedder:
    """Load it likewise; it remembers the vectors of the last texts.

    Returns
    -------
    Embedder : the same one at every call
    """
    return Remembering(embedder())
