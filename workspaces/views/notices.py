"""The bell and the list of notices."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from workspaces.models import Notification
from workspaces.pages import PageRequest, page
from workspaces.services import live, notices
from workspaces.views.shell import draw

SHOWN = 100


def _own(request: PageRequest) -> QuerySet[Notification]:
    return Notification.objects.filter(user=request.user, workspace=request.workspace)


@require_GET
@page()
def notice_list(request: PageRequest) -> HttpResponse:
    """Newest notices; ``?unread=1`` hides what was read."""
    rows = _own(request)
    if request.GET.get("unread"):
        rows = rows.filter(read_at=None)
    return draw(
        request,
        "workspaces/notices.html",
        title="Notices",
        notices=rows.order_by("-created_at", "-pk")[:SHOWN],
        only_unread=bool(request.GET.get("unread")),
        shown=SHOWN,
    )


@require_GET
@never_cache
@page()
def bell(request: PageRequest) -> HttpResponse:
    """Count of unread notices; 204 while nothing changed since ``?v=``."""
    version = live.version(request.workspace.pk, notices.TOPIC)
    if request.GET.get("v") == str(version):
        return HttpResponse(status=204)
    unread = _own(request).filter(read_at=None).count()
    response = render(request, "workspaces/bell.html", {"unread": unread, "version": version})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@page()
def read(request: PageRequest, pk: int) -> HttpResponseRedirect:
    """Mark one notice as read and go where it points."""
    notice = get_object_or_404(_own(request), pk=pk)
    notices.mark_read(user=request.user, workspace=request.workspace, now=timezone.now(), pk=pk)
    is_ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts={request.get_host()})
    return redirect(notice.url if notice.url and is_ours else "notices")


@require_POST
@page()
def read_all(request: PageRequest) -> HttpResponseRedirect:
    """Mark every notice as read."""
    notices.mark_read(user=request.user, workspace=request.workspace, now=timezone.now())
    return redirect("notices")
