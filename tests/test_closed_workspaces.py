"""A workspace that was closed stands still: nothing that beat starts goes over it."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from django.db import connection

from config.celery import app
from config.schedule import BEAT_SCHEDULE
from tests import admin_rows
from workspaces.models import User, Workspace
from workspaces.services.closing.belongings import belongings
from workspaces.services.closing.closing import close_workspace

#: What is kept for a while only goes there as well.
ALSO_THERE: Final = {"workspaces.clear_expired"}
#: That a workspace is open; where it is closed the kill switch is pulled (a constraint).
_OPEN: Final = re.compile(
    r'("workspaces_workspace"|\b[UVW]\d|\bw)\."?closed_at"? IS NULL'
    r'|NOT ("workspaces_workspace"|[UVW]\d)\."kill_switch"'
)


@pytest.fixture(autouse=True)
def _tasks() -> None:
    app.loader.import_default_modules()


def _entries() -> dict[str, dict[str, Any]]:
    """One of the schedule for each task: what starts jobs is the same for all of them."""
    return {
        one["task"]: one.get("kwargs", {})
        for one in BEAT_SCHEDULE.values()
        if one["task"] not in ALSO_THERE
    }


def test_whatever_beat_starts_asks_for_open_workspaces_only(
    workspace: Workspace, admin: User, now: Any
) -> None:
    # No other workspace is there: what asks for rows of this one asks beyond those that are open.
    close_workspace(workspace=workspace, by=admin, reason="Contract ended", now=now)
    tables = re.compile(rf"\b({'|'.join(belongings())})\b")
    found: dict[str, list[str]] = {}

    for name, kwargs in _entries().items():
        asked: list[str] = []

        def ask(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            asked.append(sql)  # noqa: B023  # it is called in this round
            return execute(sql, params, many, context)

        with connection.execute_wrapper(ask):
            app.tasks[name](**kwargs)
        found[name] = [sql for sql in asked if tables.search(sql) and not _OPEN.search(sql)]

    assert len(found) > 35
    assert {name: sql for name, sql in found.items() if sql} == {}


def _content(workspace: Workspace) -> dict[str, str]:
    """A digest of each table's rows of a workspace."""
    found = {}
    with connection.cursor() as cursor:
        for table, one in belongings().items():
            cursor.execute(
                "SELECT md5(string_agg(one::text, ';' ORDER BY one::text))"
                f" FROM (SELECT * FROM {table} WHERE {one.of(workspace.pk)}) one"
            )
            found[table] = cursor.fetchone()[0]
    return found


def test_nothing_of_a_closed_workspace_changes(
    workspace: Workspace, admin: User, approver: User, now: Any
) -> None:
    admin_rows.fill(workspace, admin, approver)
    close_workspace(workspace=workspace, by=admin, reason="Contract ended", now=now)
    before = _content(workspace)

    for name, kwargs in _entries().items():
        app.tasks[name](**kwargs)

    assert None not in before.values()
    assert _content(workspace) == before
