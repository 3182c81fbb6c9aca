"""The admin site: members of the current workspace enter it, as what they are there."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from workspaces.counters import counts
from workspaces.pages import SWITCHED, UNNAMED, refuse

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite as UnfoldAdminSite

    from workspaces.models import Membership
else:
    from unfold.sites import UnfoldAdminSite


def membership_of(request: HttpRequest) -> Membership | None:
    """Membership of the request, ``None`` for strangers and people without a workspace."""
    return getattr(request, "membership", None)


class WorkspaceSite(UnfoldAdminSite):
    """Entry is membership in the current workspace; ``is_staff`` says nothing here."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the person is a member; a superuser without membership is none."""
        return bool(request.user.is_active and membership_of(request))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The sidebar with its counters; what counts nothing has no badge."""
        groups: list[dict[str, Any]] = super().get_sidebar_list(request)  # type: ignore[misc]  # unfold's
        membership = membership_of(request)
        figures = counts(membership=membership, now=timezone.now()) if membership else {}
        for item in (item for group in groups for item in group["items"]):
            if badge := figures.get(item.get("counter", "")):
                item["badge"], item["badge_variant"] = badge, "primary"
        return groups

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002  # Django's signature
        """Guard a view by membership, and POSTs by the workspace that their form names."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = _refusal(request)
            return refusal if refusal is not None else inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    membership = membership_of(request)
    if membership is None:
        return redirect("start")
    told = request.headers.get("X-Workspace") or request.POST.get("workspace", "")
    if request.method == "POST" and not told:
        return refuse(request, UNNAMED, status=400)
    if told and told != str(membership.workspace.public_id):
        return refuse(request, SWITCHED, status=409)
    return None
