"""Partitions of events by day: made before they are needed, dropped when they are old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from attribution.services.partitions import make_partition, partitions_of
from workspaces.services.locks import lock_names

TABLES: Final = ("attribution_webevent", "attribution_pageview")
_AHEAD: Final = timedelta(days=7)

# Days known to have their partitions, so that storing events need not ask.
_known: set[date] = set()


def ensure_days(days: Iterable[date]) -> None:
    """Make the partitions of days where they are missing."""
    wanted = set(days) - _known
    if not wanted:
        return
    with transaction.atomic():
        lock_names(["partitions:website"])
        for table in TABLES:
            there = set(partitions_of(table))
            for day in sorted(wanted):
                if (part := _part(table, day)) not in there:
                    make_partition(table, part, since=day, until=day + timedelta(days=1))
        transaction.on_commit(lambda: _known.update(wanted))


def keep_partitions(*, now: datetime) -> dict[str, int]:
    """Make those of the days to come, drop those past their time; returns how many of each."""
    today = now.astimezone(UTC).date()
    before = {table: partitions_of(table) for table in TABLES}
    ensure_days(today + timedelta(days=number) for number in range(-1, _AHEAD.days + 1))
    oldest = today - timedelta(days=settings.WEB_EVENT_KEEP_DAYS)
    dropped = 0
    for table in TABLES:
        for part in partitions_of(table):
            if part < _part(table, oldest):
                _drop(part)
                dropped += 1
    made = sum(len(set(partitions_of(table)) - set(before[table])) for table in TABLES)
    return {"made": made, "dropped": dropped}


def _part(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _drop(part: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {part}")
