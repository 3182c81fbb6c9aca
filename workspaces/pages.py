"""What every operator page does before its own work: log-in, membership, role, workspace.

A page carries the workspace it was drawn for in its forms and HTMX requests; when the session
moved to another one meanwhile, nothing is read or changed under the wrong name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django_htmx.middleware import HtmxDetails

from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role, rank_of
from workspaces.selectors import role_with

Params = ParamSpec("Params")

SWITCHED = "You switched workspace in another tab. Reload this page to go on."
UNNAMED = "This form does not say which workspace it belongs to. Reload the page and try again."


class PageRequest(HttpRequest):
    """A request that passed ``page``: a person, in a workspace of his."""

    user: User
    workspace: Workspace
    membership: Membership
    htmx: HtmxDetails


View = Callable[Concatenate[PageRequest, Params], HttpResponseBase]
AnyView = Callable[Concatenate[HttpRequest, Params], HttpResponseBase]


def page(role: Role = Role.VIEWER) -> Callable[[View[Params]], AnyView[Params]]:
    """Guard a view: strangers log in, lower roles get 403, another tab's workspace 409."""

    def decorate(view: View[Params]) -> AnyView[Params]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponseBase:
            refusal = _refusal(request, role)
            if refusal is not None:
                return refusal
            response = view(request, *args, **kwargs)  # type: ignore[arg-type]  # it passed
            if "Vary" not in response:
                response["Vary"] = "HX-Request, Cookie"
            return response

        return guarded

    return decorate


def _refusal(request: HttpRequest, role: Role) -> HttpResponse | None:
    if not request.user.is_authenticated:
        if request.headers.get("HX-Request"):
            # A log-in form inside a fragment would be lost: the whole page goes there.
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        return redirect_to_login(request.get_full_path())
    workspace = getattr(request, "workspace", None)
    if workspace is None:
        return redirect("/start/")
    given = request.POST.get("workspace") or request.headers.get("X-Workspace")
    if request.method == "POST" and not given:
        return refuse(request, UNNAMED, status=400)
    if given and given != str(workspace.public_id):
        return refuse(request, SWITCHED, status=409)
    if not has_role(request, role):
        return refuse(
            request,
            f"This needs the role of {role.label.lower()} in {workspace}. Ask an admin.",
            status=403,
        )
    return None


def has_role(request: HttpRequest, role: Role) -> bool:
    """Whether the person holds a role now, own or lent to him."""
    return held_rank(request) >= role.rank


def held_rank(request: HttpRequest) -> int:
    """Rank of the highest role that the person holds now; what is lent came with his membership."""
    membership: Membership = request.membership  # type: ignore[attr-defined]  # set by our middleware
    return rank_of(role_with(membership))


def refuse(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    """Answer that says in words why not; a note for HTMX, a page otherwise."""
    if request.headers.get("HX-Request"):
        context = {"message": message, "status": status}
        response = TemplateResponse(request, "_shared/note.html", context, status=status)
        response["HX-Retarget"], response["HX-Reswap"] = "#notes", "innerHTML"
        return response.render()
    context = {"title": "Not possible", "message": message}
    return show(request, "_shared/refused.html", context, status=status)


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Draw a full page in the shell, or a fragment (``page.html#rows``) alone."""
    if "#" in template or request.headers.get("HX-Request"):
        return TemplateResponse(request, template, context, status=status).render()
    shell = admin.site.each_context(request)
    # Who may see a page is decided by ``page``; the shell shows its header to all of them.
    shell["has_permission"] = True
    return TemplateResponse(request, template, {**shell, **context}, status=status).render()
