"""The ML dashboards: four charts with their tables, and the sync that makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.ledger import marked_channels
from mlops.board_answers import picture_answer
from mlops.models import SyncStep
from mlops.selectors.board_page import card_of, page_of, sheet_of, table_of, words_of
from mlops.selectors.board_small import small_of
from mlops.selectors.boards import BOARDS, Board, Standing, current_of, standing_of
from mlops.services.boards.syncing import request_sync
from mlops.services.boards.wording import basis_of
from workspaces.models import JobState
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.services import live
from workspaces.services.job_kinds import TOPIC
from workspaces.services.jobs import JobRefusedError
from workspaces.tasks import send_soon

_PAGE = "mlops/boards/boards.html"
_BOARD = "mlops/boards/_boards.html"
_RUN = "mlops/boards/_run.html"
_WRITERS = {"csv": csv_of, "xlsx": xlsx_of}


@require_GET
@page(Role.VIEWER)
def boards(request: PageRequest) -> HttpResponse:
    """Show the four cards of the last good batch."""
    return show(request, _PAGE, _context(request))


@require_GET
@page(Role.VIEWER)
def progress(request: PageRequest) -> HttpResponse:
    """204 while nothing moved since ``?since=``; the step; the new cards once a run ended.

    ``?seen=`` is the newest run on a page that follows none.
    """
    version = live.version(request.workspace.pk, TOPIC)
    if request.GET.get("since") == str(version):
        return HttpResponse(status=204)
    standing = standing_of(request.workspace, timezone.now())
    if standing.is_open:
        return show(request, _RUN, _run_context(standing, version))
    if request.GET.get("seen", "") == _seen(standing) != "":
        return HttpResponse(status=204)
    answer = show(request, _BOARD, _context(request, version, standing))
    answer["HX-Retarget"], answer["HX-Reswap"] = "#board", "innerHTML"
    return answer


@require_POST
@page(Role.OPERATOR)
def sync_now(request: PageRequest) -> HttpResponse:
    """Ask for a sync; one that waits or works already is followed."""
    try:
        with transaction.atomic():
            run = request_sync(
                workspace=request.workspace, trigger="page", now=timezone.now(), by=request.user
            )
            if run.state == JobState.QUEUED:
                send_soon(run)
    except JobRefusedError as error:
        if request.htmx:
            return show(request, _BOARD, {**_context(request), "refusal": str(error)})
        messages.error(request, str(error))
        return redirect("boards")
    if request.htmx:
        return show(request, _BOARD, _context(request))
    return redirect("boards")


@require_GET
@page(Role.VIEWER)
def board(request: PageRequest, name: str) -> HttpResponse:
    """Show one chart with all of its rows, sorted and page by page."""
    found = _board(name)
    light, dark = card_of(request.workspace, found)
    context = {
        "title": found.title,
        "board": found,
        "light": light,
        "dark": dark,
        "table": table_of(request.workspace, found, request.GET.dict()),
        "run": current_of(request.workspace),
    }
    return show(request, "mlops/boards/board.html", context)


@require_GET
@page(Role.VIEWER)
def small(request: PageRequest, name: str) -> HttpResponse:
    """One chart drawn anew for a narrow screen, from the same rows."""
    found = _board(name)
    drawn = small_of(request.workspace, found)
    pairs = zip(drawn.channels, drawn.charts, strict=True)
    charts = tuple(marked_channels(request.workspace, pairs, {}))
    context = {"board": found, "small": replace(drawn, charts=charts)}
    return show(request, "mlops/boards/_small.html", context)


@require_GET
@page(Role.VIEWER)
def chart(request: PageRequest, name: str) -> HttpResponse:
    """Answer with the stored picture of one; ``?theme=dark`` for the dark one."""
    return picture_answer(request, request.workspace, _board(name))


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, name: str, kind: str) -> HttpResponse:
    """All rows of one as CSV or XLSX, or its chart as PNG."""
    found, run = _board(name), current_of(request.workspace)
    if kind == "png":
        answer = picture_answer(request, request.workspace, found)
        answer["Content-Disposition"] = f'attachment; filename="{found.name}.png"'
        return answer
    if kind not in _WRITERS:
        raise Http404("There is no such export.")
    table = sheet_of(request.workspace, found)
    content = _WRITERS[kind]([table], words_of(request.workspace, run))
    return download(content, name=found.name, kind=kind)


def _board(name: str) -> Board:
    if name not in BOARDS:
        raise Http404(f"There is no such dashboard; there are: {', '.join(BOARDS)}.")
    return BOARDS[name]


def _context(
    request: PageRequest, version: int | None = None, standing: Standing | None = None
) -> dict[str, Any]:
    # Read before the figures: what happens in between is then told again, never missed.
    if version is None:
        version = live.version(request.workspace.pk, TOPIC)
    standing = standing or standing_of(request.workspace, timezone.now())
    found = page_of(request.workspace, standing)
    run = found.standing.current
    return {
        "title": "ML dashboards",
        "page": found,
        "run": run,
        "basis": basis_of(run.model_version) if run else "",
        "may_sync": has_role(request, Role.OPERATOR),
        **_run_context(found.standing, version),
    }


def _run_context(standing: Standing, version: int) -> dict[str, Any]:
    job = standing.job if standing.is_open else None
    at = job.step if job else ""
    steps = [str(step.label) for step in SyncStep]
    done = steps.index(at) if at in steps else -1
    return {
        "standing": standing,
        "version": version,
        "seen": "" if standing.is_open else _seen(standing),
        "steps": [(step, _state_of(n, done)) for n, step in enumerate(steps)],
        "done": max(done, 0),
    }


def _seen(standing: Standing) -> str:
    return str(standing.newest.public_id) if standing.newest else ""


def _state_of(number: int, done: int) -> str:
    if number == done:
        return "now"
    return "done" if number < done else "to come"
