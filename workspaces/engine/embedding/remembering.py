"""An embedder that knows the texts of a moment ago: the same ones are asked for again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from workspaces.engine.embedding.shapes import Embedder, FloatArray


class Remembering:
    """Embeds what is new, and remembers the vectors of the last texts.

    Parameters
    ----------
    embedder : that makes the vectors
    most : texts whose vectors are kept, about 2 KB each
    """

    def __init__(self, embedder: Embedder, most: int = 2_000) -> None:
        self._embedder, self._most = embedder, most
        self._known: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = Lock()

    @property
    def name(self) -> str:
        """Name of the embedder."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

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
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        if new := [text for text in dict.fromkeys(texts) if text not in found]:
            found |= zip(new, self._embedder.embed(new), strict=True)
        with self._lock:
            for text, vector in found.items():
                self._known[text] = vector
                self._known.move_to_end(text)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for place, text in enumerate(texts):
            vectors[place] = found[text]
        return vectors
