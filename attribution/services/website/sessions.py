"""The sessioniser: what came in becomes visitors, sessions and page views, late or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef, QuerySet

from attribution.engine.web_sources import channel_of
from attribution.models import RollupWork, SessionWork, Site
from attribution.services.news import tell_visitor_news
from attribution.services.website import sessions_sql as sql
from attribution.services.website.ingest import queue_visitors
from attribution.services.website.lifecycle import refresh_lifecycle
from attribution.services.website.rollups import count_days
from attribution.services.website.telling import tell_attribution
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

SESSIONS_JOB: Final = "website-sessions"
TOPIC: Final = "website"
CHUNK: Final = 20_000  # rows of the queue in one transaction

# Sorts of a chunk fit into it; the default would write each of them to disk.
_MEMORY: Final = "SET LOCAL work_mem = '128MB'"
# A new table has no statistics, and without them the planner loops where it should hash. Those of
# the columns that are joined by are enough: texts take long to look at.
_WALK: Final = (
    sql.WIDEN,
    "ANALYZE web_todo",
    sql.RULES,
    sql.WALK,
    "ANALYZE web_walk (site_id, visitor_key, path, type, at)",
    sql.STAGES,
    "ANALYZE web_stage",
    sql.STEPS,
    "ANALYZE web_step (site_id, visitor_key, part, page_id, event_id, type, category)",
    sql.NEW,
    "ANALYZE web_new (site_id, visitor_key, part, public_id, click_id)",
)
_STORE: Final = (sql.VISITORS, sql.OLD_DAYS, sql.NEW_DAYS, sql.GONE, sql.FORGET, sql.SESSIONS)
_AFTER: Final = (sql.PAGES, sql.STORE_PAGES, sql.NUMBERS, sql.SUMS, sql.FIRSTS)


@dataclass(frozen=True)
class Walked:
    """How many visitors were looked at, and how many sessions their events make."""

    visitors: int = 0
    sessions: int = 0


def sessionise(*, workspace: Workspace, now: datetime, most: int = CHUNK) -> Walked:
    """Work off a chunk of the queue; the rows are those of a walk over all events ever.

    Sessions that late events move, split or join are made again; what is the same stays.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        lock_names([f"sessions:{workspace.pk}"])
        cursor.execute(_MEMORY)
        cursor.execute(sql.DROP)
        cursor.execute(sql.CHOSEN)
        cursor.execute(sql.TAKE, {"workspace": workspace.pk, "most": most})
        if not cursor.rowcount:
            return Walked()
        visitors = cursor.rowcount
        values = _values(workspace)
        for statement in _WALK:
            cursor.execute(statement, values)
        values |= _channels(cursor)
        for statement in (*_STORE, *_AFTER):
            cursor.execute(statement, values)
        cursor.execute("SELECT count(*) FROM web_new")
        sessions = int(cursor.fetchone()[0])
        cursor.execute(sql.TOUCHED)
        refresh_lifecycle(
            workspace=workspace, visitors=[key for (key,) in cursor.fetchall()], now=now
        )
        tell_attribution(cursor=cursor, workspace=workspace, now=now)
        tell_visitor_news(cursor, workspace)
        bump(workspace.pk, TOPIC)
    return Walked(visitors, sessions)


def _values(workspace: Workspace) -> dict[str, Any]:
    return {
        "workspace": workspace.pk,
        "zone": workspace.time_zone,
        "currency": workspace.currency,
    }


def _channels(cursor: Any) -> dict[str, list[str]]:
    """Channel of each source that occurs."""
    cursor.execute(sql.SOURCES)
    pairs = cursor.fetchall()
    return {
        "sources": [source for source, _ in pairs],
        "mediums": [medium for _, medium in pairs],
        "channels": [channel_of(source, medium) for source, medium in pairs],
    }


def sessionise_all(*, workspace: Workspace, now: datetime) -> Walked:
    """Work off the queue and count the days anew that it touched."""
    visitors = sessions = 0
    while (walked := sessionise(workspace=workspace, now=now)).visitors:
        visitors, sessions = visitors + walked.visitors, sessions + walked.sessions
    count_days(workspace=workspace)
    return Walked(visitors, sessions)


def rebuild_sessions(*, site: Site, now: datetime) -> Walked:
    """Make all sessions of a site again, as after a change of its rules."""
    queue_visitors(site=site, now=now)
    return sessionise_all(workspace=site.workspace, now=now)


def waiting_since(*, workspace: Workspace) -> datetime | None:
    """When the oldest event came in that no session holds yet; ``None`` where none waits."""
    found: datetime | None = SessionWork.objects.filter(workspace=workspace).aggregate(
        at=Min("received_at")
    )["at"]
    return found


def workspaces_waiting() -> QuerySet[Workspace]:
    """Workspaces with events that no session holds yet, or with days to count."""
    waits = SessionWork.objects.filter(workspace=OuterRef("pk"))
    counts = RollupWork.objects.filter(workspace=OuterRef("pk"))
    return Workspace.objects.open().filter(Exists(waits) | Exists(counts)).order_by("pk")


def sessionise_workspace(progress: Progress) -> None:
    """Body of the job."""
    walked = sessionise_all(workspace=progress.workspace, now=progress.now)
    progress.count(visitors=walked.visitors, sessions=walked.sessions)
