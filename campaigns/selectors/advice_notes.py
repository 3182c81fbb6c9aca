"""What a recommendation may know beyond figures, from whoever keeps that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from workspaces.models import Workspace

# Sentences without numbers of their own: texts may state only the evidence's.
Source = Callable[[Workspace, datetime], list[str]]
_sources: list[Source] = []


def register_note_source(source: Source) -> None:
    """Make a source known; it is called in workers only. Called in ``ready()``."""
    _sources.append(source)


def notes_for(workspace: Workspace, now: datetime) -> list[str]:
    """What all sources say."""
    return [note for source in _sources for note in source(workspace, now)]
