"""Days and cohorts of an app's users, counted anew where installs or sessions came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from attribution.services.installs import rollup_sql as sql
from attribution.services.installs.refreshing import last_day, lock_app
from workspaces.models import Workspace

_MEMORY: Final = "SET LOCAL work_mem = '128MB'"
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Rows that were written."""

    days: int
    cohorts: int


@transaction.atomic
def refresh_rollups(*, workspace: Workspace, now: datetime, is_whole: bool = False) -> Rolled:
    """Count the days that changed, and what changed with them, and every cohort.

    A session counts for thirty days, so a late one changes as many. All of it happens in one
    transaction, which keeps writers of installs and sessions out: a crash leaves the old rows.

    Parameters
    ----------
    is_whole : count every day, also those that nothing came in for
    """
    lock_app(workspace)
    given: dict[str, Any] = {"workspace": workspace.pk, "last": last_day(workspace, now)}
    with connection.cursor() as cursor:
        cursor.execute(_MEMORY)
        cursor.execute(sql.TOUCHED, given)
        span = _span(cursor.fetchone(), is_whole=is_whole)
        days = 0
        if span:
            cursor.execute(sql.CLEAR_DAYS, {**given, **span})
            cursor.execute(sql.FILL_DAYS, {**given, **span})
            days = cursor.rowcount
        cursor.execute(sql.CLEAR_COHORTS, given)
        cursor.execute(sql.FILL_COHORTS, given)
        return Rolled(days, cursor.rowcount)


def _span(found: tuple[date | None, ...], *, is_whole: bool) -> dict[str, date] | None:
    """Days to count: from the first that changed for as long as the last one counts."""
    first, last, oldest, newest, counted = found
    if first is None or last is None:
        if not is_whole or oldest is None or newest is None:
            return None
        first, last = oldest, newest
    newest = newest or first - _ONE_DAY  # all is gone: no row may be left
    since = oldest if is_whole and oldest else first
    if counted:
        # Days that nothing happened on lie between what was counted and what is new.
        since = min(since, counted + _ONE_DAY)
    until = newest if is_whole else min(newest, last + timedelta(days=sql.ACTIVE_SPAN - 1))
    return {"since": since, "until": until, "newest": newest}
