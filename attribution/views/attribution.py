"""The attribution page: models side by side, and what people's journeys look like."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from io import BytesIO, StringIO
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from openpyxl import Workbook

from attribution.models import CreditLevel, Touchpoint, channel_label
from attribution.selectors.board import Board, TooManyJourneysError, board_of, previous_of
from attribution.selectors.board_filters import DAYS, BoardFilters, filters_of, types_of
from attribution.selectors.board_rows import Row, heat_of, rows_of
from attribution.selectors.halo import chart_of, halo_of
from attribution.services.attribution_runs import RUNS_JOB
from campaigns import metrics
from workspaces.formats import percent
from workspaces.models import Workspace
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services.jobs import JobRefusedError, request_job
from workspaces.sheets import harmless
from workspaces.tasks import run_job


@require_GET
@page(Role.VIEWER)
def attribution(request: PageRequest) -> HttpResponse:
    """Models side by side over a period."""
    now = timezone.now()
    filters = filters_of(request.workspace, request.GET.dict(), now)
    context: dict[str, Any] = {
        "title": "Attribution",
        "filters": filters,
        "days": DAYS,
        "types": types_of(request.workspace, now),
        "may_run": has_role(request, Role.OPERATOR),
        "currency": request.workspace.currency,
    }
    if filters.focus is None or not _has_touches(request.workspace):
        return show(request, "attribution/attribution.html", context)
    try:
        board, before = _boards(request.workspace, filters)
    except TooManyJourneysError as error:
        return show(request, "attribution/attribution.html", {**context, "refused": str(error)})
    rows = rows_of(board, filters.focus, before=before, within=filters.within)
    context |= {"board": board, "before": before, "rows": rows, **_totals(board, before)}
    if filters.level == CreditLevel.CHANNEL:
        context |= _around(request.workspace, filters, board)
    return show(request, "attribution/attribution.html", context)


def _has_touches(workspace: Workspace) -> bool:
    return Touchpoint.objects.filter(workspace=workspace).exists()


def _boards(workspace: Workspace, filters: BoardFilters) -> tuple[Board, Board | None]:
    ask = partial(
        board_of, workspace=workspace, level=filters.level, conversion_type=filters.conversion_type
    )
    focus = filters.focus if filters.level == CreditLevel.CHANNEL else None
    board = ask(models=filters.models, period=filters.period, focus=focus)
    if not filters.is_compared or filters.focus is None:
        return board, None
    try:
        before = ask(models=[filters.focus], period=previous_of(filters.period))
    except TooManyJourneysError:
        return board, None
    return board, before


def _totals(board: Board, before: Board | None) -> dict[str, Any]:
    words = ""
    if before and before.conversions:
        change = Decimal(str((board.conversions / before.conversions - 1) * 100))
        words = f"{percent(change)} against the period before"
    return {
        "change_words": words,
        "roas": None if board.cost is None else metrics.roas(board.revenue, board.cost),
        "share_converted": board.conversions / board.journeys if board.journeys else None,
    }


def _around(workspace: Workspace, filters: BoardFilters, board: Board) -> dict[str, Any]:
    """What only the page's first level shows: shapes of journeys, countries, halo."""
    countries, heat = heat_of(board.regions)
    found = halo_of(workspace, filters.period)
    return {
        "paths": [
            {**path, "steps": [channel_label(name) for name in path["channels"]]}
            for path in board.shapes.get("paths", [])
        ],
        "lengths": _with_widths(board.shapes.get("lengths", [])),
        "times": _with_widths(board.shapes.get("times", [])),
        "countries": countries,
        "heat": heat,
        "halo": found,
        "halo_chart": chart_of(found),
    }


def _with_widths(counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((row["conversions"] for row in counts), default=0) or 1
    total = sum(row["conversions"] for row in counts) or 1
    return [
        {**row, "width": 100 * row["conversions"] / most, "share": row["conversions"] / total}
        for row in counts
    ]


@require_POST
@page(Role.OPERATOR)
def run_now(request: PageRequest) -> HttpResponse:
    """Build the journeys and run the models again."""
    try:
        with transaction.atomic():
            run = request_job(
                workspace=request.workspace, name=RUNS_JOB, trigger="person", now=timezone.now(),
                by=request.user,
            )  # fmt: skip
            transaction.on_commit(partial(run_job.delay, run_id=run.pk))
    except JobRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, "The models are running; reload in a moment.")
    return redirect("attribution")


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """The table as shown, as CSV or XLSX; the filters stand above it."""
    write = _WRITERS.get(kind)
    filters = filters_of(request.workspace, request.GET.dict(), timezone.now())
    if write is None:
        raise Http404("There is no such export.")
    try:
        rows = _rows(request.workspace, filters)
    except TooManyJourneysError as error:
        messages.error(request, str(error))
        return redirect("attribution")
    response = write(_sheet(filters, rows, request.workspace.currency))
    name = f"attribution-{filters.period.since}-{filters.period.until}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(workspace: Workspace, filters: BoardFilters) -> list[Row]:
    if filters.focus is None:
        return []
    board, before = _boards(workspace, filters)
    return rows_of(board, filters.focus, before=before, within=filters.within)


def _sheet(filters: BoardFilters, rows: list[Row], currency: str) -> list[list[Any]]:
    models = [model.name for model in filters.models]
    head = [
        CreditLevel(filters.level).label, *models, "Spread", f"Revenue ({currency})",
        f"Cost ({currency})", "ROAS", "ROI", "Low", "High", "Before", "In words",
    ]  # fmt: skip
    body = [
        [
            row.label, *(count for _, count in row.cells), row.spread, row.line.revenue,
            row.line.cost, row.line.roas, row.line.roi, row.line.conversions_low,
            row.line.conversions_high, row.previous, row.words,
        ]
        for row in rows
    ]  # fmt: skip
    lines: list[list[Any]] = [[name, value] for name, value in filters.words]
    return [[harmless(cell) for cell in line] for line in [*lines, [], head, *body]]


def _csv(lines: list[list[Any]]) -> HttpResponse:
    target = StringIO()
    csv.writer(target).writerows(lines)
    return HttpResponse(target.getvalue(), content_type="text/csv; charset=utf-8")


def _xlsx(lines: list[list[Any]]) -> HttpResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Attribution")
    for line in lines:
        sheet.append(line)
    target = BytesIO()
    book.save(target)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(target.getvalue(), content_type=kind)


_WRITERS: dict[str, Callable[[list[list[Any]]], HttpResponse]] = {"csv": _csv, "xlsx": _xlsx}
