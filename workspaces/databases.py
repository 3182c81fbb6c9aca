"""Which connection to the database is for what."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import Model
from django.http import HttpResponseBase

logger = logging.getLogger(__name__)

_View = Callable[..., HttpResponseBase]
DIRECT: Final = "direct"
REPLICA: Final = "replica"
_ASK_EACH_S: Final = 10.0
_LEAVE_ALONE_S: Final = 30.0  # one that does not answer
# One that follows and has replayed all it was sent is at most a moment behind, however long ago
# the last commit was.
_LAG: Final = """
    SELECT CASE
        WHEN NOT pg_is_in_recovery() THEN 0
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
             AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float
    END
"""

# Of a page that only reads: the alias that it reads from. None: of no such page.
_reading: ContextVar[str | None] = ContextVar("reading", default=None)


class PooledError(RuntimeError):
    """A session was needed, and a pooler hands each transaction another one."""


def direct() -> str:
    """Alias of the connection whose session is ours alone: past the pooler, where there is one."""
    return DIRECT if DIRECT in connections else DEFAULT_DB_ALIAS


class ReadOnlyError(RuntimeError):
    """A page that only reads was about to write."""


@contextmanager
def reading_from_replica() -> Iterator[None]:
    """Read from the replica where there is one that is fresh enough; write nothing."""
    token = _reading.set(REPLICA if replica.is_fit() else DEFAULT_DB_ALIAS)
    try:
        yield
    finally:
        _reading.reset(token)


def from_replica(view: _View) -> _View:
    """Have a view that only reads use the replica."""

    @wraps(view)
    def reads(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with reading_from_replica():
            return view(request, *args, **kwargs)

    return reads


def read_alias() -> str:
    """Alias that SQL of our own reads from."""
    return _reading.get() or DEFAULT_DB_ALIAS


def lag_s() -> float:
    """Seconds that the replica is behind; infinite when it has replayed nothing yet."""
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_LAG)
        (behind,) = cursor.fetchone()
    return math.inf if behind is None else float(behind)


class _Replica:
    """Whether to read there, asked anew from time to time."""

    def __init__(self) -> None:
        self._is_fit = False
        self._ask_at = -math.inf

    def is_fit(self) -> bool:
        """Whether there is a replica that answers and is not far behind."""
        if REPLICA not in connections:
            return False
        if time.monotonic() >= self._ask_at:
            wait_s = _ASK_EACH_S
            try:
                self._is_fit = lag_s() <= settings.REPLICA_LATEST_S
            except Error as error:
                logger.warning("the replica does not answer: %s", type(error).__name__)
                self._is_fit, wait_s = False, _LEAVE_ALONE_S
            self._ask_at = time.monotonic() + wait_s
        return self._is_fit


replica = _Replica()


class Router:
    """Reads of a page that only reads go to the replica; every change to the primary."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Where to read; undecided outside of such pages."""
        return _reading.get()

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Refuse where a page said that it only reads; else undecided, which is the primary."""
        if _reading.get() is not None:
            raise ReadOnlyError(f"A page that only reads was about to write a {model.__name__}.")
        return None

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool | None:
        """All aliases lead to the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Tables are made once, through ``default``."""
        return False if db in (DIRECT, REPLICA) else None
