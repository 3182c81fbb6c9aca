"""Drafts that say nearly the same: shown beside what they answer, signed in one click."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from inbox.models import ReplyDraft
from inbox.selectors.clusters import groups_of, members_of, undo_seconds
from inbox.services.signing_together import Together, sign_together, undo_together
from workspaces.gate import GateError, RequestError
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role


@require_GET
@never_cache
@page(Role.AGENT)
def groups(request: PageRequest) -> HttpResponse:
    """Clusters of drafts that wait."""
    found, apart = groups_of(request.workspace)
    context = {"title": "Drafts that say nearly the same", "groups": found, "apart": apart}
    return show(request, "inbox/groups.html", context)


@require_GET
@never_cache
@page(Role.AGENT)
def group(request: PageRequest, cluster: UUID) -> HttpResponse:
    """All drafts of one, each beside what it answers; those that are other stand apart."""
    alike, odd = members_of(request.workspace, cluster)
    if not alike and not odd:
        if not ReplyDraft.objects.filter(workspace=request.workspace, cluster=cluster).exists():
            raise Http404("There is no such group of drafts.")
        # They were signed meanwhile.
        return redirect("inbox-groups")
    context = {
        "title": f"{len(alike) + len(odd)} drafts that say nearly the same",
        "alike": alike,
        "odd": odd,
        "undo_s": undo_seconds(request.workspace),
    }
    return show(request, "inbox/group.html", context)


@require_POST
@page(Role.AGENT)
def sign(request: PageRequest) -> HttpResponse:
    """Sign what was ticked; what could not be signed is told by name."""
    try:
        done = sign_together(
            workspace=request.workspace, picks=request.POST.getlist("pick"), by=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    return _told(request, done, "signed")


@require_POST
@page(Role.AGENT)
def undo(request: PageRequest) -> HttpResponse:
    """Take back what was signed in one click."""
    try:
        done = undo_together(
            workspace=request.workspace, at=_moment(request.POST.get("at", "")), by=request.user,
            now=timezone.now(),
        )  # fmt: skip
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    return _told(request, done, "taken back")


def _told(request: PageRequest, done: Together, what: str) -> HttpResponse:
    context = {
        "title": "Drafts that say nearly the same",
        "done": done,
        "what": what,
        "at": done.at.isoformat() if what == "signed" and done.done else "",
        "undo_s": undo_seconds(request.workspace),
    }
    return show(request, "inbox/together.html", context)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError("at", "This page address is damaged. Open the drafts again.")
    return moment
