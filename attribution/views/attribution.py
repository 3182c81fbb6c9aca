"""The attribution page: models side by side, what journeys look like, and all of it as files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from attribution.selectors.board import TooManyJourneysError
from attribution.selectors.board_files import (
    CHARTS,
    charts_of,
    filters_in_words,
    report_of,
    sheets_of,
)
from attribution.selectors.board_filters import PRESETS, BoardFilters, filters_of, types_of
from attribution.selectors.board_page import page_of
from attribution.services.attribution_runs import RUNS_JOB
from workspaces.databases import from_replica
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, load
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.starting import start_by

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}


@require_GET
@page(Role.VIEWER)
@from_replica
def attribution(request: PageRequest) -> HttpResponse:
    """Models side by side over a period."""
    now = timezone.now()
    filters = filters_of(request.workspace, request.GET.dict(), now)
    context: dict[str, Any] = {
        "title": "Attribution",
        "filters": filters,
        "days": PRESETS.days,
        "types": types_of(request.workspace, now),
        "may_run": has_role(request, Role.OPERATOR),
        "currency": request.workspace.currency,
    }
    try:
        found = page_of(request.workspace, filters)
    except TooManyJourneysError as error:
        return show(request, "attribution/attribution.html", {**context, "refused": str(error)})
    return show(
        request, "attribution/attribution.html", {**context, **(found.context if found else {})}
    )


@require_POST
@page(Role.OPERATOR)
def run_now(request: PageRequest) -> HttpResponse:
    """Build the journeys and run the models again."""
    start_by(request, RUNS_JOB, told="The models are running; reload in a moment.")
    return redirect("attribution")


@require_GET
@page(Role.VIEWER)
@from_replica
def export(request: PageRequest, kind: str) -> HttpResponse:
    """What is shown, as CSV, XLSX or PDF; the filters stand above it."""
    if kind not in {*WRITERS, "pdf"}:
        raise Http404("There is no such export.")
    filters = filters_of(request.workspace, request.GET.dict(), timezone.now())
    try:
        found = page_of(request.workspace, filters)
    except TooManyJourneysError as error:
        return _back(request, str(error))
    if kind == "pdf":
        if not (found and found.board.conversions):
            return _back(request, "Nothing was converted in this period, so there is no report.")
        report = report_of(found, filters, request.workspace, timezone.now())
        content: bytes = load("paper").pdf_of(report)
    else:
        tables = sheets_of(found, filters, request.workspace.currency)
        content = WRITERS[kind](tables, filters_in_words(filters, request.workspace))
    return download(content, name=_name("attribution", filters), kind=kind)


@require_GET
@page(Role.VIEWER)
@from_replica
def chart(request: PageRequest, name: str) -> HttpResponse:
    """One of the page's charts as PNG."""
    if name not in CHARTS:
        raise Http404("There is no such chart.")
    filters = filters_of(request.workspace, request.GET.dict(), timezone.now())
    try:
        charts = charts_of(page_of(request.workspace, filters), filters)
    except TooManyJourneysError as error:
        return _back(request, str(error))
    if name not in charts:
        return _back(request, "This chart has nothing to show in this period.")
    content: bytes = load("drawing").png_of(charts[name])
    return download(content, name=_name(f"attribution-{name}", filters), kind="png")


def _name(start: str, filters: BoardFilters) -> str:
    return f"{start}-{filters.period.since}-{filters.period.until}"


def _back(request: PageRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("attribution")
