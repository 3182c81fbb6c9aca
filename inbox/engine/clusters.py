"""Drafts that say nearly the same, to be signed together; those that do not, apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from outreach.engine.channels import FloatArray, IntArray

#: Cosine from which two drafts say nearly the same.
THRESHOLD: Final = 0.97
#: Drafts of one call at most: all pairs are compared.
MOST: Final = 5_000
_BLOCK: Final = 512
# Cosines are compared as far as sums in another order agree.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Cluster:
    """Drafts that say nearly the same.

    Attributes
    ----------
    members : places of its drafts, the one that stands for it first, then the most alike
    least : cosine of its least alike draft to the first
    """

    members: tuple[int, ...]
    least: float


@dataclass(frozen=True)
class Clusters:
    """All drafts: in clusters of two or more, the largest first, and the rest in order."""

    clusters: tuple[Cluster, ...]
    apart: tuple[int, ...]


def cluster(
    vectors: FloatArray, keys: Sequence[str], ids: Sequence[str], threshold: float = THRESHOLD
) -> Clusters:
    """Group drafts around those that are most typical.

    The draft with most others like it stands for a cluster; all that are like *it* join, so no
    chain of small steps leads to a draft that says something else. Then the same with the rest.

    Parameters
    ----------
    vectors : (n, d) embeddings of the texts, any length but 0
    keys : (n,) what must be equal within a cluster, such as channel, intent and template
    ids : (n,) of the drafts, each once; equal ones are decided by them, so that the order in which
        drafts come does not matter
    threshold : cosine to the first of a cluster, over 0, 1 at most

    Returns
    -------
    Clusters, by places in `vectors`

    Raises
    ------
    ValueError : shapes that do not fit, more than 5,000 drafts, a vector of length 0, ids twice,
        a threshold outside (0, 1]
    """
    _check(vectors, keys, ids, threshold)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if len(ids) else vectors
    rank = np.argsort(np.argsort(np.array(ids, dtype=np.str_)))
    clusters: list[Cluster] = []
    for key in dict.fromkeys(keys):
        of_key = np.array([place for place, one in enumerate(keys) if one == key])
        of_key = of_key[np.argsort(rank[of_key])]
        clusters += _of_key(unit[of_key], of_key, threshold - _ROUNDING)
    taken = {place for one in clusters for place in one.members}
    clusters.sort(key=lambda one: (-len(one.members), rank[one.members[0]]))
    apart = sorted(set(range(len(ids))) - taken, key=lambda place: int(rank[place]))
    return Clusters(tuple(clusters), tuple(apart))


def _of_key(unit: FloatArray, places: IntArray, threshold: float) -> list[Cluster]:
    """Clusters among drafts that are in the order of their ids."""
    alike = np.zeros((len(unit), len(unit)), np.bool_)
    for start in range(0, len(unit), _BLOCK):
        alike[start : start + _BLOCK] = unit[start : start + _BLOCK] @ unit.T >= threshold
    np.fill_diagonal(alike, val=True)
    counts = alike.sum(axis=1)
    found = []
    while counts.size and counts.max() > 1:
        first = int(counts.argmax())
        members = np.flatnonzero(alike[first])
        cosines = np.clip(unit[members] @ unit[first], -1.0, 1.0)
        cosines[members == first] = np.inf
        order = np.lexsort((members, -np.round(cosines, 9)))
        least = float(cosines[order[-1]])
        found.append(Cluster(tuple(places[members[order]].tolist()), least))
        counts -= alike[:, members].sum(axis=1)
        alike[members, :] = False
        alike[:, members] = False
        counts[members] = 0
    return found


def _check(vectors: FloatArray, keys: Sequence[str], ids: Sequence[str], threshold: float) -> None:
    if vectors.ndim != 2 or not len(vectors) == len(keys) == len(ids):
        raise ValueError(f"vectors: {vectors.shape} for {len(keys)} keys and {len(ids)} ids")
    if len(ids) > MOST:
        raise ValueError(f"vectors: {len(ids)} drafts, {MOST} at most")
    if len(set(ids)) < len(ids):
        raise ValueError("ids: one comes twice")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold: {threshold}, must lie between 0 and 1")
    if not np.isfinite(vectors).all() or (len(ids) and not vectors.any(axis=1).all()):
        raise ValueError("vectors: one has no length or no number")
