"""Partitions of a table: which there are, and how one is made."""

from __future__ import annotations

from datetime import date

from django.db import connection

_BOUNDS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = %s::regclass ORDER BY 1
"""
# Attached after it was made: making it as a part at once would lock everybody out of the parent.
_MAKE = "CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
_ATTACH = "ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM (%s) TO (%s)"


def partitions_of(table: str) -> list[str]:
    """Names of a table's partitions, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [table])
        return [name for (name,) in cursor.fetchall()]


def make_partition(table: str, part: str, *, since: date, until: date) -> None:
    """Make the partition of the days from ``since`` up to, not with, ``until``."""
    make_apart(table, part)
    attach(table, part, since=since, until=until)


def make_apart(table: str, part: str) -> None:
    """Make a table that may become a partition; until then it has no indexes and no triggers."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE.format(table=table, part=part))


def attach(table: str, part: str, *, since: date, until: date) -> None:
    """Make it the partition of those days, with the indexes of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTACH.format(table=table, part=part), [since.isoformat(), until.isoformat()]
        )
