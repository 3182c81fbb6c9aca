"""What changed a figure: its change near a day, and what happened before it."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from workspaces.ledger import known_metrics, scopes
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.selectors_explain import NO_PROOF, WINDOW_DAYS, explain


@require_GET
@page(Role.VIEWER)
def explaining(request: PageRequest) -> HttpResponse:
    """A figure over days, where its level changed, and what may have made it."""
    workspace, now = request.workspace, timezone.now()
    metrics = known_metrics()
    names = [name for name, _ in metrics]
    asked = request.GET.get("metric", "")
    name = asked if asked in names else (names[0] if names else "")
    scoped = {
        scope.name: value
        for scope in scopes()
        if (value := request.GET.get(scope.name, "").replace("\x00", "")[:100])
    }
    today = now.astimezone(workspace.zone).date()
    day = _day(request.GET.get("day", ""), today - timedelta(days=1))
    chips = [
        (one.title, one.label(workspace, scoped[one.name]) or "unknown")
        for one in scopes()
        if one.name in scoped
    ]
    context = {
        "title": "What changed?",
        "metrics": metrics,
        "metric": name,
        "day": day,
        "scoped": scoped,
        "chips": chips,
        "found": explain(workspace=workspace, name=name, day=day, scoped=scoped, now=now),
        "no_proof": NO_PROOF,
        "window": WINDOW_DAYS,
    }
    return show(request, "workspaces/explain.html", context)


def _day(text: str, usual: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return usual
    return day if 2000 <= day.year <= 2100 else usual
