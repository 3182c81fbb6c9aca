"""One beat at a time: a lock of the database that ends with the session that holds it."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.db import Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from workspaces.databases import PooledError, direct

logger = logging.getLogger(__name__)

# First key of the pair: no other lock of ours has it.
_BEAT: Final = (7_202, 1)
_PREFIX: Final = "beat "
_NAME_BYTES: Final = 63  # of a session, in PostgreSQL
# The server notices after 20 s that a host is gone: later than the host's own connection does
# (``config.settings.servers``), so the beat that was cut off stops before another one sends.
_PULSE: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_BEATS: Final = """
    SELECT a.application_name, EXISTS (
        SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
           AND l.classid = %s AND l.objid = %s AND l.objsubid = 2)
      FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.application_name LIKE %s
     ORDER BY a.backend_start, a.pid
"""


@dataclass(frozen=True)
class Beats:
    """Who sends scheduled tasks, and who would go on."""

    sender: str = ""
    standbys: tuple[str, ...] = ()


class BeatLock:
    """The lock of one beat, on a connection that nothing else uses."""

    def __init__(self, name: str) -> None:
        self._session_name = f"{_PREFIX}{name}"[:_NAME_BYTES]
        self._session: BaseDatabaseWrapper | None = None
        self._is_ours = False

    def is_ours(self) -> bool:
        """Whether this beat may send now; takes the lock where it is free.

        Raises
        ------
        PooledError : a pooler stands in front of the database, so no session is ours alone
        """
        try:
            self._is_ours = self._ask()
        except Error as error:
            logger.warning("beat's connection is lost: %s", type(error).__name__)
            self.let_go()
        return self._is_ours

    def let_go(self) -> None:
        """End the session, and the lock with it."""
        session, self._session, self._is_ours = self._session, None, False
        if session is not None:
            with suppress(Error):
                session.close()

    def _ask(self) -> bool:
        if self._session is None:
            self._session = self._open()
        with self._session.cursor() as cursor:
            if self._is_ours:  # as long as the session lives
                cursor.execute("SELECT true")
            else:
                cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _BEAT)
            (answer,) = cursor.fetchone()
        return bool(answer)

    def _open(self) -> BaseDatabaseWrapper:
        session = connections[direct()].copy()
        session.settings_dict["OPTIONS"]["application_name"] = self._session_name
        with session.cursor() as cursor:
            for name, value in _PULSE.items():
                cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
        if is_pooled(session):
            session.close()
            raise PooledError(
                "Beat needs a session of its own, and a pooler answers at DATABASE_URL. Set"
                " DATABASE_DIRECT_URL to PostgreSQL itself."
            )
        return session


def is_pooled(session: BaseDatabaseWrapper) -> bool:
    """Whether somebody stands between: the process that answers is not the one that greeted."""
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return bool(pid != session.connection.info.backend_pid)


def beats() -> Beats:
    """Who holds the lock, and who waits for it, as their sessions are named."""
    with connection.cursor() as cursor:
        cursor.execute(_BEATS, [*_BEAT, f"{_PREFIX}%"])
        found = [(name.removeprefix(_PREFIX), sends) for name, sends in cursor.fetchall()]
    sender = next((name for name, sends in found if sends), "")
    return Beats(sender, tuple(name for name, sends in found if not sends))
