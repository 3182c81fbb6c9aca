"""Rows of the ground floor, read for pages and doors."""

from __future__ import annotations

from workspaces.models import Membership, User


def current_membership(*, user: User, workspace_id: int | None) -> Membership | None:
    """Membership of the workspace asked for, else the one used last."""
    memberships = list(
        user.memberships.select_related("workspace", "user").order_by("-last_used_at", "pk")
    )
    chosen = [m for m in memberships if m.workspace_id == workspace_id]
    return (chosen or memberships or [None])[0]
