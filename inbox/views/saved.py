"""A person's saved views of the inbox."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inbox.views.listing import PAGE, state_of
from workspaces.pages import PageRequest, page
from workspaces.roles import Role
from workspaces.saved_pages import forget_view, keep_shown


@require_POST
@page(Role.VIEWER)
def save(request: PageRequest) -> HttpResponse:
    """Keep the filters shown, under a name."""
    return redirect(f"/inbox/?{keep_shown(request, page=PAGE, state_of=state_of)}")


@require_POST
@page(Role.VIEWER)
def delete(request: PageRequest, view_id: int) -> HttpResponse:
    """Forget one saved view."""
    forget_view(request, page=PAGE, view_id=view_id)
    shown = QueryDict(request.POST.get("query", ""), mutable=True)
    shown.pop("after", None)
    return redirect(f"/inbox/?{state_of(shown)}")
