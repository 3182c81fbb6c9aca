"""Recommendations that may become tests: pages of lower apps show the door, a higher app opens it.

A recommendation is named by a text: ``funnel:<public id>``, or ``advice:<public id>:<place>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workspaces.models import Workspace


@dataclass(frozen=True)
class MadeTest:
    """The test that was made of a recommendation."""

    name: str
    url: str


@dataclass(frozen=True)
class IdeaDoor:
    """Where recommendations become tests: a page that takes ``idea`` by POST, and what was made."""

    url_name: str
    made: Callable[[Workspace, Sequence[str]], Mapping[str, MadeTest]]


@dataclass(frozen=True)
class Idea:
    """A recommendation as its page offers it."""

    name: str
    url_name: str
    made: MadeTest | None


_doors: list[IdeaDoor] = []


def register_idea_door(door: IdeaDoor) -> None:
    """Make the door known. Called in ``ready()``."""
    _doors[:] = [door]


def ideas_of(workspace: Workspace, names: Sequence[str]) -> dict[str, Idea]:
    """Ideas by name, each with the test that it became; none where no app makes tests."""
    if not names:
        return {}
    return {
        name: Idea(name, door.url_name, made.get(name))
        for door in _doors
        for made in [door.made(workspace, names)]
        for name in names
    }
