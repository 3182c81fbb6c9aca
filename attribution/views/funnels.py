"""Funnels: the list, one funnel's figures, the people behind a bar, and all of it as files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from attribution.models import FunnelDefinition, Site
from attribution.selectors.funnels.board import (
    alerts_of,
    board_of,
    charts_of,
    sheets_of,
    window_words,
    with_alerts,
)
from attribution.selectors.funnels.filters import (
    PRESETS,
    TITLES,
    FunnelQuery,
    query_of,
)
from attribution.selectors.funnels.listing import funnels_of, list_of
from attribution.selectors.funnels.people import people_page_of
from attribution.services.funnels.cohorts import save_cohort
from attribution.services.funnels.defining import FunnelError, archive_funnel, restore_funnel
from attribution.services.funnels.first import create_first_funnel
from attribution.services.funnels.refreshing import FUNNELS_JOB, LIVE_TOPIC
from workspaces.chart_marks import marked
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.periods import page_number
from workspaces.reports.answers import download, picture
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.services import live
from workspaces.starting import start_by

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}
_LIST = "attribution/funnels/list.html"
_PAGE = "attribution/funnels/funnel.html"
_ARCHIVED = "archived"


@require_GET
@page(Role.VIEWER)
def funnels(request: PageRequest) -> HttpResponse:
    """All funnels over the usual days."""
    tab = _ARCHIVED if request.GET.get("tab") == _ARCHIVED else ""
    search = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    found = list_of(
        request.workspace,
        now=timezone.now(),
        is_active=not tab,
        search=search,
        number=page_number(request.GET.get("page", "")),
    )
    context = {
        "title": "Funnels",
        "found": found,
        "search": search,
        "tab": tab,
        "tabs": [("", "Active", found.active), (_ARCHIVED, "Archived", found.archived)],
        "may_write": has_role(request, Role.OPERATOR),
    }
    if not (found.active or found.archived or search):
        sites = Site.objects.filter(workspace=request.workspace, is_active=True)
        context["sites"] = list(sites.order_by("name", "pk"))
    return show(request, f"{_LIST}#found" if request.htmx else _LIST, context)


@require_GET
@page(Role.VIEWER)
def funnel(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One funnel's figures under the filters of the address."""
    found = _funnel(request, public_id)
    # Read before the figures: a count in between is then told again, never missed.
    version = live.version(request.workspace.pk, LIVE_TOPIC)
    query = query_of(found, request.GET.dict(), timezone.now())
    board = board_of(query)
    context: dict[str, Any] = {
        "title": found.name,
        "funnel": found,
        "query": query,
        "board": board,
        "charts": marked(board.charts, workspace=request.workspace),
        "days": PRESETS.days,
        "dimensions": TITLES,
        **_rules(query),
    }
    if request.htmx:
        return show(request, f"{_PAGE}#board", context)
    context |= {
        "alerts": alerts_of(found),
        "is_waiting": _is_waiting(found),
        "version": version,
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, _PAGE, context)


@require_GET
@page(Role.VIEWER)
def progress(request: PageRequest, public_id: UUID) -> HttpResponse:
    """204 while no funnel was counted since ``?since=``; the page anew once this one is."""
    version = live.version(request.workspace.pk, LIVE_TOPIC)
    if request.GET.get("since") == str(version):
        return HttpResponse(status=204)
    found = _funnel(request, public_id)
    if not _is_waiting(found):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"funnel": found, "is_waiting": True, "version": version}
    return show(request, f"{_PAGE}#progress", context)


@require_GET
@page(Role.VIEWER)
def people(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Who reached a step, or was lost on the way to it."""
    found = _funnel(request, public_id)
    query = query_of(found, request.GET.dict(), timezone.now())
    shown = people_page_of(query)
    what = f"Lost before {shown.step}" if query.is_lost else f"Reached {shown.step}"
    context = {
        "title": what,
        "funnel": found,
        "query": query,
        "page": shown,
        "what": what,
        "audience": f"{found.name}: {what[0].lower()}{what[1:]}, {query.view.period.until}"[:120],
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "attribution/funnels/people.html", context)


@require_POST
@page(Role.OPERATOR)
def audience(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep the people behind a bar under a name."""
    found = _funnel(request, public_id)
    query = query_of(found, request.GET.dict(), timezone.now())
    try:
        cohort = save_cohort(
            view=query.view,
            step=query.step,
            dropped=query.is_lost,
            name=request.POST.get("name", ""),
            by=request.user,
        )
    except FunnelError as error:
        messages.error(request, str(error))
    else:
        link = reverse("admin:attribution_savedcohort_change", args=[cohort.pk])
        said = format_html(
            '{} people are saved as <a class="cs-link" href="{}">{}</a>.',
            cohort.size, link, cohort.name,
        )  # fmt: skip
        messages.success(request, said)
    path = reverse("funnel-people", args=[found.public_id])
    return redirect(f"{path}?{request.GET.urlencode()}")


@require_POST
@page(Role.OPERATOR)
def first(request: PageRequest) -> HttpResponse:
    """Make a funnel from the stages of a website."""
    try:
        made = create_first_funnel(
            workspace=request.workspace, site=request.POST.get("site", ""), by=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except FunnelError as error:
        messages.error(request, str(error))
        return redirect("funnels")
    messages.success(request, f"{made.name} is made; its figures are here in a moment.")
    return redirect("funnel", public_id=made.public_id)


@require_POST
@page(Role.OPERATOR)
def recount(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Count the days that can still change again, now."""
    found = _funnel(request, public_id)
    start_by(request, FUNNELS_JOB, told="The funnels are being counted; reload in a moment.")
    return redirect("funnel", public_id=found.public_id)


@require_POST
@page(Role.OPERATOR)
def archive(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Stop counting a funnel."""
    found = archive_funnel(funnel=_funnel(request, public_id), now=timezone.now())
    messages.success(request, f"{found.name} is archived; what was counted stays.")
    return redirect("funnel", public_id=found.public_id)


@require_POST
@page(Role.OPERATOR)
def restore(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Count an archived funnel again."""
    now = timezone.now()
    found = restore_funnel(funnel=_funnel(request, public_id), by=request.user, now=now)
    messages.success(request, f"{found.name} is counted again.")
    return redirect("funnel", public_id=found.public_id)


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, public_id: UUID, kind: str) -> HttpResponse:
    """What is shown, as CSV or XLSX; its bars, or the chart that is named, as PNG."""
    if kind not in {*WRITERS, "png"}:
        raise Http404("There is no such export.")
    query = query_of(_funnel(request, public_id), request.GET.dict(), timezone.now())
    if kind == "png":
        content = picture(charts_of(query), request.GET.get("chart", "steps"))
    else:
        content = WRITERS[kind](sheets_of(query), query.words)
    period = query.view.period
    # A name of other letters than ours slugs to nothing.
    name = slugify(query.view.funnel.name) or "steps"
    return download(content, name=f"funnel-{name}-{period.since}-{period.until}", kind=kind)


def _funnel(request: PageRequest, public_id: UUID) -> FunnelDefinition:
    found = with_alerts(funnels_of(request.workspace)).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such funnel.")
    return found


def _is_waiting(found: FunnelDefinition) -> bool:
    """Whether figures are missing, or still those of an older definition."""
    return found.is_active and found.counted_version != found.version


def _rules(query: FunnelQuery) -> dict[str, Any]:
    """What the sentence on the counting says."""
    view = query.view
    now = timezone.localtime(timezone=view.funnel.workspace.zone)
    closed = (now - timedelta(seconds=view.funnel.window_seconds)).date() - timedelta(days=1)
    return {
        "window": window_words(view.funnel.window_seconds),
        "exclusions": [one["match"] for one in view.funnel.definition["exclusions"]],
        "open_since": closed + timedelta(days=1) if closed < view.period.until else None,
    }
