"""A website as it is after a month of many visits, drawn in the database day by day."""

from __future__ import annotations

import sys
import time
from datetime import UTC, timedelta
from typing import Any, Final

from django.db import connection, transaction

from attribution.models import RollupWork, Site, Visitor, WebSession
from attribution.services.website.partitions import ensure_days
from attribution.services.website.rollups import count_days
from attribution.services.website.sites import create_site
from benchmarks import website_rows_sql as sql
from benchmarks.inbox_rows import insert
from workspaces.models import Workspace

DAYS: Final = 30
#: So many of the last days have rows of each page, too; they take as much room as the events.
PAGE_DAYS: Final = 7
_VISITS_EACH: Final = 6


def top_up(workspace: Workspace, events: int, *, days: int = DAYS) -> Site:
    """Fill a site day by day, each committed; what a run that was stopped left stays."""
    started = time.monotonic()
    site = _site(workspace)
    size = max(1, events // sql.A_SESSION // days)
    visitors = max(1, size * days // _VISITS_EACH)
    given = {
        "ws": workspace.pk, "site": site.pk, "zone": workspace.time_zone, "visitors": visitors,
        "now": site.created_at, "size": size,
    }  # fmt: skip
    _visitors(site, given, days)
    for number in range(days):
        since = site.created_at - timedelta(days=days - number)
        until = since + timedelta(days=1)
        if WebSession.objects.filter(
            workspace=workspace, started_at__range=(since, until)
        ).exists():
            continue
        _day({**given, "first": number * size, "since": since, "until": until},
             has_pages=number >= days - PAGE_DAYS)  # fmt: skip
        took_s = time.monotonic() - started
        sys.stderr.write(f"day {number + 1} of {days} of the website, {took_s:,.0f} s\n")
    _count(site, days)
    return site


def _site(workspace: Workspace) -> Site:
    site = Site.objects.filter(workspace=workspace).first()
    if site is None:
        site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
        # What attribution makes of conversions is drawn by itself.
        site.records_conversions = False
        site.save(update_fields=["records_conversions"])
    return site


def _visitors(site: Site, given: dict[str, Any], days: int) -> None:
    if Visitor.objects.filter(site=site).exists():
        return
    seen = {"since": site.created_at - timedelta(days=days), "until": site.created_at}
    with transaction.atomic(), connection.cursor() as cursor:
        _unhindered(cursor)
        insert(cursor, *sql.VISITORS, {**given, **seen})
        _hindered(cursor)


def _day(given: dict[str, Any], *, has_pages: bool) -> None:
    first = given["since"].astimezone(UTC).date()
    ensure_days(first + timedelta(days=number) for number in range(3))
    with transaction.atomic(), connection.cursor() as cursor:
        _unhindered(cursor)
        for statement in (sql.KNOWN, "ANALYZE drawn_visitor", sql.DRAWN, "ANALYZE drawn_visit"):
            cursor.execute(statement, given)
        for table in (sql.SESSIONS, sql.EVENTS, *([sql.PAGES] if has_pages else [])):
            insert(cursor, *table, given)
        cursor.execute("DROP TABLE drawn_visitor, drawn_visit")
        _hindered(cursor)


def _unhindered(cursor: Any) -> None:
    cursor.execute("SET LOCAL synchronous_commit = off")
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute("SET LOCAL work_mem = '256MB'")


def _hindered(cursor: Any) -> None:
    cursor.execute("SET LOCAL session_replication_role = origin")


def _count(site: Site, days: int) -> None:
    """Have the days counted that are not, as the sessioniser asks for them."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE attribution_webevent, attribution_websession, attribution_pageview")
    zone = site.workspace.zone
    wanted = {
        (site.created_at - timedelta(days=number)).astimezone(zone).date()
        for number in range(days + 1)
    }
    wanted -= set(site.webday_set.filter(dimension="total").values_list("day", flat=True))
    RollupWork.objects.bulk_create(
        (RollupWork(workspace=site.workspace, site=site, day=day) for day in sorted(wanted)),
        ignore_conflicts=True,
    )
    count_days(workspace=site.workspace)
