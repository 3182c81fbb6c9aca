"""One Redis counter per workspace and topic: pages poll it and stay as they are while it stands."""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction

_DAY_S = 24 * 3600


def _name(workspace_id: int, topic: str) -> str:
    return f"live:{workspace_id}:{topic}"


def bump(workspace_id: int, topic: str) -> None:
    """Tell the viewers of a topic, once the transaction is committed.

    Without Redis they see it a little later: what was committed goes on as if they knew.
    """
    transaction.on_commit(lambda: _count_up(_name(workspace_id, topic)), robust=True)


def _count_up(name: str) -> None:
    cache.add(name, 0, timeout=_DAY_S)
    cache.incr(name)


def version(workspace_id: int, topic: str) -> int:
    """Current count; 0 when nothing happened for a day."""
    return int(cache.get(_name(workspace_id, topic), 0))
