"""The note kind, and proposals of it made at the time of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.utils import timezone

from tests.workspaces import gate_steps, note_kind
from tests.workspaces.note_kind import NoteKind
from workspaces import gate, panels
from workspaces.models import Proposal, Workspace
from workspaces.panels import EditField, KindPanel

Propose = Callable[..., Proposal]


@pytest.fixture
def now() -> datetime:
    """Doors read the clock themselves, so proposals are made at its time."""
    return timezone.now()


@pytest.fixture
def note() -> Iterator[NoteKind]:
    """The note kind with a field to edit; every registry is as before afterwards."""
    handlers, looks = dict(gate._handlers), dict(panels._panels)
    panels.register_panel(
        KindPanel("note", edit_field=lambda p: EditField("text", "Text", p.request["text"]))
    )
    yield note_kind.install()
    gate._handlers.clear()
    gate._handlers.update(handlers)
    panels._panels.clear()
    panels._panels.update(looks)


@pytest.fixture
def propose(note: NoteKind, workspace: Workspace, now: datetime) -> Propose:
    """Propose a note, by the sampler where nothing else is said."""

    def build(**options: object) -> Proposal:
        return gate_steps.propose(workspace, now, **options)

    return build
