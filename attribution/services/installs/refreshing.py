"""Columns derived from sessions, set for many users at once; late sessions correct them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from attribution.services.installs import refresh_sql as sql
from campaigns.selectors.insight.amounts import rates_for
from workspaces.models import Workspace
from workspaces.periods import Period, yesterday_of
from workspaces.services.locks import lock_names

_SOME_SESSIONS: Final = "AND s.install_id = ANY(%(installs)s)"
_SOME_INSTALLS: Final = "AND i.id = ANY(%(installs)s)"
# A cohort is counted whole, whichever of its users changed.
_SOME_COHORTS: Final = """AND installed_on IN
    (SELECT installed_on FROM attribution_userinstall WHERE id = ANY(%(installs)s))"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Rows that changed."""

    users: int
    days: int


def lock_app(workspace: Workspace) -> None:
    """Let one writer at a time into a workspace's installs and sessions."""
    lock_names([f"app:{workspace.pk}"])


@transaction.atomic
def refresh_users(
    *, workspace: Workspace, now: datetime, installs: Collection[int] | None = None
) -> Refreshed:
    """Set what sessions say of users, and the cohorts of days of ads, where it differs.

    Parameters
    ----------
    installs : keys of the users to look at; else all of the workspace
    """
    lock_app(workspace)
    given: dict[str, Any] = {"workspace": workspace.pk, "last": last_day(workspace, now)}
    sessions = users = cohorts = ""
    if installs is not None:
        given["installs"] = list(installs)
        sessions, users, cohorts = _SOME_SESSIONS, _SOME_INSTALLS, _SOME_COHORTS
    with connection.cursor() as cursor:
        cursor.execute(sql.REFRESH.format(sessions=sessions, installs=users), given)
        changed, days = cursor.rowcount, 0
        given["rates"] = rates_told(workspace, now)
        for level, key in sql.LEVELS:
            cursor.execute(sql.COHORTS.format(key=key, installs=cohorts), {**given, "level": level})
            days += cursor.rowcount
    return Refreshed(changed, days)


def rates_told(workspace: Workspace, now: datetime) -> str:
    """What a unit of each account's currency is worth, as JSON for ``refresh_sql.COHORTS``.

    The newest rates, as dashboards take them to turn the amounts back.
    """
    known = rates_for(workspace, Period.ending(yesterday_of(workspace, now), 1)).known
    return json.dumps({currency: str(rate) for currency, rate in known.items()})


def last_day(workspace: Workspace, now: datetime) -> date:
    """The newest day of which all sessions may be known: yesterday, or the newest session's."""
    today = now.astimezone(workspace.zone).date()
    with connection.cursor() as cursor:
        cursor.execute(sql.LAST_DAY, {"workspace": workspace.pk, "today": today})
        found: date = cursor.fetchone()[0]
    return found
