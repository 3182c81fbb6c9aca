"""Working off the queue: exposures, what units did, and the sums that results are read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from experiments.services.counting import exposing_sql, outcomes_sql, sums_sql
from experiments.sources import questions
from workspaces.models import Workspace
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

TOPIC: Final = "experiments"
CHUNK: Final = 20_000  # rows of the queue in one transaction
# Windows and the days before reach 90 and 60 days, and events come late: nothing younger than
# this can have lost an event to its age.
_SETTLED: Final = timedelta(days=settings.WEB_EVENT_KEEP_DAYS - 62)

# Sorts of a chunk fit into it; the default would write each of them to disk.
_MEMORY: Final = "SET LOCAL work_mem = '128MB'"
# A new table has no statistics, and without them the planner loops where it should hash.
_EXPOSE: Final = (
    exposing_sql.WAITING,
    "ANALYZE count_todo (site_id, unit, visitor_key)",
    exposing_sql.SEEN,
    exposing_sql.GROWN,
    exposing_sql.EXPOSE,
    exposing_sql.DEPLOYED,
    exposing_sql.HOLD,
    "ANALYZE count_held",
    exposing_sql.OTHERS,
    exposing_sql.GROW,
    "ANALYZE count_grown",
    exposing_sql.GROWN_DAYS,
    exposing_sql.UNITS,
    exposing_sql.FRESH,
)
_ASK: Final = (
    "ANALYZE count_unit (exposure_id, test_id)",
    outcomes_sql.ASK,
    outcomes_sql.SPAN,
    "ANALYZE count_span",
    outcomes_sql.EVENTS,
)
_MAKE: Final = (
    "ANALYZE count_event (exposure_id, metric_id)",
    outcomes_sql.MADE,
    outcomes_sql.TIMES,
    "ANALYZE count_made (exposure_id, metric_id, day)",
    outcomes_sql.PAIRS,
    "ANALYZE count_pair",
    outcomes_sql.ROWS,
    "ANALYZE count_row (exposure_id, metric_id, day)",
)
_STORE: Final = (
    outcomes_sql.FORGET,
    outcomes_sql.STORE,
    outcomes_sql.LATER,
    "ANALYZE count_base",
    sums_sql.ADDED,
    sums_sql.ADD,
)


@dataclass(frozen=True)
class Counted:
    """How many rows of the queue were worked off, and how many units were new to a test."""

    worked: int = 0
    exposed: int = 0


def count_waiting(*, workspace: Workspace, now: datetime, most: int = CHUNK) -> Counted:
    """Work off a chunk of the queue; what ``recount_test`` would find is what stands then."""
    with transaction.atomic(), connection.cursor() as cursor:
        lock_counting(workspace.pk)
        begin(cursor)
        cursor.execute(exposing_sql.TAKEN)
        given = parameters(workspace, now) | {"most": most}
        cursor.execute(exposing_sql.TAKE, given)
        if not (worked := cursor.rowcount):
            return Counted()
        run(cursor, _EXPOSE, given)
        ask_sources(cursor, given)
        make_outcomes(cursor, given)
        run(cursor, _STORE, given)
        cursor.execute("SELECT count(*) FROM count_base")
        exposed = int(cursor.fetchone()[0])
        bump(workspace.pk, TOPIC)
    return Counted(worked, exposed)


def count_all(*, workspace: Workspace, now: datetime) -> Counted:
    """Work off the whole queue."""
    worked = exposed = 0
    while (counted := count_waiting(workspace=workspace, now=now)).worked:
        worked, exposed = worked + counted.worked, exposed + counted.exposed
    return Counted(worked, exposed)


def lock_counting(workspace_id: int) -> None:
    """Let nobody else change sums of a workspace's tests until the transaction ends."""
    lock_names([f"counting:{workspace_id}"])


def begin(cursor: Any) -> None:
    """Make room for the temporary tables of a count."""
    cursor.execute(_MEMORY)
    cursor.execute(exposing_sql.DROP)


def parameters(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """What all statements of a count are given."""
    return {
        "workspace": workspace.pk,
        "zone": workspace.zone.key,
        "currency": workspace.currency,
        "now": now,
        "horizon": now - _SETTLED,
    }


def run(cursor: Any, statements: Iterable[str], given: dict[str, Any]) -> None:
    """Run statements in their order."""
    for statement in statements:
        cursor.execute(statement, given)


def ask_sources(cursor: Any, given: dict[str, Any]) -> None:
    """Ask every source what the units of ``count_unit`` did."""
    run(cursor, _ASK, given)
    for question in questions().values():
        cursor.execute(outcomes_sql.EVENT.format(question=question), given)


def make_outcomes(cursor: Any, given: dict[str, Any]) -> None:
    """Make outcomes of it, and find those that are not as they stand (``count_pair``)."""
    run(cursor, _MAKE, given)
