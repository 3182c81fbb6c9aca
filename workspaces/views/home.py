"""The home page: what waits for this person, what changed, what is at stake, what is unwell."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workspaces.home import CHANGED, HEALTH, WAITS, Asked, cards_for, figures_for, topics
from workspaces.pages import PageRequest, held_rank, page, show
from workspaces.selectors_home import (
    lines_of,
    ran_lately,
    riskiest,
    signed_open,
    stake_of,
    waiting,
)
from workspaces.services import live

PAGE = "workspaces/home.html"


@require_GET
@page()
def front(request: PageRequest) -> HttpResponse:
    """Lead from the bare address to the home page."""
    return redirect("home")


@require_GET
@never_cache
@page()
def home(request: PageRequest) -> HttpResponse:
    """All of it; 204 for a page that is up to date."""
    asked = _asked(request)
    version = _version(asked)
    if request.htmx and not request.htmx.history_restore_request:
        if request.GET.get("v") == version:
            return HttpResponse(status=204)
        return show(request, f"{PAGE}#now", {**_context(asked), "version": version})
    context = {"title": "Home", "version": version, "cards": cards_for(asked)}
    return show(request, PAGE, {**context, **_context(asked)})


@require_GET
@never_cache
@page()
def card(request: PageRequest, key: str) -> HttpResponse:
    """One card of an app."""
    asked = _asked(request)
    found = next((one for one in cards_for(asked) if one.key == key), None)
    if found is None:
        raise Http404(f"There is no card {key!r}.")
    return show(request, found.template, {"card": found, **found.context(asked)})


def _asked(request: PageRequest) -> Asked:
    return Asked(request.membership, held_rank(request), timezone.now())


def _version(asked: Asked) -> str:
    """What moves with any counter, and each minute: some things become due by time alone."""
    told = sum(live.version(asked.workspace.pk, topic) for topic in topics())
    return f"{told}-{int(asked.now.timestamp()) // 60}"


def _context(asked: Asked) -> dict[str, Any]:
    lines = sorted(lines_of(asked, figures_for(asked)), key=lambda line: line.figure.part)
    parts = {part: list(found) for part, found in groupby(lines, lambda line: line.figure.part)}
    return {
        "currency": asked.workspace.currency,
        "waits": parts.get(WAITS, []),
        "changed": parts.get(CHANGED, []),
        "unwell": parts.get(HEALTH, []),
        "riskiest": riskiest(asked),
        "pending": stake_of(waiting(asked)),
        "signed": stake_of(signed_open(asked)),
        "ran": ran_lately(asked),
        "since": asked.since,
    }
