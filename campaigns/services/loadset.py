"""Millions of waiting changes and of history, in a workspace of their own, to measure pages on.

Rows are drawn in the database. They meet its checks and unique keys, but no trigger: in life every
row is looked up in five others and written up to five times, which would take hours here. So each
batch asks afterwards, in the same transaction, what the triggers and foreign keys guard. A run that
was stopped goes on where it ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from campaigns.models import AdAccount, AdChangeHistory, AdSet
from campaigns.services import loadset_sql as sql
from workspaces.models import Proposal, Status, Workspace

SLUG = "loadset"
NAME = "Load set (made by a command)"
# Shares of the ad sets: one account holds most of them, one next to none.
ACCOUNTS = {"large": 600, "medium": 300, "small": 90, "tiny": 9, "one": 1}
CAMPAIGN_SIZE = 100
BATCH = 10_000
TRIES = 20  # of one decided change, each with its history row
_STEP_S = 7  # from one try to the next
_EVERY_S = 155  # from one decided change to the next: half a million take 900 days
_PAST = timedelta(days=900)
# Measured, indexes included: docs/performance.md.
_BYTES_A_PROPOSAL, _BYTES_A_HISTORY_ROW = 3_000, 1_100
_TABLES = (
    "workspaces_proposal", "workspaces_plan", "workspaces_signature", "workspaces_executionattempt",
    "pending_ad_changes", "ad_change_history", "campaigns_adset", "campaigns_campaign",
)  # fmt: skip

Progress = Callable[[str, int, int], None]


class LoadsetError(Exception):
    """It cannot be built here, with a sentence that says why."""


@dataclass(frozen=True)
class _Load:
    """One run: what is drawn for it, and how it stands."""

    workspace: Workspace
    now: datetime
    tell: Progress
    values: dict[str, Any] = field(default_factory=dict)


def load(
    *, proposals: int, history: int, now: datetime, tell: Progress = lambda *_: None
) -> Workspace:
    """Fill the workspace up to so many pending proposals and history rows.

    Raises
    ------
    LoadsetError : the slug belongs to a workspace of people, no room on disk, or no right to
        write without triggers
    """
    _require_right()
    workspace = _workspace()
    made, written = _counts(workspace)
    _require_room(max(0, proposals - made), max(0, history - written))
    ad_sets = -(-max(proposals, 1) // len(sql.TYPES))
    run = _Load(workspace, now, tell, sql.constants(workspace.slug, now.date()))
    run.values.update(workspace=workspace.pk, now=now)
    _ad_sets(run, ad_sets)
    _pending(run, made, proposals)
    _settled(run, written, history)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE loadset_ad_sets; ANALYZE {', '.join(_TABLES)}")  # names of ours
    return workspace


def _workspace() -> Workspace:
    workspace, _ = Workspace.objects.get_or_create(slug=SLUG, defaults={"name": NAME})
    if workspace.name != NAME:
        raise LoadsetError(
            f"The workspace {SLUG!r} is “{workspace.name}” and not one of this command. "
            "Nothing was written; use another database."
        )
    return workspace


def _counts(workspace: Workspace) -> tuple[int, int]:
    return (
        Proposal.objects.filter(workspace=workspace, status=Status.PENDING).count(),
        AdChangeHistory.objects.filter(workspace=workspace).count(),
    )


def _require_right() -> None:
    with connection.cursor() as cursor:
        # PostgreSQL 15 and later: superusers, and whom one has granted it.
        cursor.execute(
            "SELECT current_user, has_parameter_privilege('session_replication_role', 'SET')"
        )
        user, may = cursor.fetchone()
    if not may:
        raise LoadsetError(
            f"It writes without triggers, which the database does not allow {user}. Let a superuser"
            f' run: GRANT SET ON PARAMETER session_replication_role TO "{user}"'
        )


def _require_room(proposals: int, history: int) -> None:
    """Refuse before the disk is full; a server on another machine cannot be asked."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        directory = Path(cursor.fetchone()[0])
    if not directory.exists():
        return
    needed = proposals * _BYTES_A_PROPOSAL + history * _BYTES_A_HISTORY_ROW
    free = shutil.disk_usage(directory).free
    # The write-ahead log and whatever else lives there need room too.
    if free < needed * 1.2 + 2 * 1024**3:
        raise LoadsetError(
            f"It needs about {needed / 1e9:.1f} GB and a fifth more to work with; "
            f"{directory} has {free / 1e9:.1f} GB free. Ask for fewer rows, or make room."
        )


def _ad_sets(run: _Load, wanted: int) -> None:
    """Accounts, campaigns and as many ad sets as the waiting proposals need subjects."""
    accounts = [
        AdAccount.objects.get_or_create(
            workspace=run.workspace,
            platform="meta",
            external_id=f"{SLUG}-{name}",
            defaults={"name": f"Load {name}", "currency": "USD"},
        )[0]
        for name in ACCOUNTS
    ]
    owners = [
        account.pk
        for account, share in zip(accounts, ACCOUNTS.values(), strict=True)
        for _ in range(share)
    ]
    given = {**run.values, "owners": owners, "campaign_size": CAMPAIGN_SIZE}
    made = AdSet.objects.filter(workspace=run.workspace).count()
    for start, size in _batches(made, wanted):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (sql.CAMPAIGNS, sql.AD_SETS):
                cursor.execute(statement, {**given, "start": start, "size": size})
        run.tell("ad sets", start + size, wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql.NUMBERED, run.values)


def _batches(made: int, wanted: int, step: int = BATCH) -> Iterator[tuple[int, int]]:
    for start in range(made, wanted, step):
        yield start, min(step, wanted - start)


def _pending(run: _Load, made: int, wanted: int) -> None:
    for start, size in _batches(made, wanted):
        statements = (sql.DRAW_PENDING, sql.PENDING, sql.PLANS, sql.DETAILS)
        _write(
            run, statements, (sql.BROKEN,),
            start=start, size=size, is_settled=False, status=Status.PENDING,
        )  # fmt: skip
        run.tell("proposals", start + size, wanted)


def _settled(run: _Load, written: int, wanted: int) -> None:
    """Decided changes with their tries, oldest first: as in life, new rows are the newest."""
    number = Proposal.objects.filter(workspace=run.workspace, status=Status.EXECUTED).count()
    ad_sets = AdSet.objects.filter(workspace=run.workspace).count()
    run.values.update(
        first=run.workspace.created_at - _PAST, every_s=_EVERY_S, step_s=_STEP_S, tries=TRIES,
        lasted_s=TRIES * _STEP_S, ad_sets=ad_sets,
    )  # fmt: skip
    statements = (
        sql.DRAW_SETTLED, sql.SETTLED, sql.PLANS, sql.DETAILS, sql.SIGNATURES, sql.ATTEMPTS,
        sql.HISTORY,
    )  # fmt: skip
    for start, rows in _batches(written, wanted, 5 * BATCH):
        size = -(-rows // TRIES)
        _write(
            run, statements, (sql.BROKEN, sql.BROKEN_HISTORY),
            start=number, size=size, rows=rows, is_settled=True, status=Status.EXECUTED,
        )  # fmt: skip
        number += size
        run.tell("history rows", start + rows, wanted)


def _write(run: _Load, statements: Sequence[str], checks: Sequence[str], **values: Any) -> None:
    """Write one batch, or nothing of it."""
    given = {**run.values, **values}
    with transaction.atomic(), connection.cursor() as cursor:
        # A batch that a crash loses is written again.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        for statement in statements:
            cursor.execute(statement, given)
        cursor.execute("SET LOCAL session_replication_role = origin")
        for check in checks:
            cursor.execute(check, given)
            (broken,) = cursor.fetchone()
            if broken:
                raise LoadsetError(
                    f"{broken} rows of a batch break a rule of the gate, so none of it was kept. "
                    "The command does not fit this version of the database."
                )
