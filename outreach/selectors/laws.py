"""How a workspace uses channels, as the engine takes it: what differs from what is shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from django.db.models import Model

from outreach.engine.channels import Channel, ChannelTable
from outreach.engine.law_documents import law_from_document
from outreach.engine.laws import Laws
from outreach.engine.table_documents import table_from_document
from outreach.models import ChannelPolicy, Halt, OutreachPolicy
from workspaces.models import Workspace

T = TypeVar("T", bound=Model)
R = TypeVar("R")
_read: ContextVar[dict[tuple[str, int | None], Any] | None] = ContextVar("read", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Read rules, channels and halts of a workspace once, whoever asks for them within.

    For a page that is drawn, which writes nothing; never around what decides on a send.
    """
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def once_a_look(read: Callable[[T], R]) -> Callable[[T], R]:
    """Keep what a function reads of a row until the end of `one_look`; without one, nothing."""

    @wraps(read)
    def kept(row: T) -> R:
        known = _read.get()
        if known is None:
            return read(row)
        key = (read.__qualname__, row.pk)
        if key not in known:
            known[key] = read(row)
        found: R = known[key]
        return found

    return kept


def channel_of(name: str) -> Channel:
    """Code of a channel."""
    return Channel[name.upper()]


@once_a_look
def outreach_policy_of(workspace: Workspace) -> OutreachPolicy:
    """Its rules, or those that everybody begins with."""
    found = OutreachPolicy.objects.filter(workspace=workspace).first() or OutreachPolicy()
    found.workspace = workspace
    return found


@once_a_look
def policies_of(workspace: Workspace) -> dict[str, ChannelPolicy]:
    """Rules of its channels, by channel."""
    rows = ChannelPolicy.objects.filter(workspace=workspace).select_related("connection")
    return {row.channel: row for row in rows}


@once_a_look
def open_halts(workspace: Workspace) -> list[Halt]:
    """What stopped itself, or was stopped, and was not let go again."""
    return list(Halt.objects.filter(workspace=workspace, lifted_at=None).order_by("pk"))


def is_halted(policy: ChannelPolicy, halts: Iterable[Halt]) -> Halt | None:
    """What keeps a channel from sending: its own halt, or that of its sender's domain."""
    domain = policy.sender.rpartition("@")[2].strip("> ").lower()
    return next(
        (one for one in halts if one.channel == policy.channel and one.scope in ("", domain)), None
    )


def laws_of(policies: Mapping[str, ChannelPolicy]) -> Laws:
    """What each channel lets us do here."""
    own = {name: policy.law for name, policy in policies.items()}
    return {one: law_from_document(one, own.get(one.key, {})) for one in Channel}


def table_of(policy: OutreachPolicy) -> ChannelTable:
    """Figures that the choice among channels rests on."""
    return table_from_document(policy.choice)
