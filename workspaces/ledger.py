"""What higher apps bring to the ledger: what it can be narrowed to.

Registered in ``ready()``; the ledger itself knows proposals only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from workspaces.models import Proposal, Workspace


@dataclass(frozen=True)
class Scope:
    """Something that changes belong to: a channel, a campaign.

    Attributes
    ----------
    narrow : rows of the workspace that belong to it; none where it does not exist
    label : what a value is called; empty where the workspace has no such thing
    """

    name: str
    title: str
    narrow: Callable[[Workspace, QuerySet[Proposal], str], QuerySet[Proposal]]
    label: Callable[[Workspace, str], str]


_scopes: dict[str, Scope] = {}


def register_scope(scope: Scope) -> None:
    """Let the ledger be narrowed to something. Called in ``ready()``."""
    _scopes[scope.name] = scope


def scopes() -> list[Scope]:
    """What it can be narrowed to, in the order in which it was made known."""
    return list(_scopes.values())
