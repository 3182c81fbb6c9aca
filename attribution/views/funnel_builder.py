"""The funnel builder: one form, buttons that add and move its parts, and counts as one types."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from psycopg2.errors import QueryCanceled

from attribution.engine.funnel_definition import LONGEST_NAME, MOST_TEXT
from attribution.models import FunnelDefinition, FunnelMode, Site
from attribution.selectors.funnels.listing import funnels_of
from attribution.selectors.funnels.shapes import share
from attribution.selectors.funnels.suggestions import suggestions_of
from attribution.services.funnels.defining import (
    PREVIEW_DAYS,
    FunnelError,
    create_funnel,
    preview,
    update_funnel,
)
from attribution.views.funnel_draft import (
    MOST,
    UNITS,
    Draft,
    change,
    draft_of,
    field_of,
    parts_of,
    read_draft,
)
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role

OPERATORS = {
    "eq": "is", "ne": "is not", "contains": "contains", "gt": "is more than",
    "gte": "is at least", "lt": "is less than", "lte": "is at most", "exists": "is there",
}  # fmt: skip
_PAGE = "attribution/funnels/builder.html"
_COUNTS = "attribution/funnels/_preview.html"
_NOT_YET = "Counts stand here as soon as every step names a page or an event."


@require_http_methods(["GET", "POST"])
@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """A new funnel."""
    return _answer(request, None)


@require_http_methods(["GET", "POST"])
@page(Role.OPERATOR)
def edit(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Another definition of a funnel."""
    found = funnels_of(request.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such funnel.")
    return _answer(request, found)


@require_POST
@page(Role.OPERATOR)
def count(request: PageRequest) -> HttpResponse:
    """How many people of the last days reached each step of what the form says."""
    return show(request, _COUNTS, _counted(request, read_draft(request.POST.dict())))


def _answer(request: PageRequest, funnel: FunnelDefinition | None) -> HttpResponse:
    if request.method != "POST":
        return _draw(request, funnel, draft_of(funnel) if funnel else Draft())
    draft, do = read_draft(request.POST.dict()), request.POST.get("do", "save")
    if do == "preview":
        return _draw(request, funnel, draft, counted=_counted(request, draft))
    if do != "save":
        change(draft, do)
        return _draw(request, funnel, draft)
    try:
        saved = _save(request, funnel, draft)
    except FunnelError as error:
        return _draw(request, funnel, draft, error=error)
    messages.success(request, f"{saved.name} is saved.")
    if request.htmx:
        path = reverse("funnel", args=[saved.public_id])
        return HttpResponse(headers={"HX-Redirect": path})
    return redirect("funnel", public_id=saved.public_id)


def _save(request: PageRequest, funnel: FunnelDefinition | None, draft: Draft) -> FunnelDefinition:
    store = (
        partial(update_funnel, funnel=funnel)
        if funnel
        else partial(create_funnel, workspace=request.workspace)
    )
    return store(
        name=draft.name,
        document=draft.document(),
        site=draft.site,
        alert_drop_pct=draft.alert_drop_pct(),
        by=request.user,
        now=timezone.now(),
    )


def _draw(
    request: PageRequest,
    funnel: FunnelDefinition | None,
    draft: Draft,
    *,
    error: FunnelError | None = None,
    counted: dict[str, Any] | None = None,
) -> HttpResponse:
    place = field_of(error.field) if error else ""
    sites = Site.objects.filter(workspace=request.workspace).order_by("name", "pk")
    context = {
        "title": f"Edit {funnel.name}" if funnel else "New funnel",
        "funnel": funnel,
        "draft": draft,
        "steps": parts_of(draft.steps, "steps"),
        "exclusions": parts_of(draft.exclusions, "exclusions"),
        "sites": list(sites),
        "modes": FunnelMode.choices,
        "units": UNITS,
        "most": MOST,
        "longest_name": LONGEST_NAME,
        "longest_text": MOST_TEXT,
        "operators": OPERATORS,
        "place": place,
        "why": _without_place(error) if error else "",
        "focus": place or draft.focus,
        "counted": counted or {"reason": _NOT_YET},
        "preview_days": PREVIEW_DAYS,
    }
    if request.htmx:
        return show(request, f"{_PAGE}#parts", context, status=422 if error else 200)
    context["suggestions"] = suggestions_of(request.workspace, now=timezone.now())
    return show(request, _PAGE, context, status=422 if error else 200)


def _without_place(error: FunnelError) -> str:
    """The reason alone, as it stands beside its field."""
    text = str(error).removeprefix(f"{error.field}: ")
    return text[0].upper() + text[1:]


def _counted(request: PageRequest, draft: Draft) -> dict[str, Any]:
    try:
        reached = preview(
            workspace=request.workspace, document=draft.document(), site=draft.site,
            now=timezone.now(),
        )  # fmt: skip
    except FunnelError as error:
        is_blank = any(not row["match"] for step in draft.steps for row in step["any_of"])
        return {"reason": _NOT_YET if is_blank else _without_place(error)}
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return {"reason": "Counting takes longer than ten seconds here; save it to count it all."}
    most = reached[0] or 1
    names = [step["name"] for step in draft.document()["steps"]]
    before = [reached[0], *reached]
    return {
        "rows": [
            {
                "name": name,
                "people": people,
                "width": 100 * people / most,
                "rate": share(people, was),
            }
            for name, people, was in zip(names, reached, before, strict=False)
        ],
        "days": PREVIEW_DAYS,
    }
