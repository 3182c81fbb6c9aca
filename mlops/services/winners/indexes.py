"""The index of a workspace in this process: asked for what is like a vector, and kept up to date.

Every call asks the database by one query which change was the last, and reads only what came
since, so an addition is seen by every worker with its next call. Call it in workers: it imports
FAISS.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

import numpy as np

from mlops.models import Winner, WinnerLibrary
from mlops.selectors.winners import WinnerFilter, vectors_of
from mlops.services.winners.snapshots import is_sound, read_snapshot, save_snapshot
from workspaces.engine.embedding.index import VectorIndex, build_index, form_for
from workspaces.engine.embedding.shapes import (
    DIMENSIONS,
    SIMILAR,
    FloatArray,
    Form,
    IntArray,
    Match,
)
from workspaces.models import Workspace

#: Indexes that a process keeps; of 50,000 winners each has 77 MB.
MOST_KEPT: Final = 8
_NOTHING: Final = WinnerFilter()


@dataclass(frozen=True)
class Found:
    """What was asked for, and how many winners could be compared with it."""

    matches: list[Match]
    compared: int
    form: Form


@dataclass
class _Held:
    index: VectorIndex
    version: int


@dataclass
class Shelf:
    """Indexes of one process, the least used given up first."""

    _held: OrderedDict[tuple[int, str], _Held] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def find(
        self,
        *,
        workspace: Workspace,
        embedder: str,
        vector: FloatArray,
        most: int,
        least: float,
        among: IntArray | None,
        now: datetime,
    ) -> Found:
        """Search the index as it is after the last change."""
        with self._lock:
            held = self._fresh(workspace, embedder, now)
            matches = held.index.search(vector, most, least=least, among=among)
            return Found(matches, len(held.index), held.index.form)

    def _fresh(self, workspace: Workspace, embedder: str, now: datetime) -> _Held:
        key, (version, rebuilt) = (workspace.pk, embedder), _versions(workspace)
        held = self._held.get(key)
        # Numbers that run backwards are those of a database that was put back.
        if held is None or not rebuilt <= held.version <= version:
            held = _loaded(workspace, embedder, rebuilt, version, now)
        rows = Winner.objects.filter(workspace=workspace, embedder=embedder)
        if held.version < version:
            for ids, vectors in vectors_of(rows, since=held.version, until=version):
                held.index.add(ids, vectors)
            held.version = version
        self._held[key] = held
        self._held.move_to_end(key)
        if len(self._held) > MOST_KEPT:
            self._held.popitem(last=False)
        return held

    def warm(self, *, workspace: Workspace, embedder: str, now: datetime) -> None:
        """Have the index ready, so that nobody waits for it."""
        with self._lock:
            self._fresh(workspace, embedder, now)

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        self._held.clear()


shelf = Shelf()


def similar_winners(
    *,
    workspace: Workspace,
    vector: FloatArray,
    embedder: str,
    now: datetime,
    most: int = 5,
    least: float = SIMILAR,
    only: WinnerFilter = _NOTHING,
    but_ads: Collection[int] = (),
) -> Found:
    """Find the winners most like a vector, among those of the same embedder.

    Parameters
    ----------
    vector : (384,) of norm 1
    most, least : how many at most; smallest cosine
    only, but_ads : which winners to look among; ads to leave out
    """
    among = None
    if only.is_set or but_ads:
        rows = only.narrow(Winner.objects.filter(workspace=workspace, embedder=embedder))
        ids = rows.exclude(ad__in=list(but_ads)).values_list("pk", flat=True)
        among = np.fromiter(ids, np.int64)
    return shelf.find(
        workspace=workspace, embedder=embedder, vector=vector, most=most, least=least,
        among=among, now=now,
    )  # fmt: skip


def save_index(*, workspace: Workspace, embedder: str, now: datetime) -> bool:
    """Save the index as it is now, as a graph where winners are many; ``False``: it is saved."""
    version, rebuilt = _versions(workspace)
    if is_sound(workspace=workspace, embedder=embedder, version=version):
        return False
    rows = Winner.objects.filter(workspace=workspace, embedder=embedder)
    known = read_snapshot(
        workspace=workspace, embedder=embedder, since=rebuilt, until=version, now=now
    )
    if known is not None and known[0].form == form_for(rows.count()):
        index, since = known
        for ids, vectors in vectors_of(rows, since=since, until=version):
            index.add(ids, vectors)
    else:
        index = _built(workspace, embedder, version, may_approximate=True)
    return save_snapshot(
        workspace=workspace, embedder=embedder, index=index, version=version, now=now
    )


def _versions(workspace: Workspace) -> tuple[int, int]:
    row = WinnerLibrary.objects.filter(workspace=workspace)
    return row.values_list("version", "rebuilt_version").first() or (0, 0)


def _loaded(
    workspace: Workspace, embedder: str, rebuilt: int, version: int, now: datetime
) -> _Held:
    saved = read_snapshot(
        workspace=workspace, embedder=embedder, since=rebuilt, until=version, now=now
    )
    if saved is not None:
        return _Held(*saved)
    # Somebody waits for the answer; the job makes the graph.
    return _Held(_built(workspace, embedder, version, may_approximate=False), version)


def _built(
    workspace: Workspace, embedder: str, version: int, *, may_approximate: bool
) -> VectorIndex:
    rows = Winner.objects.filter(workspace=workspace, embedder=embedder)
    pieces = list(vectors_of(rows, since=-1, until=version))
    ids = [np.empty(0, np.int64), *(piece[0] for piece in pieces)]
    vectors = [np.empty((0, DIMENSIONS), np.float32), *(piece[1] for piece in pieces)]
    return build_index(
        np.concatenate(ids), np.concatenate(vectors), may_approximate=may_approximate
    )
