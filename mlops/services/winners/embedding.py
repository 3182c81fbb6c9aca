"""The embedder of this process, loaded once. Call it in workers: it may import torch."""

from __future__ import annotations

import logging
from functools import lru_cache

from mlops.engine.embedding.shapes import Embedder

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """The sentence model; where its package is missing or not the official one, hashed words."""
    try:
        from mlops.engine.embedding.minilm import MiniLM

        return MiniLM()
    except (ImportError, OSError, ValueError) as error:
        from mlops.engine.embedding.hashed import HashedTfidf

        logger.warning("no sentence model, words are hashed", extra={"why": str(error)})
        return HashedTfidf()
