"""A prediction made again from what was stored with it, and compared to the last bit."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mlops.models import ModelPrediction
from mlops.selectors.registry import label_of
from mlops.services.predicting import running_code, score
from mlops.services.registry.serving import shelf
from workspaces.gate import StateError


@dataclass(frozen=True)
class Reproduced:
    """A stored prediction and what its version says of the same features now."""

    row: ModelPrediction
    output: tuple[float, ...]

    @property
    def is_same(self) -> bool:
        """Whether every bit is."""
        return _bits(self.output) == _bits(self.row.output)

    @property
    def is_of_this_code(self) -> bool:
        """Whether the code and its libraries are those of then."""
        return self.row.code_version == running_code()


def reproduce(*, batch: UUID, now: datetime) -> list[Reproduced]:
    """Make the predictions of a batch again, each row alone, by the versions that made them.

    The version is taken by its checksum, wherever it stands now.

    Raises
    ------
    StateError : nothing is known of the batch, or the artefact is not what it was
    """
    rows = ModelPrediction.objects.filter(batch=batch).select_related("version__workspace")
    found = [_again(row, now) for row in rows.order_by("version_id", "position")]
    if not found:
        raise StateError(
            f"No prediction {batch} is known. Old ones are deleted; look at the id again."
        )
    return found


def _again(row: ModelPrediction, now: datetime) -> Reproduced:
    version = row.version
    model = shelf.take(version, now=now)
    if model is None:
        raise StateError(
            f"Version {version.version} of {label_of(version.name)} cannot be loaded: its artefact"
            " is not the one that predicted."
        )
    return Reproduced(row, tuple(score(version, model, [row.features])[0].tolist()))


def _bits(figures: Sequence[float]) -> bytes:
    return struct.pack(f">{len(figures)}d", *figures)
