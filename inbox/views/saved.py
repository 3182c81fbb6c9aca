"""A person's saved views of the inbox."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inbox.views.listing import PAGE, state_of
from workspaces.pages import PageRequest, page
from workspaces.roles import Role
from workspaces.services.saved_views import ViewNameError, delete_view, save_view


@require_POST
@page(Role.VIEWER)
def save(request: PageRequest) -> HttpResponse:
    """Keep the filters shown, under a name."""
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("after", None)
    state = state_of(query)
    try:
        view = save_view(
            workspace=request.workspace, user=request.user, page=PAGE,
            name=request.POST.get("name", ""), query=state,
        )  # fmt: skip
        messages.success(request, f"View “{view.name}” saved.")
    except ViewNameError as error:
        messages.error(request, str(error))
    return redirect(f"/inbox/?{state}")


@require_POST
@page(Role.VIEWER)
def delete(request: PageRequest, view_id: int) -> HttpResponse:
    """Forget one saved view."""
    if delete_view(workspace=request.workspace, user=request.user, page=PAGE, view_id=view_id):
        messages.success(request, "View deleted.")
    return redirect("inbox")
