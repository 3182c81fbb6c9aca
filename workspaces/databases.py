"""Which connection to the database is for what."""

from __future__ import annotations

from typing import Final

from django.db import DEFAULT_DB_ALIAS, connections

DIRECT: Final = "direct"


class PooledError(RuntimeError):
    """A session was needed, and a pooler hands each transaction another one."""


def direct() -> str:
    """Alias of the connection whose session is ours alone: past the pooler, where there is one."""
    return DIRECT if DIRECT in connections else DEFAULT_DB_ALIAS
