"""What a service asks of a person: operators run things, approvers sign, viewers read."""

from __future__ import annotations

from datetime import datetime

from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank


def require(role: Role, *, by: Proposer, workspace: Workspace, now: datetime, what: str) -> None:
    """Refuse a person below a role; rules and keys are held by their own lines.

    Raises
    ------
    NotAllowedError : the person's role is lower
    """
    if by.user is None:
        return
    if effective_rank(user=by.user, workspace=workspace, now=now) < role.rank:
        raise NotAllowedError(f"{what} needs the role of {role.label.lower()}.")
