"""Dashboards of growth: executive, organic, funnel."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from attribution.selectors.growth.executive import executive_of, waiting_of
from campaigns.selectors.insight.query import page_context
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role


@require_GET
@page(Role.VIEWER)
def executive(request: PageRequest) -> HttpResponse:
    """What growth costs and returns."""
    context = _asked(request, "executive")
    context |= {
        "title": "Executive",
        "board": executive_of(context["filters"]),
        "waiting": waiting_of(request.workspace, timezone.now()),
    }
    return show(request, "attribution/growth/executive.html", context)


def _asked(request: PageRequest, name: str) -> dict[str, Any]:
    return page_context(request.workspace, request.GET.dict(), timezone.now(), name)
