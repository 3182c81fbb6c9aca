"""The website page: who came, from where, what they saw and did; and one session as it went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from attribution.selectors.website.board import (
    awaited_site,
    board_of,
    charts_of,
    has_figures,
    live_visitors,
    sheets_of,
)
from attribution.selectors.website.columns import TITLES
from attribution.selectors.website.filters import PRESETS, WebFilters, filters_of
from attribution.selectors.website.sites import last_event_of
from attribution.selectors.website.timeline import session_of, timeline_of
from attribution.services.website.sites import SiteError, create_site
from workspaces.chart_marks import marked
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, picture
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}
_PAGE = "attribution/website/website.html"


@require_GET
@page(Role.VIEWER)
def website(request: PageRequest) -> HttpResponse:
    """Figures of a period; before the first event, what to do for it."""
    filters = _filters(request)
    context: dict[str, Any] = {
        "title": "Website",
        "filters": filters,
        "days": PRESETS.days,
        "tabs": [("", "Overview", 0), *((name.value, text, 0) for name, text in TITLES.items())],
        "tab": filters.dimension,
        "may_manage": has_role(request, Role.ADMIN),
    }
    board = board_of(filters) if filters.sites else None
    if board is None or not (board.total.page_views or board.total.events):
        if not has_figures(filters.asked_sites):
            return show(request, _PAGE, {**context, **_waiting(filters)})
    elif not filters.dimension:
        context["live"] = live_visitors(filters.asked_sites, timezone.now())
    charts = marked(board.charts, workspace=request.workspace) if board else []
    return show(request, _PAGE, {**context, "board": board, "charts": charts})


@require_GET
@page(Role.VIEWER)
def live(request: PageRequest) -> HttpResponse:
    """How many are on the site right now; asked for again and again."""
    filters = _filters(request)
    context = {"filters": filters, "live": live_visitors(filters.asked_sites, timezone.now())}
    return show(request, f"{_PAGE}#live", context)


@require_GET
@page(Role.VIEWER)
def waiting(request: PageRequest) -> HttpResponse:
    """Whether the first event has come; once it is counted the whole page is drawn anew."""
    filters = _filters(request)
    if has_figures(filters.asked_sites):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return show(request, f"{_PAGE}#waiting", {"filters": filters, **_waiting(filters)})


@require_POST
@page(Role.ADMIN)
def new_site(request: PageRequest) -> HttpResponse:
    """Make a site key."""
    name = request.POST.get("name", "").strip()
    origins = request.POST.get("origins", "").split()
    if not name or not origins:
        messages.error(request, "Give the website a name, and say where its pages live.")
        return redirect("website")
    try:
        site = create_site(workspace=request.workspace, name=name, origins=origins)
    except SiteError as error:
        messages.error(request, str(error))
        return redirect("website")
    messages.success(request, f"{site} has a key. Paste its snippet into every page.")
    return redirect("website")


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """What is shown, as CSV or XLSX with the filters above it; one of its charts as PNG."""
    if kind not in {*WRITERS, "png"}:
        raise Http404("There is no such export.")
    filters = _filters(request)
    what = f"-{filters.dimension}" if filters.dimension else ""
    if kind == "png":
        chart = request.GET.get("chart", "")
        content, what = picture(charts_of(filters), chart), f"-{slugify(chart)}"
    else:
        content = WRITERS[kind](sheets_of(filters), filters.words)
    name = f"website{what}-{filters.period.since}-{filters.period.until}"
    return download(content, name=name, kind=kind)


@require_GET
@page(Role.VIEWER)
def session(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Everything that somebody did in one session."""
    found = session_of(request.workspace, public_id)
    if found is None:
        raise Http404("There is no such session.")
    context = {
        "title": "Session",
        "timeline": timeline_of(found),
        "session": found,
        "currency": request.workspace.currency,
    }
    return show(request, "attribution/website/session.html", context)


def _filters(request: PageRequest) -> WebFilters:
    return filters_of(request.workspace, request.GET.dict(), timezone.now())


def _waiting(filters: WebFilters) -> dict[str, Any]:
    site = awaited_site(filters)
    return {
        "awaited": site,
        "first_at": last_event_of(site) if site else None,
        "base": settings.PUBLIC_BASE_URL,
    }
