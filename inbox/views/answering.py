"""Answering: to an address that wrote, with templates, at once or later, with time to undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox.models import Conversation, CustomerResponse, Delivery, Direction, ResponseTemplate
from inbox.services.answering import (
    OWN_CHANNELS,
    AnswerError,
    NewerMessageError,
    Words,
    answer,
    policy_of,
    take_back,
)
from inbox.views.acting import snoozes
from inbox.views.listing import state_of
from inbox.views.reading import own_conversation
from outreach.services.sending.replying import would_send
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_MOST_WAYS: Final = 5
_MOST_TEMPLATES: Final = 50


@dataclass(frozen=True)
class Way:
    """An address that wrote here, and whether it may be written to now."""

    message: CustomerResponse
    is_open: bool
    why_not: str = ""


@require_safe
@never_cache
@page(Role.AGENT)
def compose(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The form of an answer."""
    row = own_conversation(request, public_id)
    return _form(request, row, {})


def ways_of(conversation: Conversation, now: datetime) -> list[Way]:
    """Addresses that wrote in a conversation, by what each wrote last; the newest first."""
    rows = CustomerResponse.objects.filter(conversation=conversation, direction=Direction.IN)
    last = rows.order_by("point", "-at", "-pk").distinct("point")
    newest = sorted(
        last.select_related("point__contact", "point__workspace"),
        key=lambda one: (one.at, one.pk), reverse=True,
    )  # fmt: skip
    return [_way(one, now) for one in newest[:_MOST_WAYS]]


def _way(message: CustomerResponse, now: datetime) -> Way:
    if message.channel in OWN_CHANNELS:
        return Way(message, is_open=True)
    decision = would_send(point=message.point, now=now)
    if decision is None:
        return Way(message, is_open=False, why_not="the channel is off or not connected")
    return Way(message, is_open=decision.what != "drop", why_not=decision.words)


def _form(
    request: PageRequest, row: Conversation, typed: Mapping[str, str], *, error: str = "",
    newer: CustomerResponse | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    ways = ways_of(row, now)
    context = {
        "title": f"Answer {row.contact}",
        "conversation": row,
        "ways": ways,
        "is_open": any(way.is_open for way in ways),
        "seen": ways[0].message if ways else None,
        "typed": typed,
        "error": error,
        "newer": newer,
        "moments": snoozes(now),
        "templates": _templates(request, row),
        "state": state_of(request.GET),
    }
    part = "#form" if request.htmx else ""
    return show(request, f"inbox/compose.html{part}", context, status=status)


def _templates(request: PageRequest, row: Conversation) -> list[ResponseTemplate]:
    """Approved ones of the channel, those for what they want first."""
    rows = ResponseTemplate.objects.filter(
        Q(channels=[]) | Q(channels__contains=[row.channel]), workspace=request.workspace,
        archived_at=None, approved_at__isnull=False,
    )  # fmt: skip
    found = list(rows.order_by("name")[:_MOST_TEMPLATES])
    return sorted(found, key=lambda one: row.intent not in one.intents)


@require_POST
@page(Role.AGENT)
def send(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Answer; refused with what they wrote where they wrote again meanwhile."""
    row, now, typed = own_conversation(request, public_id), timezone.now(), request.POST.dict()
    try:
        sent = answer(
            to=_own_message(row, typed.get("to", "")),
            words=Words(text=typed.get("text", ""), subject=typed.get("subject", "")),
            by=Proposer.person(request.user), now=now,
            seen=_own_message(row, typed.get("seen", "")),
            send_at={key: at for key, _, at in snoozes(now)}.get(typed.get("when", "")),
        )  # fmt: skip
    except NewerMessageError as error:
        return _form(request, row, typed, error=str(error), newer=error.newer, status=409)
    except (GateError, RefusedError) as error:
        return _form(request, row, typed, error=str(error), status=error.status)
    return _sent(request, row, sent)


def _own_message(row: Conversation, text: str) -> CustomerResponse:
    rows = CustomerResponse.objects.select_related("workspace", "point__contact", "conversation")
    try:
        found = rows.filter(conversation=row, direction=Direction.IN, public_id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise AnswerError("to", "Choose which message is answered.")
    return found


def _sent(request: PageRequest, row: Conversation, sent: CustomerResponse) -> HttpResponse:
    if not request.htmx:
        messages.success(request, "It goes out. Until then it can be taken back.")
        return redirect(f"/inbox/{row.public_id}/?{state_of(request.GET)}")
    context = {"sent": sent, "undo_s": policy_of(request.workspace).undo_s, "conversation": row}
    response = show(request, "inbox/_sent.html", context)
    response["HX-Trigger"] = "inbox-done"
    return response


@require_POST
@page(Role.AGENT)
def back(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Take an answer back before it goes out; its words stand in the form again."""
    rows = CustomerResponse.objects.select_related("workspace", "message", "conversation")
    found = rows.filter(
        workspace=request.workspace, public_id=public_id, direction=Direction.OUT
    ).first()
    if found is None:
        raise Http404("There is no such answer.")
    try:
        with transaction.atomic():
            take_back(response=found, by=Proposer.person(request.user), now=timezone.now())
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    if not request.htmx:
        messages.success(request, f"Taken back: {Delivery.CANCELLED.label.lower()}.")
        return redirect(f"/inbox/{found.conversation.public_id}/")
    row = own_conversation(request, found.conversation.public_id)
    response = _form(request, row, {"text": found.text, "subject": found.subject})
    response["HX-Trigger"] = "inbox-done"
    return response
