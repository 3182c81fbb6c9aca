"""Search by inner product among vectors of norm 1: exact, or by a graph where they are many."""

from __future__ import annotations

from typing import Any, Final

import faiss as _faiss
import numpy as np

from workspaces.engine.embedding.shapes import DIMENSIONS, FloatArray, Form, IntArray, Match

# Its stubs are those of an older version.
faiss: Any = _faiss

#: Up to here every vector is compared; on one core that takes a few milliseconds.
MOST_EXACT: Final = 50_000
# Of the graph: links of a node, and how wide it is searched while building and while asking.
_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 128, 128


class VectorIndex:
    """Vectors by id. Ids are not checked for being there twice: who adds knows what is new.

    Parameters
    ----------
    form : 'exact' compares with all; 'hnsw' walks a graph and may miss some

    References
    ----------
    Johnson, Douze and Jégou (2019), Billion-scale similarity search; Malkov and Yashunin (2020),
    Hierarchical Navigable Small World graphs.
    """

    def __init__(self, form: Form = "exact") -> None:
        self._index: Any = faiss.IndexIDMap2(_flat() if form == "exact" else _graph())
        self.form: Form = form

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: IntArray, vectors: FloatArray) -> None:
        """Add vectors.

        Parameters
        ----------
        ids : (n,) of entries that are not in it
        vectors : (n, 384), each row of norm 1

        Raises
        ------
        ValueError : the shapes do not fit
        """
        if vectors.shape != (ids.size, DIMENSIONS):
            raise ValueError(f"vectors must have shape ({ids.size}, {DIMENSIONS}),"
                             f" got {vectors.shape}")  # fmt: skip
        if ids.size:
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)

    def search(
        self, vector: FloatArray, most: int, *, least: float = -1.0, among: IntArray | None = None
    ) -> list[Match]:
        """Find the entries most alike.

        Parameters
        ----------
        vector : (384,) of norm 1
        most : how many at most
        least : smallest cosine
        among : ids to choose from; None: all

        Returns
        -------
        the most alike first, equal ones by id
        """
        if not len(self) or most < 1 or (among is not None and not among.size):
            return []
        if among is not None and self.form == "hnsw":
            # A graph from which most nodes are barred is walked in vain.
            found = self._compared(vector, among)
        else:
            found = self._searched(vector, min(most, len(self)), among)
        ranked = sorted(found, key=lambda match: (-match.similarity, match.id))
        return [match for match in ranked[:most] if match.similarity >= least]

    def _searched(self, vector: FloatArray, most: int, among: IntArray | None) -> list[Match]:
        options: dict[str, Any] = {}
        if among is not None:
            options["params"] = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))
        elif self.form == "hnsw":
            width = max(_SEARCH_WIDTH, most)
            options["params"] = faiss.SearchParametersHNSW(efSearch=width)
        near, ids = self._index.search(vector.reshape(1, -1), most, **options)
        return [
            Match(int(one), float(cosine))
            for one, cosine in zip(ids[0], near[0], strict=True)
            if one >= 0
        ]

    def _compared(self, vector: FloatArray, among: IntArray) -> list[Match]:
        near = self._index.reconstruct_batch(among) @ vector
        return [Match(int(one), float(cosine)) for one, cosine in zip(among, near, strict=True)]

    def to_bytes(self) -> bytes:
        """All of it, as `from_bytes` reads it."""
        data: bytes = faiss.serialize_index(self._index).tobytes()
        return data

    @classmethod
    def from_bytes(cls, data: bytes, form: Form) -> VectorIndex:
        """Read what `to_bytes` wrote; bytes from elsewhere must have been checked before.

        Raises
        ------
        ValueError : it is no index of this form and dimension
        """
        made = cls.__new__(cls)
        try:
            read = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except RuntimeError as error:
            raise ValueError("the bytes are no index") from error
        wanted = {"exact": faiss.IndexFlatIP, "hnsw": faiss.IndexHNSWFlat}[form]
        inner = faiss.downcast_index(read.index) if isinstance(read, faiss.IndexIDMap2) else None
        if not isinstance(inner, wanted) or read.d != DIMENSIONS:
            raise ValueError(f"the bytes are no {form} index of {DIMENSIONS} dimensions")
        made._index, made.form = read, form
        return made


def form_for(entries: int) -> Form:
    """Form that so many entries are searched in, where there is time to build it.

    Parameters
    ----------
    entries : how many
    """
    return "hnsw" if entries > MOST_EXACT else "exact"


def build_index(ids: IntArray, vectors: FloatArray, *, may_approximate: bool) -> VectorIndex:
    """Index vectors: exact up to `MOST_EXACT`, beyond it as a graph where that is allowed.

    A graph of 50,000 takes half a minute to build; who has to answer at once stays exact.

    Parameters
    ----------
    ids : (n,)
    vectors : (n, 384), each row of norm 1
    """
    index = VectorIndex(form_for(ids.size) if may_approximate else "exact")
    index.add(ids, vectors)
    return index


def _flat() -> Any:
    return faiss.IndexFlatIP(DIMENSIONS)


def _graph() -> Any:
    graph = faiss.IndexHNSWFlat(DIMENSIONS, _LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = _BUILD_WIDTH
    return graph
