"""Training what reads messages: all that it learns from becomes vectors once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from inbox.engine.intent import IntentClassifier
from inbox.engine.reading.shipped import base_texts
from inbox.services.classifying import base
from mlops.engine.learning import message_training
from mlops.engine.learning.message_intent import JUDGED_AT, KIND, MessageIntent
from mlops.engine.learning.message_training import (
    LEAST_CORRECTED,
    SHIPPED,
    Labelled,
    Serving,
    Traffic,
    hold_out,
)
from mlops.engine.learning.shapes import JUDGED_FROM, TooFewError, Trained
from mlops.models import ModelVersion
from mlops.selectors.messages import Messages, corrections_since
from mlops.selectors.registry import champion_of
from mlops.services.registry.serving import served
from mlops.services.training.sources import FromWorkspace

#: By schedule it learns again from so many new corrections, or from any once a week is over.
ENOUGH_NEW: Final = 20
_WEEK_DAYS: Final = 7

Told = Callable[[str], None]


def learn_messages(source: FromWorkspace, seed: int, told: Told) -> Trained:
    """Learn what messages of a workspace are meant for, and judge it against what reads them now.

    Raises
    ------
    TooFewError : too few were corrected; says how many more are needed
    """
    messages, traffic = source.messages, source.message_traffic
    corrected = int(messages.is_corrected.sum())
    told(f"{corrected:,} corrected messages, {len(messages) - corrected:,} answered as read")
    # Before anything costs time.
    held = hold_out(_labelled(messages, np.empty((len(messages), 0), dtype=np.float32)))
    classifier = base().intent
    vectors = classifier.embed([*messages.text, *traffic.text])
    told(f"{len(vectors):,} messages and the texts that ship became vectors")
    trained = message_training.train(
        _shipped_texts(classifier),
        _labelled(messages, vectors[: len(messages)]),
        serving_now(source),
        traffic=Traffic(vectors[len(messages) :], traffic.language, traffic.channel),
        embedder_name=classifier.embedder.name,
        seed=seed,
    )
    since = datetime.fromtimestamp(int(messages.at[held].min()), UTC)
    dated = {JUDGED_AT: since.isoformat(), JUDGED_FROM: since.date().isoformat()}
    return replace(trained, card={**trained.card, **dated})


def serving_now(source: FromWorkspace) -> Serving:
    """What reads the workspace's messages: its champion, else what ships."""
    ships = base().intent.head
    found = served(workspace=source.workspace, name=KIND, now=source.now)
    if found is None or not isinstance(found.model, MessageIntent):
        return Serving(SHIPPED, ships, {})
    return Serving(f"version {found.version.version}", found.model.head, {SHIPPED: ships})


def checksum_of_messages(source: FromWorkspace) -> str:
    """Checksum of what a training would learn from and be judged against.

    Raises
    ------
    TooFewError : too few were corrected
    """
    corrected = corrections_since(source.workspace, None)
    if corrected < LEAST_CORRECTED:
        raise TooFewError(
            f"{corrected} messages were corrected; {LEAST_CORRECTED - corrected} more are needed,"
            f" {LEAST_CORRECTED} in all."
        )
    champion = champion_of(workspace=source.workspace, name=KIND)
    beside = champion.sha256 if champion else SHIPPED
    return hashlib.sha256(f"{source.messages.sha256} {beside}".encode()).hexdigest()


def why_wait(source: FromWorkspace, newest: ModelVersion) -> str:
    """Why a scheduled training waits for more corrections; empty: it does not."""
    new = corrections_since(source.workspace, newest.created_at)
    days = (source.now - newest.created_at).days
    if new >= ENOUGH_NEW or (new and days >= _WEEK_DAYS):
        return ""
    return (
        f"Corrections since version {newest.version}: {new}. It learns again from {ENOUGH_NEW}, or"
        " from fewer a week after it."
    )


def _labelled(messages: Messages, vectors: npt.NDArray[np.float32]) -> Labelled:
    return Labelled(vectors, messages.meant, messages.is_corrected, messages.writer, messages.at)


@lru_cache(maxsize=1)
def _shipped_texts(classifier: IntentClassifier) -> Labelled:
    """Texts that ship by their vectors, made once in a process."""
    texts = base_texts()
    none = np.zeros(len(texts), dtype=np.int64)
    return Labelled(
        classifier.embed([one.text for one in texts]),
        np.array([one.label for one in texts], dtype="U11"),
        none.astype(np.bool_), none, none,
    )  # fmt: skip
