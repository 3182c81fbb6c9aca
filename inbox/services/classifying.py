"""Which model reads the messages of a workspace: its own where one serves, else the one that ships.

Models are trained and promoted in `mlops`, above this app; it brings them here when it starts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from inbox.engine.intent import IntentClassifier
from inbox.engine.reading import shipped
from inbox.engine.reading.reader import read
from inbox.engine.reading.shapes import Reading
from workspaces.engine.embedding.choosing import recent_embedder

logger = logging.getLogger(__name__)

SHIPPED_MODEL: Final = "inbox-base"


@dataclass(frozen=True)
class Reader:
    """What tells intents, and how it is called on readings."""

    intent: IntentClassifier
    model: str
    version: str


@dataclass(frozen=True)
class Read:
    """A reading, and who read."""

    reading: Reading
    model: str
    version: str


#: Of workspaces, those that have a model of their own; asked anew for every batch.
Find = Callable[[Collection[int]], Mapping[int, Reader]]
_finders: list[Find] = []


def register_readers(find: Find) -> None:
    """Bring models of workspaces; called in ``ready()``."""
    if find not in _finders:
        _finders.append(find)


@cache
def base() -> shipped.Base:
    """The heads that ship, loaded once in a process."""
    return shipped.shipped(recent_embedder())


def read_all(texts: Sequence[str], workspaces: Sequence[int]) -> list[Read]:
    """Read messages of several workspaces, each by its own model.

    Parameters
    ----------
    texts, workspaces : one workspace for each text; 0 is nobody's
    """
    if not texts:
        return []
    readers = _readers(frozenset(workspaces))
    # One pass of the sentence model for all; the heads beside it cost next to nothing.
    vectors = base().intent.embed(texts)
    found: dict[int, Read] = {}
    for workspace in dict.fromkeys(workspaces):
        places = [place for place, one in enumerate(workspaces) if one == workspace]
        reader = readers.get(workspace) or _shipped()
        readings = read(
            [texts[place] for place in places],
            classifier=reader.intent,
            feeling=base().feeling,
            vectors=vectors[np.array(places)],
        )
        found |= {
            place: Read(one, reader.model, reader.version)
            for place, one in zip(places, readings, strict=True)
        }
    return [found[place] for place in range(len(texts))]


def _shipped() -> Reader:
    return Reader(base().intent, SHIPPED_MODEL, shipped.VERSION)


def _readers(workspaces: Collection[int]) -> dict[int, Reader]:
    """Models of workspaces; one that was made for other vectors is left out."""
    found = {key: one for find in _finders for key, one in find(workspaces).items()}
    here = base().intent.embedder.name
    for key, one in list(found.items()):
        if one.intent.embedder.name != here:
            logger.warning("a model of other vectors reads nothing", extra={"workspace": key})
            del found[key]
    return found
