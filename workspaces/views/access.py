"""Pages of a person who may have no workspace yet. Members' pages are guarded by ``pages.page``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from workspaces.models import Membership, User, Workspace

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """Request of somebody logged in; he may have no workspace yet."""

    user: User
    workspace: Workspace | None
    membership: Membership | None


def person_required(
    view: Callable[Concatenate[PersonRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Ask strangers to log in."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(cast(PersonRequest, request), *args, **kwargs)

    return guarded
