"""Winner library: ads that did well, searched by what they say; and what is like a change."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import PendingAdChange
from campaigns.selectors.channels import channels_of
from mlops.models import Winner
from mlops.selectors.winner_board import (
    FILE_ROWS,
    PAGE_ROWS,
    SEARCHED_FROM,
    SEARCHED_MOST,
    SORTS,
    Line,
    ads_of_change,
    beside,
    changes_around,
    lines_by,
    lines_found,
    lines_of_policy,
    table_of,
    words_of,
)
from mlops.selectors.winners import WinnerFilter, policy_of, text_of, traits_of
from mlops.services.winners.collecting import WINNERS_JOB
from mlops.tasks import BusyError, find_similar_task, likenesses_task, put
from workspaces.engine.embedding.shapes import SIMILAR
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.selectors import open_run
from workspaces.selectors_proposal import find_proposal
from workspaces.starting import start_by

WRITERS: Final = {"csv": csv_of, "xlsx": xlsx_of}
_LONGEST: Final = 2_000


@require_safe
@page(Role.VIEWER)
def winners(request: PageRequest) -> HttpResponse:
    """Winners by their figures, or by how much they are like a text."""
    text, only = _asked(request)
    context = {
        "title": "Winner library",
        "total": Winner.objects.filter(workspace=request.workspace).count(),
        "channels": channels_of(request.workspace),
        "sorts": SORTS.items(),
        "text": text,
        "policy_said": lines_of_policy(policy_of(request.workspace)),
        "may_collect": has_role(request, Role.OPERATOR),
        "may_set": has_role(request, Role.ADMIN),
        "run": open_run(request.workspace, WINNERS_JOB),
        **_listed(request, text, only),
    }
    status = 503 if context.get("unanswered") else 200
    return show(request, "mlops/winners.html", context, status=status)


@require_safe
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """What the page lists as CSV or XLSX, with the filters above it."""
    if kind not in WRITERS:
        raise Http404("There is no such export.")
    text, only = _asked(request)
    if text:
        try:
            lines = _found(request, text, only)
        except BusyError as error:
            return _unanswered(request, error)
    else:
        rows = lines_by(request.workspace, only, request.GET.get("sort", ""))
        lines = [Line(row) for row in rows[:FILE_ROWS]]
    channel = channels_of(request.workspace).label(only.channel) if only.channel else ""
    words = words_of(only, channel, text)
    day = timezone.localdate().isoformat()
    return download(WRITERS[kind]([table_of(lines)], words), name=f"winners-{day}", kind=kind)


@require_POST
@page(Role.OPERATOR)
def collect(request: PageRequest) -> HttpResponse:
    """Ask for a round of the job now."""
    start_by(request, WINNERS_JOB, told="Looking for winners. Reload the page in a moment.")
    return redirect("winners")


@require_safe
@page(Role.VIEWER)
def like_change(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Which past winners the ads of a change are like; empty where nothing can be said."""
    proposal = find_proposal(workspace=request.workspace, public_id=public_id)
    if proposal is None:
        raise Http404("There is no such proposal.")
    change = PendingAdChange.objects.filter(proposal=proposal).first()
    ads = ads_of_change(change) if change else []
    if change is None or not ads or not Winner.objects.filter(workspace=request.workspace).exists():
        return HttpResponse()
    context: dict[str, Any] = {"change": change, "similar_from": SIMILAR}
    try:
        texts = {str(ad.pk): text_of(traits_of(ad)) for ad in ads}
        found = put(likenesses_task, workspace_id=request.workspace.pk, texts=texts)
        pairs = beside(request.workspace, ads, found)
        context["pairs"] = pairs
        context["changes"] = changes_around(change, [pair.line.winner for pair in pairs])
    except BusyError as error:
        context["unanswered"] = str(error)
    return show(request, "mlops/_winners_like.html", context)


def _asked(request: PageRequest) -> tuple[str, WinnerFilter]:
    """The text and the filters of an address; what is no number filters nothing."""
    ctr_pct = _number(request.GET.get("min_ctr", ""))
    only = WinnerFilter(
        channel=request.GET.get("channel", "")[:40].replace("\x00", ""),
        min_ctr=None if ctr_pct is None else ctr_pct / 100,
        min_roas=_number(request.GET.get("min_roas", "")),
    )
    text = request.GET.get("q", "").replace("\x00", "").strip()
    return text[:_LONGEST], only


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value < 10**9 else None


def _listed(request: PageRequest, text: str, only: WinnerFilter) -> dict[str, Any]:
    if text:
        try:
            return {"lines": _found(request, text, only), "is_search": True}
        except BusyError as error:
            listed = _listed(request, "", only)
            return {**listed, "unanswered": f"{error} Meanwhile all winners are listed."}
    rows = lines_by(request.workspace, only, request.GET.get("sort", ""))
    shown = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    return {"lines": [Line(row) for row in shown], "rows": shown}


def _found(request: PageRequest, text: str, only: WinnerFilter) -> list[Line]:
    asked = {
        "text": text,
        "k": SEARCHED_MOST,
        "min_similarity": SEARCHED_FROM,
        "filters": {
            "channel": only.channel, "min_ctr": only.min_ctr, "min_roas": only.min_roas,
        },
    }  # fmt: skip
    answer = put(find_similar_task, workspace_id=request.workspace.pk, asked=asked)
    return lines_found(request.workspace, answer["matches"])


def _unanswered(request: PageRequest, error: BusyError) -> HttpResponse:
    context = {"title": "Not possible", "message": str(error)}
    response = show(request, "_shared/refused.html", context, status=error.status)
    response["Retry-After"] = str(error.wait)
    return response
