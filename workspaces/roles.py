"""Roles and what they may do. Rank grows upwards; a rank includes every lower one."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """Role of a person in one workspace."""

    VIEWER = "viewer", "Viewer"
    AGENT = "agent", "Agent"
    OPERATOR = "operator", "Operator"
    APPROVER = "approver", "Approver"
    ADMIN = "admin", "Admin"

    @property
    def rank(self) -> int:
        """Position in the order of roles: 1 (viewer) to 5 (admin)."""
        return list(Role).index(self) + 1


def rank_of(role: str) -> int:
    """Rank of a stored role name; 0 for none."""
    return Role(role).rank if role else 0
