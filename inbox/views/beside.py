"""Small things at an open conversation: opened, who else is at it, notes, corrections."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox.models import CustomerResponse, Intent
from inbox.services import desk, presence
from inbox.views.acting import noted, tell_done
from inbox.views.listing import state_of
from inbox.views.reading import own_conversation, shown_of
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError


@require_POST
@page(Role.AGENT)
def viewed(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Note that an agent opened it: its messages are not new any more."""
    row = own_conversation(request, public_id)
    desk.mark_viewed(
        conversation=row, upto=shown_of(row, request.POST.get("shown", "")),
        by=Proposer.person(request.user), now=timezone.now(),
    )  # fmt: skip
    return HttpResponse(status=204)


@require_POST
@page(Role.AGENT)
def here(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Note that somebody looks or types, and tell who else does."""
    row, now = own_conversation(request, public_id), timezone.now()
    what = request.POST.get("what", presence.VIEWING)
    try:
        presence.note(conversation=row, user=request.user, what=what, now=now)
    except RefusedError as error:
        return refuse(request, str(error), status=error.status)
    others = presence.others(conversation=row, user=request.user, now=now)
    return show(request, "inbox/_here.html", {"others": others})


@require_POST
@page(Role.AGENT)
def note(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep a note for colleagues."""
    row = own_conversation(request, public_id)
    try:
        desk.write_note(
            conversation=row, text=request.POST.get("text", ""),
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return _seen(request, public_id)


@require_POST
@page(Role.AGENT)
def reading(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Say what a message was meant as."""
    rows = CustomerResponse.objects.select_related("workspace", "conversation", "point__contact")
    row = rows.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such message.")
    try:
        told = desk.correct_reading(
            response=row, intent=request.POST.get("intent", ""),
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    meant = Intent(request.POST["intent"]).label.lower()
    words = [f"Read as {meant}.", *told.remarks, *(["It is closed."] if told.closed else [])]
    if not request.htmx:
        messages.success(request, " ".join(words))
        return _seen(request, row.conversation.public_id)
    batch = told.closed.batch if told.closed else None
    return noted(request, {"said": " ".join(words), "batch": batch, "state": _state(request)})


def _seen(request: PageRequest, public_id: UUID) -> HttpResponse:
    if request.htmx:
        return tell_done(HttpResponse())
    return redirect(f"/inbox/{public_id}/?{_state(request)}")


def _state(request: PageRequest) -> str:
    return state_of(QueryDict(request.POST.get("state", "")))
