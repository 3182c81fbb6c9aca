"""What higher apps register in ``ready()``: the ground floor calls them without knowing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workspaces.models import Connection, User, Workspace
from workspaces.roles import Role

WorkspaceCallback = Callable[[Workspace, User, datetime], None]
# Called outside a transaction with the opened secret; returns what it found, in a sentence.
ConnectionTester = Callable[[Connection, Mapping[str, str]], str]


class ConnectionTestError(Exception):
    """The outside system refused; ``needs_login`` when only a new token helps."""

    def __init__(self, message: str, *, needs_login: bool = False) -> None:
        super().__init__(message)
        self.needs_login = needs_login


@dataclass(frozen=True)
class SecretField:
    """One part of a kind's credentials, as the form asks for it."""

    name: str
    label: str
    help_text: str = ""
    is_required: bool = True


@dataclass(frozen=True)
class ConnectionKind:
    """A kind of outside system that can be connected."""

    kind: str
    label: str
    fields: tuple[SecretField, ...]
    tester: ConnectionTester


@dataclass(frozen=True)
class StartStep:
    """One step of ``/start/`` that a higher app brings."""

    key: str
    title: str
    text: str
    url: str
    is_done: Callable[[Workspace], bool]
    position: int = 50
    role: Role = Role.VIEWER  # who may open it


@dataclass
class _Registry:
    workspace_created: list[WorkspaceCallback] = field(default_factory=list)
    connection_kinds: dict[str, ConnectionKind] = field(default_factory=dict)
    start_steps: dict[str, StartStep] = field(default_factory=dict)


_registry = _Registry()


def on_workspace_created(callback: WorkspaceCallback) -> None:
    """Call ``callback(workspace, by, now)`` in the transaction that makes a workspace."""
    if callback not in _registry.workspace_created:
        _registry.workspace_created.append(callback)


def workspace_created(workspace: Workspace, *, by: User, now: datetime) -> None:
    """Tell all who asked."""
    for callback in _registry.workspace_created:
        callback(workspace, by, now)


def register_connection_kind(
    kind: str, label: str, fields: tuple[SecretField, ...], tester: ConnectionTester
) -> None:
    """Make a kind of connection known, with the fields of its secret and how to try it."""
    _registry.connection_kinds[kind] = ConnectionKind(kind, label, fields, tester)


def connection_kinds() -> list[ConnectionKind]:
    """All kinds, by label."""
    return sorted(_registry.connection_kinds.values(), key=lambda kind: kind.label)


def connection_kind(kind: str) -> ConnectionKind | None:
    """One kind, ``None`` when no app brings it."""
    return _registry.connection_kinds.get(kind)


def register_start_step(step: StartStep) -> None:
    """Add a step to ``/start/``; lower positions come first."""
    _registry.start_steps[step.key] = step


def start_steps() -> list[StartStep]:
    """Steps of higher apps, in order."""
    return sorted(_registry.start_steps.values(), key=lambda step: (step.position, step.key))
