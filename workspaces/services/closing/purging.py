"""Delete what is left of a closed workspace, table by table; it can be stopped and goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pghistory.models
import pgtrigger
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import DEFAULT_DB_ALIAS, connection, transaction

from workspaces.gate import StateError
from workspaces.models import User, Workspace
from workspaces.services.closing.belongings import Belonging, belongings, in_order
from workspaces.services.closing.exporting import Told, files_of

_LOG: Final = LogEntry._meta.db_table
_CONTEXT: Final = pghistory.models.Context._meta.db_table


def purge_workspace(
    *, workspace: Workspace, now: datetime, told: Told, without_export: bool = False
) -> int:
    """Delete every row and file of a closed workspace; returns how many rows went.

    Each table is committed by itself, children first. What is append-only goes too: this is the
    one place that passes by the triggers which keep it.

    Raises
    ------
    StateError : it is open, purged already, or was not exported since it was closed
    """
    _require_closed(workspace, without_export=without_export)
    deleted = 0
    for group in in_order():
        deleted += _delete(group, workspace, told)
    _forget_contexts()
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        locked.purged_at, locked.notice = now, ""
        locked.save(update_fields=["purged_at", "notice", "updated_at"])
    return deleted


def left_alone() -> list[User]:
    """People who belong to no workspace any more; their accounts stay until they are erased."""
    return list(User.objects.filter(memberships=None, is_superuser=False).order_by("email"))


def _require_closed(workspace: Workspace, *, without_export: bool) -> None:
    if workspace.closed_at is None:
        raise StateError(f"{workspace.name} is open; close it first.")
    if workspace.purged_at is not None:
        raise StateError(f"Nothing is left of {workspace.name}.")
    if workspace.exported_at is None and not without_export:
        raise StateError(f"{workspace.name} was not exported since it was closed; export it first.")


def _delete(group: Sequence[Belonging], workspace: Workspace, told: Told) -> int:
    # Before the rows go by which they are found.
    files = {name for one in group for name in files_of(one, workspace)}
    # One statement: what names one another is asked for at its end, when all of it is gone.
    parts = [
        f"d{number} AS (DELETE FROM {one.table} WHERE {one.of(workspace.pk)} RETURNING 1)"
        for number, one in enumerate(group)
    ]
    counts = ", ".join(f"(SELECT count(*) FROM d{number})" for number in range(len(group)))
    with (
        transaction.atomic(),
        pgtrigger.ignore(databases=[DEFAULT_DB_ALIAS]),
        connection.cursor() as cursor,
    ):
        for one in group:
            _forget_log(one, workspace)
        cursor.execute(f"WITH {', '.join(parts)} SELECT {counts}")
        deleted = cursor.fetchone()
    for one, rows in zip(group, deleted, strict=True):
        if rows:
            told(f"{one.table}: {rows:,} rows")
    for name in files:
        default_storage.delete(name)
    return sum(deleted)


def _forget_log(belonging: Belonging, workspace: Workspace) -> None:
    """Delete the admin's log of these rows: it names them in words."""
    kind = ContentType.objects.get_for_model(belonging.model, for_concrete_model=False).pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_LOG} WHERE content_type_id = %s AND object_id IN ("
            f"SELECT {belonging.key}::text FROM {belonging.table}"
            f" WHERE {belonging.of(workspace.pk)})",
            [kind],
        )


def _forget_contexts() -> None:
    """Delete who did what to rows of which no history is left."""
    tables = [
        one.table
        for one in belongings().values()
        if any(field.column == "pgh_context_id" for field in one.model._meta.local_concrete_fields)
    ] + ["workspaces_workspaceevent"]
    unused = " AND ".join(
        f"NOT EXISTS (SELECT FROM {table} WHERE pgh_context_id = c.id)" for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_CONTEXT} c WHERE {unused}")
