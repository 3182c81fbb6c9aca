"""How services of people say no, and who may do what."""

from __future__ import annotations

from datetime import datetime

from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.refusals import RefusedError


class PeopleError(RefusedError):
    """Refused; ``field`` names what is wrong, as the caller calls it; empty: the state is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def require(by: Proposer, workspace: Workspace, role: Role, now: datetime, what: str) -> None:
    """Refuse a person below a role; rules and keys are held by their own lines.

    Raises
    ------
    NotAllowedError : the person's role is lower
    """
    if by.user is None:
        return
    if effective_rank(user=by.user, workspace=workspace, now=now) < role.rank:
        raise NotAllowedError(f"{what} needs the role of {role.label.lower()}.")
