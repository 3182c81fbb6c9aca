"""Figures of days, counted again where sessions changed: what the website's page reads."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from attribution.services.website import rollups_sql as sql
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

CHUNK: Final = 31  # days in one transaction

_COUNT: Final = (
    "ANALYZE web_day",
    sql.FORGET,
    sql.SEEN,
    "ANALYZE web_seen",
    sql.SESSIONS,
    sql.PAGES,
    sql.EVENTS,
)


def count_days(*, workspace: Workspace) -> int:
    """Count all days again that wait for it; returns how many."""
    total = 0
    while days := _count_chunk(workspace):
        total += days
    return total


def _count_chunk(workspace: Workspace) -> int:
    values: dict[str, int | str] = {
        "workspace": workspace.pk,
        "zone": workspace.time_zone,
        "most": CHUNK,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        lock_names([f"rollups:{workspace.pk}"])
        cursor.execute(sql.DROP)
        cursor.execute(sql.CHOSEN)
        cursor.execute(sql.TAKE, values)
        days = int(cursor.rowcount)
        if days:
            for statement in _COUNT:
                cursor.execute(statement, values)
    return days
