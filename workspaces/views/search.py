"""One search over everything that a person may see."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workspaces.finders import Question, clean, finders, search
from workspaces.own_finders import pages_named
from workspaces.pages import PageRequest, has_role, page, show

PAGE = "workspaces/search.html"


@require_GET
@never_cache
@page()
def search_all(request: PageRequest) -> HttpResponse:
    """What was found of each kind, five each; pages first, because they are what was meant."""
    text = clean(request.GET.get("q", ""))
    asked = [finder for finder in finders() if has_role(request, finder.role)]
    groups = pages_named(request, text) + search(Question(request.workspace, text), asked)
    context = {"title": "Search", "asked": text, "groups": groups}
    return show(request, f"{PAGE}#found" if request.htmx else PAGE, context)
