"""What a training hands over, and what serves from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
# Columns by feature name, all of one length; text or numbers, NaN where a number is unknown.
Rows = Mapping[str, npt.NDArray[Any]]
# Of one row: features and what each added to the prediction, the largest effect first.
Reasons = list[tuple[str, float]]

Format = Literal["safetensors", "xgboost-json", "json"]

#: On a card: the first day of what it was judged on, so of what it did not learn from.
JUDGED_FROM: Final = "judged_from"


class TooFewError(ValueError):
    """There are too few rows to learn from or to judge on; says how many are needed."""


@dataclass(frozen=True)
class Artefact:
    """A trained model as bytes; no format of these runs code when it is read."""

    format: Format
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """Name the content."""
        return hashlib.sha256(self.data).hexdigest()


class Served(Protocol):
    """A model that answers."""

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that it reads."""
        ...

    def predict(self, rows: Rows) -> FloatArray:
        """(rows,) predictions, or (rows, k) where the model gives k figures each."""
        ...

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Reasons of each row, by absolute size, the largest first."""
        ...


@dataclass(frozen=True)
class Trained:
    """A model with all that is known of it when training ends."""

    kind: str
    artefact: Artefact
    features: tuple[str, ...]
    metrics: dict[str, float]  # on the held-out rows
    baselines: dict[str, dict[str, float]]  # the same metrics of each plain baseline
    is_better: bool  # beats every baseline and keeps its own limits
    verdict: str  # a sentence that says why
    card: dict[str, Any] = field(default_factory=dict)
    # Of each feature its known texts, None for a number; a feature that is not in it may be either.
    levels: dict[str, list[str] | None] = field(default_factory=dict)
    seed: int = 0
    rows: int = 0  # learnt from
    held_out: int = 0  # judged on
