"""What the forms of saved views do, whatever page they stand on."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import QueryDict

from workspaces.pages import PageRequest
from workspaces.services.saved_views import ViewNameError, delete_view, save_view


def keep_shown(request: PageRequest, *, page: str, state_of: Callable[[QueryDict], str]) -> str:
    """Keep the filters shown, under a name; returns them for the way back."""
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("after", None)
    state = state_of(query)
    try:
        view = save_view(
            workspace=request.workspace, user=request.user, page=page,
            name=request.POST.get("name", ""), query=state,
        )  # fmt: skip
        messages.success(request, f"View “{view.name}” saved.")
    except ViewNameError as error:
        messages.error(request, str(error))
    return state


def forget_view(request: PageRequest, *, page: str, view_id: int) -> None:
    """Forget one saved view."""
    if delete_view(workspace=request.workspace, user=request.user, page=page, view_id=view_id):
        messages.success(request, "View deleted.")
