"""The base that ships with the product: labelled texts, and heads trained on them.

`python -m benchmarks.inbox_base --write` trains the heads anew.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inbox.engine.intent import IntentClassifier
from inbox.engine.reading.signs import SignedEmbedder
from workspaces.engine.embedding.choosing import embedder as own_embedder
from workspaces.engine.embedding.shapes import Embedder

FOLDER: Final = Path(__file__).parent / "base"
TEXTS: Final = FOLDER / "texts.csv"
CHECKSUMS: Final = FOLDER / "checksums.json"
VERSION: Final = "base-1"


@dataclass(frozen=True)
class BaseText:
    """A labelled text and where it is from: 'own', 'bitext', 'sentences' or 'sms'."""

    text: str
    label: str
    source: str


@dataclass(frozen=True)
class Base:
    """The heads that ship: of intents and of feelings."""

    intent: IntentClassifier
    feeling: IntentClassifier


def base_texts() -> list[BaseText]:
    """Labelled texts that ship, to be learned together with those of a workspace."""
    with TEXTS.open(encoding="utf-8", newline="") as file:
        return [BaseText(**row) for row in csv.DictReader(file)]


def shipped(embedder: Embedder | None = None) -> Base:
    """Load the heads for an embedder.

    Parameters
    ----------
    embedder : of sentences; None takes that of this process

    Raises
    ------
    ValueError : a file is damaged, or there is none for this embedder
    """
    used = SignedEmbedder(embedder or own_embedder())
    return Base(_loaded("intent", used), _loaded("feeling", used))


def file_name(kind: str, embedder: Embedder) -> str:
    """Name of the file of a head.

    Parameters
    ----------
    kind : 'intent' or 'feeling'
    embedder : it was trained for
    """
    return f"{kind}-{embedder.name}.npz"


def _loaded(kind: str, embedder: Embedder) -> IntentClassifier:
    name = file_name(kind, embedder)
    known = json.loads(CHECKSUMS.read_text(encoding="utf-8"))
    if name not in known:
        raise ValueError(f"no head ships for vectors of {embedder.name}")
    data = (FOLDER / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != known[name]:
        raise ValueError(f"{name} is not the file that ships")
    return IntentClassifier.from_bytes(data, embedder)
