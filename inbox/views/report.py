"""The report of the inbox: figures of some days, as a page and as files, and what was missed."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.models import InboxChannel, Team
from inbox.selectors.analytics.asked import PRESETS, ReportQuery, query_of
from inbox.selectors.analytics.keeping import recent_report
from inbox.selectors.analytics.missed import missed_page
from inbox.selectors.analytics.report import TITLES
from inbox.selectors.analytics.words import charts_of, kpis_of, tables_of
from workspaces.chart_marks import marked
from workspaces.pages import PageRequest, page, show
from workspaces.periods import page_number
from workspaces.reports.answers import download
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role

WRITERS: Final = {"csv": csv_of, "xlsx": xlsx_of}


@require_safe
@page(Role.VIEWER)
def report(request: PageRequest) -> HttpResponse:
    """How much came, how fast it was answered, what was kept."""
    now = timezone.now()
    query = query_of(request.workspace, request.GET.dict(), now)
    found, read_at = recent_report(query, now)
    context = {
        "title": "Inbox report",
        **_asked(query),
        "people": found.people.items(),
        "report": found,
        # Said only where it is not of now.
        "read_at": read_at if read_at < now else None,
        "parts": [(name, TITLES[name], found.parts[name]) for name in TITLES],
        "kpis": kpis_of(found),
        "charts": marked(charts_of(found), workspace=request.workspace),
        "hours": range(24),
    }
    return show(request, "inbox/report/report.html", context)


@require_safe
@page(Role.VIEWER)
def missed(request: PageRequest) -> HttpResponse:
    """Promises that were not kept, one by one."""
    query = query_of(request.workspace, request.GET.dict(), timezone.now())
    number = page_number(request.GET.get("page", ""))
    context = {
        "title": "Promises missed",
        **_asked(query),
        "missed": missed_page(query, number),
    }
    return show(request, "inbox/report/missed.html", context)


@require_safe
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """The figures as CSV or XLSX."""
    if kind not in WRITERS:
        raise Http404("There is no such export.")
    now = timezone.now()
    query = query_of(request.workspace, request.GET.dict(), now)
    found, _read_at = recent_report(query, now)
    words = (
        ("Workspace", request.workspace.name),
        ("Period", f"{query.period.since} to {query.period.until}"),
        ("Channel", InboxChannel(query.channel).label if query.channel else "all"),
        ("Team", Team(query.team).label if query.team else "all"),
        ("Agent", "all" if query.agent is None else found.people.get(query.agent, "nobody")),
    )
    content = WRITERS[kind](tables_of(found), words)
    return download(content, name=f"inbox-{query.period.since}-{query.period.until}", kind=kind)


def _asked(query: ReportQuery) -> dict[str, Any]:
    return {
        "filters": query,
        "days": PRESETS.days,
        "channels": InboxChannel.choices,
        "teams": Team.choices,
        "address": query.address,
    }
