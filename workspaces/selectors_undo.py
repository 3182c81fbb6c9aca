"""What can be undone: carried out, still so, and of a kind that knows the way back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from workspaces.gate import handlers
from workspaces.models import Proposal, Status, Workspace

_AT_ONCE: Final = 200


def undoable_ids(proposals: Iterable[Proposal]) -> frozenset[int]:
    """Those of which the way back can be proposed as things stand; a query a kind at most.

    A stop is none of them: what it stopped goes on by a proposal of its own.
    """
    by_kind: dict[str, list[Proposal]] = {}
    for one in proposals:
        if one.status == Status.EXECUTED:
            by_kind.setdefault(one.kind, []).append(one)
    return frozenset(
        row.pk
        for handler in handlers()
        if (rows := by_kind.get(handler.kind))
        for row, has_inverse in zip(rows, handler.has_inverse(rows), strict=True)
        if has_inverse
    )


def undoable(*, workspace: Workspace, proposer: str, since: datetime) -> list[Proposal]:
    """Changes of one proposer since a moment that can be undone, newest first."""
    rows = list(
        Proposal.objects.filter(
            workspace=workspace,
            status=Status.EXECUTED,
            proposer_key=proposer,
            executed_at__gte=since,
        )
        .select_related("current_plan")
        .order_by("-pk")[:_AT_ONCE]
    )
    found = undoable_ids(rows)
    return [row for row in rows if row.pk in found]
