"""Dashboards of growth: executive, organic, funnel."""

from __future__ import annotations

from typing import Any, Protocol

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from attribution.selectors.growth.cohorts import cohorts_of
from attribution.selectors.growth.executive import executive_of, waiting_of
from attribution.selectors.growth.funnel import funnel_of
from attribution.selectors.growth.organic import organic_of
from campaigns.ledger import marked_for
from campaigns.selectors.insight.query import InsightQuery, page_context
from workspaces.charts import LineChart
from workspaces.databases import from_replica
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role


@require_GET
@page(Role.VIEWER)
@from_replica
def executive(request: PageRequest) -> HttpResponse:
    """What growth costs and returns."""
    context = _asked(request, "executive")
    board = executive_of(context["filters"])
    context |= {
        "title": "Executive",
        **_drawn(context["filters"], board),
        "waiting": waiting_of(request.workspace, timezone.now()),
    }
    return show(request, "attribution/growth/executive.html", context)


@require_GET
@page(Role.VIEWER)
@from_replica
def organic(request: PageRequest) -> HttpResponse:
    """Who comes without an ad, and who stays."""
    context = _asked(request, "organic")
    context |= {"title": "Organic", **_drawn(context["filters"], organic_of(context["filters"]))}
    return show(request, "attribution/growth/organic.html", context)


@require_GET
@page(Role.VIEWER)
@from_replica
def funnel(request: PageRequest) -> HttpResponse:
    """From an impression to somebody who came back and paid."""
    context = _asked(request, "funnel")
    context |= {"title": "Funnel", **_drawn(context["filters"], funnel_of(context["filters"]))}
    return show(request, "attribution/growth/funnel.html", context)


@require_GET
@page(Role.VIEWER)
@from_replica
def cohorts(request: PageRequest) -> HttpResponse:
    """What became of users, by channel, country and week of their install."""
    context = _asked(request, "cohorts")
    query = context["filters"]
    context |= {
        "title": "Cohorts",
        "board": cohorts_of(query),
        "channel_name": query.channels.label(query.channel) if query.channel else "",
    }
    return show(request, "attribution/growth/cohorts.html", context)


class _Board(Protocol):
    """Whatever has lines of days."""

    @property
    def charts(self) -> list[LineChart]:
        """Its lines."""


def _drawn(query: InsightQuery, board: _Board) -> dict[str, Any]:
    """A page's figures, and its lines with the changes of their days."""
    return {"board": board, "charts": marked_for(query, board.charts)}


def _asked(request: PageRequest, name: str) -> dict[str, Any]:
    return page_context(request.workspace, request.GET.dict(), timezone.now(), name)
