"""Counting a test anew from its units and their events: are the sums what they ought to be?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from experiments.models import ABTest, Surface
from experiments.services.counting import outcomes_sql, recounting_sql, sums_sql
from experiments.services.counting.ads import count_ads
from experiments.services.counting.counting import (
    TOPIC,
    ask_sources,
    begin,
    lock_counting,
    make_outcomes,
    parameters,
    run,
)
from experiments.services.counting.keeping import has_units
from workspaces.services.live import bump
from workspaces.services.refusals import RefusedError

_SUMS: Final = (
    recounting_sql.ROWS,
    recounting_sql.BASE,
    "ANALYZE count_row (exposure_id, metric_id, day)",
    "ANALYZE count_base",
    sums_sql.ADDED,
)


class RecountError(RefusedError):
    """A test that cannot be counted again."""


@dataclass(frozen=True)
class Recounted:
    """What was not as its units make it: outcomes of units, days of metrics, days of exposures."""

    outcomes: int = 0
    metric_days: int = 0
    exposure_days: int = 0

    @property
    def differed(self) -> bool:
        """Whether anything did."""
        return bool(self.outcomes or self.metric_days or self.exposure_days)


def recount_test(*, test: ABTest, now: datetime, repairs: bool = True) -> Recounted:
    """Count all of a test's units again and, if told so, put right what is not as it ought to be.

    Units with news that wait in a queue stay as they are: their turn comes. Whether one waits is
    asked after the events were read, with the counting locked out, so that whatever was read of a
    unit that does not wait is in the sums.

    Raises
    ------
    RecountError : an imported test, or one whose units were deleted
    """
    if test.is_imported:
        raise RecountError("This test was imported; it has no units to count.")
    if not has_units(test, now):
        raise RecountError("The units of this test are deleted; its sums stay as they are.")
    with transaction.atomic(), connection.cursor() as cursor:
        lock_counting(test.workspace_id)
        if test.surface == Surface.AD:
            return Recounted(metric_days=count_ads(test=test, repairs=repairs))
        begin(cursor)
        given = parameters(test.workspace, now) | {"test": test.pk}
        cursor.execute(recounting_sql.UNITS, given)
        ask_sources(cursor, given)
        run(cursor, recounting_sql.LEAVE_WAITING, given)
        make_outcomes(cursor, given)
        outcomes = _number(cursor, "SELECT count(*) FROM count_pair", given)
        if outcomes and repairs:
            run(cursor, (outcomes_sql.FORGET, outcomes_sql.STORE), given)
        found = Recounted(
            outcomes,
            _days(cursor, given, repairs=repairs),
            _exposure_days(cursor, given, repairs=repairs),
        )
        if found.differed and repairs:
            bump(test.workspace_id, TOPIC)
    return found


def _days(cursor: Any, given: dict[str, Any], *, repairs: bool) -> int:
    run(cursor, ("DROP TABLE count_row", *_SUMS), given)
    different = _number(cursor, sums_sql.DIFFERENT, given)
    if different and repairs:
        run(cursor, (sums_sql.CLEAR, sums_sql.FILL), given)
    return different


def _exposure_days(cursor: Any, given: dict[str, Any], *, repairs: bool) -> int:
    cursor.execute(recounting_sql.EXPOSED, given)
    different = _number(cursor, recounting_sql.EXPOSED_DIFFERENT, given)
    if different and repairs:
        run(cursor, (recounting_sql.EXPOSED_CLEAR, recounting_sql.EXPOSED_FILL), given)
    return different


def _number(cursor: Any, statement: str, given: dict[str, Any]) -> int:
    cursor.execute(statement, given)
    return int(cursor.fetchone()[0])
