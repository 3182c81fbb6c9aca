"""How many use the app and how many stay, from whoever keeps that."""

from __future__ import annotations

from collections.abc import Callable

from workspaces.models import Workspace
from workspaces.periods import Period

# Of the last four weeks: ``dau``, ``mau``, ``d7_retention`` (a share); those that are known.
Source = Callable[[Workspace, Period], dict[str, float]]
_sources: list[Source] = []


def register_app_source(source: Source) -> None:
    """Make a source known that tells how an app is used."""
    _sources.append(source)


def app_facts(workspace: Workspace, period: Period) -> dict[str, float]:
    """What is known of the app at the end of a period; empty where nobody knows an app."""
    found: dict[str, float] = {}
    for source in _sources:
        found.update(source(workspace, period))
    return found
