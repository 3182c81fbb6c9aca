"""How many conversations each view holds, counted once for each thing that happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.core.cache import cache

from inbox.selectors.counts import view_counts
from inbox.services.topics import TOPIC
from workspaces.models import User, Workspace
from workspaces.services import live

#: What is due grows with time alone.
_KEPT_S: Final = 5


def counts_of(*, workspace: Workspace, user: User, now: datetime) -> Mapping[str, str]:
    """As ``view_counts``, kept for some seconds while nothing happens in the inbox."""
    # Asked before it is counted: what is kept is never older than what it is kept under.
    key = f"inbox:counts:{workspace.pk}:{user.pk}:{live.version(workspace.pk, TOPIC)}"
    kept: Mapping[str, str] | None = cache.get(key)
    if kept is None:
        kept = view_counts(workspace, user=user, now=now)
        cache.set(key, kept, timeout=_KEPT_S)
    return kept
