"""The admin site: members of the current workspace enter it, as what they are there."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

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

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every model with its links, worked out where a page shows it; most show the sidebar."""
        return SimpleLazyObject(lambda: super(WorkspaceSite, self).get_app_list(request, app_label))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The sidebar with its counters; what counts nothing has no badge.

        Put together here, because unfold copies the whole tree and makes a class for each
        permission on every page.
        """
        membership = membership_of(request)
        figures = counts(membership=membership, now=timezone.now()) if membership else {}
        sidebar = cast(dict[str, Any], settings.UNFOLD["SIDEBAR"])
        return [
            {**group, "items": [_shown(item, request, figures) for item in group["items"]]}
            for group in sidebar["navigation"]
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002  # Django's signature
        """Guard a view by membership, and POSTs by the workspace that their form names."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = _refusal(request)
            return refusal if refusal is not None else inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)


def _shown(item: dict[str, Any], request: HttpRequest, figures: dict[str, str]) -> dict[str, Any]:
    """A link as the sidebar draws it for a person."""
    shown = {
        "title": item["title"],
        "icon": item["icon"],
        "link": str(item["link"]),
        "active": item["active"](request),
        "has_permission": "permission" not in item or item["permission"](request),
    }
    badge = figures.get(item.get("counter", ""))
    return {**shown, "badge": badge, "badge_variant": "primary"} if badge else shown


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
