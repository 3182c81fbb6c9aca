"""What agents may recommend to do: each app says how such an action becomes a proposal of its own.

An action is taken whole or not at all, and nothing that it makes has an effect before people, or
the policy, sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workspaces.gate import Proposer, RequestError
from workspaces.models import Proposal, Workspace
from workspaces.scopes import CHANGES_PROPOSE


@dataclass(frozen=True)
class Asked:
    """An action that an agent recommends, and why."""

    workspace: Workspace
    parameters: Mapping[str, Any]
    by: Proposer
    reason: str
    #: The same for the same action of the same suggestion.
    key: str
    now: datetime


@dataclass(frozen=True)
class Made:
    """What was made of it: a proposal, or a draft at ``url`` that a person finishes."""

    label: str
    proposal: Proposal | None = None
    url: str = ""


@dataclass(frozen=True)
class Action:
    """One type of action. ``parameters`` says what each is, for those who write agents.

    ``make`` raises ``GateError`` or ``ValidationError`` where that cannot be done.
    """

    type: str
    label: str
    parameters: Mapping[str, str]
    make: Callable[[Asked], Made]
    scope: str = CHANGES_PROPOSE


_actions: dict[str, Action] = {}


def register_action(action: Action) -> None:
    """Make an action known. Called in ``ready()``."""
    _actions[action.type] = action


def actions() -> list[Action]:
    """All of them, in a stable order."""
    return [_actions[name] for name in sorted(_actions)]


def action_of(name: str) -> Action:
    """Action of a type, or a refusal that names the known ones."""
    try:
        return _actions[name]
    except KeyError:
        known = ", ".join(sorted(_actions))
        raise RequestError("action_type", f"There is no action {name!r}; known: {known}.") from None


def told(asked: Asked, name: str) -> Any:
    """A parameter that an action cannot do without."""
    value = asked.parameters.get(name)
    if value in (None, ""):
        raise RequestError(name, "Say this.")
    return value
