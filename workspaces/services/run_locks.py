"""Who works on a run: its process holds a lock of the database that is gone when it dies."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.db import DatabaseError, connection, connections

from workspaces.databases import direct

# First key of the pair: no other lock of ours has two.
_RUNS: Final = 7_201
_KEYS: Final = 2**31


@contextmanager
def holding(run_id: int) -> Iterator[None]:
    """Hold a run as long as this process and its connection live."""
    key = run_id % _KEYS
    session = connections[direct()]
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_RUNS, key])
    try:
        yield
    finally:
        # A broken connection holds nothing any more.
        with suppress(DatabaseError), session.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_RUNS, key])


def unheld(run_ids: Collection[int]) -> set[int]:
    """Runs that no process works on."""
    if not run_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.objid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted"
            " AND l.classid = %s AND d.datname = current_database()",
            [_RUNS],
        )
        held = {int(key) for (key,) in cursor.fetchall()}
    return {run_id for run_id in run_ids if run_id % _KEYS not in held}
