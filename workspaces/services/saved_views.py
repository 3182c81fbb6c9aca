"""A person's named filters of a page."""

from __future__ import annotations

from django.db import transaction

from workspaces.models import SavedView, User, Workspace
from workspaces.services.refusals import RefusedError

_MAX_VIEWS = 30


class ViewNameError(RefusedError):
    """The name or the query cannot be kept."""

    status = 400


def save_view(*, workspace: Workspace, user: User, page: str, name: str, query: str) -> SavedView:
    """Keep the query of a page under a name; the same name is written over."""
    name = name.strip()
    longest = SavedView._meta.get_field("name").max_length or 0
    if not name or len(name) > longest:
        raise ViewNameError(f"Give the view a name of 1 to {longest} letters.")
    if len(query) > (SavedView._meta.get_field("query").max_length or 0):
        raise ViewNameError("These filters are too long to be kept. Clear some of them.")
    with transaction.atomic():
        views = SavedView.objects.filter(workspace=workspace, user=user, page=page)
        if views.exclude(name=name).count() >= _MAX_VIEWS:
            raise ViewNameError(f"There are {_MAX_VIEWS} views already. Delete one first.")
        view, _created = SavedView.objects.update_or_create(
            workspace=workspace, user=user, page=page, name=name, defaults={"query": query}
        )
    return view


def delete_view(*, workspace: Workspace, user: User, page: str, view_id: int) -> bool:
    """Forget one of the person's own views. Returns whether there was one."""
    deleted, _rows = SavedView.objects.filter(
        workspace=workspace, user=user, page=page, pk=view_id
    ).delete()
    return bool(deleted)
