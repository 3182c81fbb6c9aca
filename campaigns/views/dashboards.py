"""Dashboards of advertising: the overview, and paid media down to the creative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.selectors.insight import overview as overview_figures
from campaigns.selectors.insight import paid_media as paid_figures
from campaigns.selectors.insight.query import PRESETS, InsightQuery, channels_of, query_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download
from workspaces.reports.shapes import Table
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}
SHEETS: dict[str, Callable[[InsightQuery], list[Table]]] = {
    "overview": overview_figures.sheets_of,
    "paid-media": paid_figures.sheets_of,
}


@require_GET
@page(Role.VIEWER)
def overview(request: PageRequest) -> HttpResponse:
    """Whether advertising earns what it costs."""
    context = _asked(request, "overview")
    context["board"] = overview_figures.overview_of(context["filters"])
    return show(request, "campaigns/dashboards/overview.html", {**context, "title": "Overview"})


@require_GET
@page(Role.VIEWER)
def paid_media(request: PageRequest) -> HttpResponse:
    """What each channel, campaign, ad set, ad and creative cost and brought."""
    context = _asked(request, "paid-media")
    query = context["filters"]
    context |= {
        "title": "Paid media",
        "board": paid_figures.board_of(query),
        "tabs": [(level.name, level.title, 0) for level in paid_figures.LEVELS.values()],
        "tab": paid_figures.level_of(query).name,
        "may_propose": has_role(request, Role.OPERATOR),
    }
    return show(request, "campaigns/dashboards/paid_media.html", context)


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, name: str, kind: str) -> HttpResponse:
    """What a dashboard shows, as CSV or XLSX; the filters stand above it."""
    if name not in SHEETS or kind not in WRITERS:
        raise Http404("There is no such export.")
    query = query_of(request.workspace, request.GET.dict(), timezone.now())
    content = WRITERS[kind](SHEETS[name](query), query.words)
    return download(content, name=f"{name}-{query.period.since}-{query.period.until}", kind=kind)


def _asked(request: PageRequest, name: str) -> dict[str, Any]:
    return {
        "filters": query_of(request.workspace, request.GET.dict(), timezone.now()),
        "days": PRESETS.days,
        "channels": channels_of(request.workspace),
        "name": name,
        "currency": request.workspace.currency,
    }
