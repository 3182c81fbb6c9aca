"""What a text is meant for, in labels of anybody's choice: a sentence vector and a linear head.

>>> classifier = IntentClassifier().fit(texts, labels)
>>> labels, confidences = classifier.predict(["where is my parcel"])
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inbox.engine.calibrated import FloatArray, Head, Label, fit_head
from workspaces.engine.embedding.choosing import embedder as own_embedder
from workspaces.engine.embedding.shapes import Embedder

FORMAT: Final = 1
# The embedder reads 256 tokens, and no text has as many words in fewer letters.
MAX_TEXT: Final = 4_000


class IntentClassifier:
    """Sorts texts by labels.

    Parameters
    ----------
    embedder : of the texts; None takes that of this process
    """

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._given = embedder
        self._head: Head | None = None

    @property
    def embedder(self) -> Embedder:
        """What makes vectors of texts."""
        return self._given or own_embedder()

    @property
    def head(self) -> Head:
        """What makes labels of vectors.

        Raises
        ------
        RuntimeError : nothing was fitted or loaded
        """
        if self._head is None:
            raise RuntimeError("fit the classifier first, or load one")
        return self._head

    @property
    def labels(self) -> tuple[Label, ...]:
        """Labels it can give, sorted; columns of `predict_proba`."""
        return self.head.labels

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of texts, to be shared by classifiers of one embedder.

        Parameters
        ----------
        texts : any; all after 4,000 characters is left out

        Returns
        -------
        (n, dimensions); of a blank text all zero
        """
        read = [_readable(text) for text in texts]
        said = [place for place, text in enumerate(read) if text.strip()]
        vectors = np.zeros((len(read), self.embedder.dimensions), dtype=np.float32)
        if said:
            vectors[said] = self.embedder.embed([read[place] for place in said])
        return vectors

    def fit(self, texts: Sequence[str], labels: Sequence[Label]) -> IntentClassifier:
        """Learn labels; the same texts give the same classifier.

        Parameters
        ----------
        texts, labels : one label for each text, all strings or all whole numbers

        Returns
        -------
        IntentClassifier : itself

        Raises
        ------
        ValueError : no texts, or not as many labels
        """
        if len(texts) != len(labels):
            raise ValueError(f"labels must be one for each text, got {len(labels)}")
        return self.fit_vectors(self.embed(texts), labels)

    def fit_vectors(
        self, vectors: npt.NDArray[np.float32], labels: Sequence[Label]
    ) -> IntentClassifier:
        """Learn labels of texts whose vectors are there already.

        Parameters
        ----------
        vectors : (n, dimensions) as `embed` makes them
        labels : (n,)

        Raises
        ------
        ValueError : no texts, or not as many labels
        """
        self._head = fit_head(vectors, labels)
        return self

    def predict(self, texts: Sequence[str]) -> tuple[list[Label], FloatArray]:
        """Label texts.

        Parameters
        ----------
        texts : any

        Returns
        -------
        labels and confidences : one each; the confidence is the chance that the label is right,
            measured on texts that the fitting did not see
        """
        return self.predict_vectors(self.embed(texts))

    def predict_vectors(self, vectors: npt.NDArray[np.float32]) -> tuple[list[Label], FloatArray]:
        """Label texts by their vectors; as `predict`.

        Parameters
        ----------
        vectors : (n, dimensions) as `embed` makes them
        """
        logits = self.head.logits(vectors)
        return (
            [self.labels[best] for best in logits.argmax(axis=1)],
            self.head.confidences(logits),
        )

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Chance of each label, given that one of them is right.

        Parameters
        ----------
        texts : any

        Returns
        -------
        (n, labels), rows sum to one
        """
        return self.head.probabilities(self.head.logits(self.embed(texts)))

    def out_of_scope(self, texts: Sequence[str]) -> FloatArray:
        """How unlike all that was learned.

        Parameters
        ----------
        texts : any

        Returns
        -------
        (n,) in [0, 1]: 0.5 of a middling known text, above 0.95 of few
        """
        return self.head.strangeness(self.head.logits(self.embed(texts)))

    def to_bytes(self) -> bytes:
        """All of it but the embedder, as `from_bytes` reads it; equal heads give equal bytes."""
        head = self.head
        told = {"format": FORMAT, "embedder": self.embedder.name, **told_of(head)}
        file = io.BytesIO()
        np.savez_compressed(
            file,
            about=np.array(json.dumps(told)),
            weights=head.weights.astype(np.float32),
            bias=head.bias.astype(np.float32),
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, embedder: Embedder | None = None) -> IntentClassifier:
        """Read what `to_bytes` wrote.

        Parameters
        ----------
        data : of any source; nothing in it is run
        embedder : as for the class

        Raises
        ------
        ValueError : it is no such file, of another format or damaged, or its vectors are not
            those of the embedder
        """
        made = cls(embedder)
        about, arrays = _unpacked(data)
        if about["embedder"] != made.embedder.name:
            raise ValueError(
                f"the classifier was fitted on vectors of {about['embedder']},"
                f" here they are of {made.embedder.name}"
            )
        made._head = head_of(about, arrays, made.embedder.dimensions)
        return made

    @classmethod
    def of(cls, head: Head, embedder: Embedder | None = None) -> IntentClassifier:
        """Make one of a head that is there already.

        Parameters
        ----------
        head : fitted on vectors of the embedder
        embedder : as for the class
        """
        made = cls(embedder)
        made._head = head
        return made

    def save(self, path: str | Path) -> None:
        """Write it to a file.

        Parameters
        ----------
        path : is written over
        """
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, embedder: Embedder | None = None) -> IntentClassifier:
        """Read it from a file; as `from_bytes`.

        Parameters
        ----------
        path : of what `save` wrote
        embedder : as for the class
        """
        return cls.from_bytes(Path(path).read_bytes(), embedder)


def _readable(text: str) -> str:
    # Halves of a pair, as JSON may bring them, are no letters for any tokenizer.
    return text[:MAX_TEXT].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            arrays = {name: file[name].astype(np.float64) for name in ("weights", "bias")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError("the bytes are no classifier") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError(f"the classifier is not of format {FORMAT}")
    return about, arrays


def told_of(head: Head) -> dict[str, Any]:
    """All of a head but its weights, in values that JSON knows."""
    return {
        "labels": head.labels,
        "scale": head.scale,
        "likeness": head.likeness,
        "slope": head.slope,
        "offset": head.offset,
    }


def head_of(about: dict[str, Any], arrays: dict[str, FloatArray], dimensions: int) -> Head:
    """Make a head of what a file holds.

    Parameters
    ----------
    about : as `told_of` told it
    arrays : 'weights' and 'bias'
    dimensions : of the vectors

    Raises
    ------
    ValueError : a part is missing, of another shape or no number
    """
    try:
        mean, deviation = map(float, about["likeness"])
        head = Head(
            tuple(about["labels"]),
            arrays["weights"],
            arrays["bias"],
            float(about["scale"]),
            (mean, deviation),
            float(about["slope"]),
            float(about["offset"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("the classifier is damaged") from error
    count = len(head.labels)
    shapes = (head.weights.shape, head.bias.shape)
    numbers = (*head.likeness, head.scale, head.slope, head.offset)
    whole = all(np.isfinite(part).all() for part in (head.weights, head.bias, numbers))
    if not count or shapes != ((count, dimensions), (count,)) or not whole or deviation <= 0:
        raise ValueError("the classifier is damaged")
    return head
