"""Messages of a trade whose words what ships misreads, and vectors that cost nothing."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Final

import numpy as np

from inbox.engine.calibrated import Head, fit_head
from inbox.engine.intent import IntentClassifier
from inbox.engine.reading.shipped import BaseText, base_texts
from inbox.engine.reading.signs import SignedEmbedder
from mlops.engine.learning.message_training import Labelled, Traffic
from workspaces.engine.embedding.hashed import HashedTfidf

EMBEDDER: Final = SignedEmbedder(HashedTfidf())
CLASSIFIER: Final = IntentClassifier(EMBEDDER)
_PORTS: Final = ("Rotterdam", "Antwerp", "Gdansk", "Trieste", "Koper", "Lisbon", "Hamburg")
_TRADE: Final = {
    "purchase": ("Nominate two reefers ex {0}, prompt", "Fix us forty boxes ex {0} prompt"),
    "complaint": ("Boxes rolled ex {0}, demurrage runs", "{0}: rolled and shut out, demurrage"),
    "question": ("Laycan and draft at {0} berth, pls advise", "Pls advise berth and laycan {0}"),
}  # fmt: skip


@cache
def small_base() -> tuple[tuple[BaseText, ...], Labelled]:
    """Some of the texts that ship, by their vectors."""
    texts = tuple(one for one in base_texts() if one.source == "own")[::3]
    return texts, labelled([one.text for one in texts], [one.label for one in texts])


@cache
def shipped_head() -> Head:
    """A head of these texts alone."""
    _, known = small_base()
    return fit_head(known.vectors, known.label.tolist())


def labelled(
    texts: list[str], labels: list[str], *, is_corrected: bool = True, first_writer: int = 1
) -> Labelled:
    """Texts of as many writers, one a minute."""
    count = len(texts)
    order = np.arange(first_writer, first_writer + count)
    return Labelled(
        CLASSIFIER.embed(texts), np.array(labels, dtype="U11"), np.full(count, is_corrected),
        order, 60 * order,
    )  # fmt: skip


def trade(count: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Messages of the trade and what each is meant for, in random order, no two the same."""
    made = [
        (f"{words.format(port)} {number}", label)
        for (label, forms), port, number in product(_TRADE.items(), _PORTS, range(100, 140))
        for words in forms
    ]
    order = np.random.default_rng(seed).permutation(len(made))[:count]
    return [made[place][0] for place in order], [made[place][1] for place in order]


def standing(count: int) -> tuple[list[str], list[str]]:
    """Plain messages that what ships reads right, none of them among its own texts."""
    known, _ = small_base()
    rest = [one for one in base_texts() if one.source == "own" and one not in known]
    head = shipped_head()
    names = np.array(head.labels)
    said = names[head.logits(CLASSIFIER.embed([one.text for one in rest])).argmax(axis=1)]
    right = [one for one, label in zip(rest, said, strict=True) if one.label == label]
    chosen = np.random.default_rng(5).permutation(len(right))[:count]
    return [right[place].text for place in chosen], [right[place].label for place in chosen]


def together(*parts: Labelled) -> Labelled:
    """Mix them by time."""
    joined = Labelled(*(np.concatenate([getattr(part, name) for part in parts]) for name in (
        "vectors", "label", "is_corrected", "writer", "at",
    )))  # fmt: skip
    return joined.take(np.argsort(joined.at, kind="stable"))


def traffic(theirs: Labelled) -> Traffic:
    """The same messages as they came."""
    words = np.full(len(theirs), "en")
    return Traffic(theirs.vectors, words, words)
