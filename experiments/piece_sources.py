"""Who brings what went out already, with how it did: ads of ours, messages of higher apps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from experiments.engine.practices.traits import Piece
from workspaces.models import Workspace


@dataclass(frozen=True)
class SentPiece:
    """An ad or a message, who met it, and how many of them converted."""

    channel: str
    piece: Piece
    units: int
    conversions: int

    @property
    def rate(self) -> float:
        """Conversions per unit."""
        return self.conversions / self.units if self.units else 0.0


Source = Callable[[Workspace, datetime], Iterable[SentPiece]]

_sources: list[Source] = []


def register_piece_source(source: Source) -> None:
    """Add a source; called in ``ready()``."""
    if source not in _sources:
        _sources.append(source)


def sent_pieces(workspace: Workspace, now: datetime) -> list[SentPiece]:
    """All that went out, of every source."""
    return [piece for source in _sources for piece in source(workspace, now)]
