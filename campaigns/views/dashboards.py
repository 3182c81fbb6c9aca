"""Dashboards of advertising: the overview, and paid media down to the creative."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from campaigns.ledger import marked_by_channel, marked_for
from campaigns.selectors.advice import newest_advice, recommendations_of
from campaigns.selectors.insight import overview as overview_figures
from campaigns.selectors.insight import paid_media as paid_figures
from campaigns.selectors.insight import watch
from campaigns.selectors.insight.files import CHARTS, SHEETS, chart_of, report_of
from campaigns.selectors.insight.query import InsightQuery, page_context, query_of
from campaigns.selectors.insight.watch import WatchQuery
from campaigns.services.advising.making import ADVICE_JOB
from campaigns.services.advising.sending import send_to_approval
from workspaces.databases import from_replica
from workspaces.gate import GateError, Proposer
from workspaces.ideas import ideas_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, load, picture
from workspaces.reports.shapes import Table
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError
from workspaces.starting import start_by

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}


@require_GET
@page(Role.VIEWER)
@from_replica
def overview(request: PageRequest) -> HttpResponse:
    """Whether advertising earns what it costs."""
    context = page_context(request.workspace, request.GET.dict(), timezone.now(), "overview")
    advice = newest_advice(request.workspace)
    board = overview_figures.overview_of(context["filters"])
    drawn = (
        (line.channel, chart) for line, chart in zip(board.channels, board.charts, strict=False)
    )
    context |= {
        "title": "Overview",
        "board": board,
        "charts": marked_by_channel(context["filters"], drawn),
        "advice": advice,
        "ideas": ideas_of(request.workspace, advice.ideas if advice else ()),
        "unread": watch.unread_alerts(request.workspace),
        "may_propose": has_role(request, Role.OPERATOR),
    }
    return show(request, "campaigns/dashboards/overview.html", context)


@require_POST
@page(Role.OPERATOR)
def send_advice(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Turn a recommendation's shares into pending changes of budgets."""
    row = get_object_or_404(recommendations_of(request.workspace), public_id=public_id)
    try:
        sent = send_to_approval(
            recommendation=row, proposer=Proposer.person(request.user), now=timezone.now()
        )
    except (RefusedError, GateError) as error:
        messages.error(request, str(error))
        return redirect("overview")
    if not sent.is_new:
        messages.info(request, "It was sent before; its changes stand in the queue.")
    return redirect("approvals")


@require_POST
@page(Role.OPERATOR)
def new_advice(request: PageRequest) -> HttpResponse:
    """Ask for a new recommendation; the job tells how far it is."""
    start_by(request, ADVICE_JOB, told="Asked for. It stands here as soon as it is written.")
    return redirect("overview")


@require_GET
@page(Role.VIEWER)
@from_replica
def paid_media(request: PageRequest) -> HttpResponse:
    """What each channel, campaign, ad set, ad and creative cost and brought."""
    context = page_context(request.workspace, request.GET.dict(), timezone.now(), "paid-media")
    query = context["filters"]
    board = paid_figures.board_of(query)
    context |= {
        "title": "Paid media",
        "board": board,
        "charts": marked_for(query, board.charts),
        "tabs": [(level.name, level.title, 0) for level in paid_figures.LEVELS.values()],
        "tab": paid_figures.level_of(query).name,
        "may_propose": has_role(request, Role.OPERATOR),
    }
    return show(request, "campaigns/dashboards/paid_media.html", context)


@require_GET
@page(Role.VIEWER)
@from_replica
def export(request: PageRequest, name: str, kind: str) -> HttpResponse:
    """What a dashboard shows as CSV, XLSX or PDF with the filters above it.

    As PNG: the chart that is named, else all figures by day.
    """
    if kind not in {*WRITERS, "pdf", "png"}:
        raise Http404("There is no such export.")
    if kind == "png" and "chart" in request.GET:
        return _one_chart(request, name, request.GET["chart"])
    query, tables = _filed(request, name)
    title = name.replace("-", " ").capitalize()
    if kind == "pdf":
        report = report_of(title, request.workspace, query.words, tables, timezone.now())
        content: bytes = load("paper").pdf_of(report)
    elif kind == "png":
        chart = chart_of(title, tables)
        if chart is None:
            raise Http404("This page has no days that a chart could show.")
        content = load("drawing").png_of(chart)
    else:
        content = WRITERS[kind](tables, query.words)
    return download(content, name=f"{name}-{query.period.since}-{query.period.until}", kind=kind)


def _one_chart(request: PageRequest, name: str, chart: str) -> HttpResponse:
    if name not in CHARTS:
        raise Http404("This page has no charts.")
    query = query_of(request.workspace, request.GET.dict(), timezone.now())
    content = picture(CHARTS[name](query), chart)
    start = f"{name}-{slugify(chart)}"
    return download(content, name=f"{start}-{query.period.since}-{query.period.until}", kind="png")


def _filed(request: PageRequest, name: str) -> tuple[InsightQuery | WatchQuery, list[Table]]:
    given, now = request.GET.dict(), timezone.now()
    if name in SHEETS:
        query = query_of(request.workspace, given, now)
        return query, SHEETS[name](query)
    if name in watch.SHEETS:
        listed, sheets_of = watch.SHEETS[name]
        asked = watch.watch_query(listed, request.workspace, given, now)
        return asked, sheets_of(asked)
    raise Http404("There is no such export.")
