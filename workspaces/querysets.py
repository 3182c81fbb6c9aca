"""Chainable reads of the ground floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

if TYPE_CHECKING:
    from workspaces.models import Workspace  # noqa: F401  # of the string below


class WorkspaceQuerySet(QuerySet["Workspace"]):
    """Workspaces."""

    def open(self) -> Self:
        """Those that were not closed: what works by itself works for these only.

        Rows are swept by ``workspace__in=Workspace.objects.open()``.
        """
        return self.filter(closed_at=None)
