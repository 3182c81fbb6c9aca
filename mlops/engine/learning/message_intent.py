"""What messages of a workspace are meant for: a head that has learned what its people corrected.

`message_training` says how it learned.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Final

import numpy as np

from inbox.engine.calibrated import Head
from inbox.engine.intent import IntentClassifier, head_of, told_of
from inbox.engine.reading.shapes import INTENTS
from inbox.engine.reading.signs import SignedEmbedder
from mlops.engine.learning.shapes import (
    Artefact,
    FloatArray,
    Reasons,
    Rows,
)
from workspaces.engine.embedding.choosing import embedder

KIND: Final = "message_intent"
FORMAT_VERSION: Final = 1
#: On a card: from when on it learned nothing, to the second.
JUDGED_AT: Final = "judged_from_time"
#: What it gives of a message, in its order.
OUTPUTS: Final = (*sorted(INTENTS), "confidence")

FEATURES: Final = ("text",)
_HEADER: Final = "message_intent"


class MessageIntent:
    """Serves intents of messages; needs the sentence model that it was trained with."""

    features = FEATURES

    def __init__(self, head: Head, embedder_name: str) -> None:
        self.head = head
        self.embedder_name = embedder_name

    @cached_property
    def classifier(self) -> IntentClassifier:
        """The same as the inbox reads with."""
        return IntentClassifier.of(self.head, SignedEmbedder(embedder()))

    def predict(self, rows: Rows) -> FloatArray:
        """Tell the chance of each intent, and how sure the likeliest is."""
        logits = self.head.logits(self.classifier.embed([str(text) for text in rows["text"]]))
        chances = np.zeros((len(logits), len(OUTPUTS)))
        places = [OUTPUTS.index(str(label)) for label in self.head.labels]
        chances[:, places] = self.head.probabilities(logits)
        chances[:, -1] = self.head.confidences(logits)
        return chances

    def reasons(self, rows: Rows) -> list[Reasons]:
        """None: a text is read whole."""
        return [[] for _ in rows["text"]]

    def artefact(self) -> Artefact:
        """Write weights as safetensors, with all else in the header."""
        from safetensors.numpy import save

        weights = {
            "weights": self.head.weights.astype(np.float32),
            "bias": self.head.bias.astype(np.float32),
        }
        told = {
            "format": FORMAT_VERSION,
            "kind": KIND,
            "embedder": self.embedder_name,
            **told_of(self.head),
        }
        header = {_HEADER: json.dumps(told, sort_keys=True)}
        return Artefact("safetensors", save(weights, metadata=header))


def load(artefact: Artefact) -> MessageIntent:
    """Read a model that `train` made.

    Raises
    ------
    ValueError : it is of another kind or format, or made for another sentence model than this
        installation has
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    wrong = f"artefact: not a {KIND} model of format {FORMAT_VERSION}; train a new version."
    try:
        size = int.from_bytes(artefact.data[:8], "little")
        header = json.loads(artefact.data[8 : 8 + size])
        told = json.loads(header["__metadata__"][_HEADER])
        arrays = {name: part.astype(np.float64) for name, part in read(artefact.data).items()}
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(wrong) from error
    if artefact.format != "safetensors" or not isinstance(told, dict):
        raise ValueError(wrong)
    if (told.get("format"), told.get("kind")) != (FORMAT_VERSION, KIND):
        raise ValueError(wrong)
    here = SignedEmbedder(embedder())
    if told["embedder"] != here.name:
        raise ValueError(
            f"it reads vectors of {told['embedder']}, and here they are of {here.name}"
        )
    head = head_of(told, arrays, here.dimensions)
    if unknown := set(map(str, head.labels)) - set(INTENTS):
        raise ValueError(f"it knows intents that the inbox does not: {sorted(unknown)}")
    return MessageIntent(head, here.name)
