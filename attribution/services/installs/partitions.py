"""Partitions of app sessions by month, made when a session of the month comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Final

from django.db import IntegrityError, connection, transaction

from attribution.services.partitions import attach, make_apart, make_partition, partitions_of
from workspaces.services.locks import lock_names

TABLE: Final = "attribution_usersession"
_LOCK: Final = "partitions:sessions"
# What the table's trigger looks for, which does not see rows that come with their partition.
_STRAY: Final = """
SELECT EXISTS (SELECT FROM (SELECT DISTINCT workspace_id, install_id FROM {part}) s
                WHERE NOT EXISTS (SELECT FROM attribution_userinstall i
                                   WHERE i.id = s.install_id AND i.workspace_id = s.workspace_id))
"""

# Indexes are sorted in memory, and so are the users that are looked for.
_MEMORY: Final = "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '64MB'"

# Months known to have their partition, so that storing sessions need not ask.
_known: set[date] = set()


def ensure_months(days: Iterable[date]) -> None:
    """Make the partitions of the months that days lie in, where they are missing."""
    wanted = _months(days) - _known
    if not wanted:
        return
    with transaction.atomic():
        lock_names([_LOCK])
        for month, part in _missing(wanted).items():
            make_partition(TABLE, part, since=month, until=_next(month))
        transaction.on_commit(lambda: _known.update(wanted))


@contextmanager
def filled_months(days: Iterable[date]) -> Iterator[Mapping[date, str]]:
    """Where to copy very many sessions of these days to, by the first day of their month.

    A month without a partition gets a table without indexes, which becomes the partition when the
    block ends: building an index once costs a fraction of keeping it row by row. Needs a
    transaction; until that ends nobody else can make a month, and everybody can use those there
    are.

    Raises
    ------
    IntegrityError : a session is of no user of its workspace
    """
    months = _months(days)
    lock_names([_LOCK])
    missing = _missing(months)
    for part in missing.values():
        make_apart(TABLE, part)
    yield {month: missing.get(month, TABLE) for month in months}
    for month, part in missing.items():
        with connection.cursor() as cursor:
            cursor.execute(_MEMORY)
            cursor.execute(_STRAY.format(part=part))
            if cursor.fetchone()[0]:
                raise IntegrityError("a session is of no user of its workspace")
        attach(TABLE, part, since=month, until=_next(month))


def _months(days: Iterable[date]) -> set[date]:
    return {day.replace(day=1) for day in days}


def _missing(months: Iterable[date]) -> dict[date, str]:
    """Months without a partition, in order, with its name to be."""
    there = set(partitions_of(TABLE))
    named = {month: f"{TABLE}_{month:%Y%m}" for month in sorted(months)}
    return {month: part for month, part in named.items() if part not in there}


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
