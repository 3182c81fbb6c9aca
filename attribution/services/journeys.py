"""Journeys: the touches of people before their conversions, built set-based."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from attribution.models import Conversion, Journey, JourneyTouch, Touchpoint
from attribution.models.credits import LOOKBACK_DAYS
from attribution.services import journeys_sql as sql
from attribution.services.touches import touches_from_clicks
from workspaces.models import Workspace
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class Built:
    """How many touches were new, and how many journeys were made."""

    new_touches: int
    converted: int
    unconverted: int


# A new table has no statistics, and without them the planner loops where it should hash.
_PREPARE: Final = (
    sql.WALKERS,
    "ANALYZE attribution_walker",
    sql.TOUCHED,
    "ANALYZE attribution_touched",
    sql.BOUGHT,
    "ANALYZE attribution_bought",
)
_MAKE: Final = (
    sql.CONVERTED,
    sql.STEPS,
    sql.LEFT,
    sql.UNCONVERTED,
    sql.LEFT_STEPS,
    sql.MARK_TOUCHES,
    sql.MARK_CONVERSIONS,
    sql.MARK_PEOPLE,
)


def refresh_journeys(*, workspace: Workspace, now: datetime) -> Built:
    """Make touches of new clicks, and the journeys anew of people of whom something changed.

    That is a touch or a conversion that came in, however late, a merge or its undoing, and what a
    purge or an erasure took out of a journey. The rows are those of ``build_journeys``.
    """
    return _build(workspace, now, of_everybody=False)


def build_journeys(*, workspace: Workspace, now: datetime) -> Built:
    """Make touches of new clicks, and all journeys anew from the touches.

    Each conversion has its own journey, so a touch may be part of two. Touches that preceded no
    conversion make journeys without one.
    """
    return _build(workspace, now, of_everybody=True)


@transaction.atomic
def _build(workspace: Workspace, now: datetime, *, of_everybody: bool) -> Built:
    lock_journeys(workspace.pk)
    new = touches_from_clicks(workspace=workspace, now=now)
    given: dict[str, Any] = {
        "workspace": workspace.pk,
        "currency": workspace.currency,
        "zone": workspace.zone.key,
        "lookback": LOOKBACK_DAYS,
    }
    whose = (sql.EVERYBODY, *sql.FORGET_ALL) if of_everybody else (sql.CHANGED, *sql.FORGET_OWNED)
    counts = {}
    with connection.cursor() as cursor:
        for statement in (sql.DROP, *whose, *_PREPARE, *_MAKE):
            cursor.execute(statement, given)
            counts[statement] = cursor.rowcount
        if not of_everybody:
            cursor.execute(sql.REPRICE, given)
    return Built(new, counts[sql.CONVERTED], counts[sql.UNCONVERTED])


def lock_journeys(workspace_id: int) -> None:
    """Let nobody else build or forget journeys of a workspace until the transaction ends.

    To be taken before any other lock: a build may hold it for long.
    """
    lock_names([f"journeys:{workspace_id}"])


def forget_journeys(journeys: QuerySet[Journey]) -> None:
    """Delete journeys; what is left of them waits for the next build."""
    keys = list(journeys.distinct().values_list("pk", flat=True))
    Touchpoint.objects.filter(steps__journey__in=keys).update(
        journey_id=None,
        position=None,
        minutes_since_first_touch=None,
        minutes_since_last_touch=None,
    )
    # Of a forgotten person the figures stay as they are.
    Conversion.objects.filter(journey__in=keys, person__isnull=False).update(
        journey_id=None, touches_before=None, minutes_since_first_touch=None
    )
    JourneyTouch.objects.filter(journey__in=keys).delete()
    Journey.objects.filter(pk__in=keys).delete()
