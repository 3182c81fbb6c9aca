"""Answering: to an address that wrote, with templates, at once or later, with time to undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox.models import (
    Conversation,
    CustomerResponse,
    Delivery,
    Direction,
    ReplyDraft,
    ResponseTemplate,
)
from inbox.selectors.replies import filled_for, last_said, why_not
from inbox.services.answering import (
    AnswerError,
    NewerMessageError,
    Words,
    answer,
    take_back,
)
from inbox.views.acting import noted, snoozes
from inbox.views.listing import state_of
from inbox.views.reading import own_conversation, shown_of
from outreach.engine.rendering import TemplateError
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services import signing
from workspaces.services.refusals import RefusedError

_MOST_WAYS: Final = 5
_MOST_TEMPLATES: Final = 50


@dataclass(frozen=True)
class Way:
    """An address that wrote here, and whether it may be written to now."""

    message: CustomerResponse
    is_open: bool
    why_not: str = ""


@dataclass(frozen=True)
class Text:
    """A template as it would go out."""

    name: str
    body: str
    missing: str = ""


@require_safe
@never_cache
@page(Role.AGENT)
def compose(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The form of an answer to what the page shows."""
    row = own_conversation(request, public_id)
    typed = _again(row, request.GET.get("again", ""))
    return _form(request, row, typed, seen=shown_of(row, request.GET.get("shown", "")))


def _again(row: Conversation, text: str) -> dict[str, str]:
    """An answer that did not arrive, to be sent once more."""
    failed = shown_of(row, text)
    if failed is None or failed.delivery != Delivery.FAILED:
        return {}
    wrote = CustomerResponse.objects.filter(
        conversation=row, direction=Direction.IN, point=failed.point_id
    )
    to = wrote.order_by("-at", "-pk").values_list("public_id", flat=True).first()
    return {"text": failed.text, "subject": failed.subject, "to": str(to or "")}


def ways_of(conversation: Conversation, now: datetime) -> list[Way]:
    """Addresses that wrote in a conversation, by what each wrote last; the newest first."""
    rows = CustomerResponse.objects.filter(conversation=conversation, direction=Direction.IN)
    last = rows.order_by("point", "-at", "-pk").distinct("point")
    newest = sorted(
        last.select_related(
            "point__contact", "point__workspace", "conversation__contact", "workspace"
        ),
        key=lambda one: (one.at, one.pk), reverse=True,
    )  # fmt: skip
    return [_way(one, now) for one in newest[:_MOST_WAYS]]


def _way(message: CustomerResponse, now: datetime) -> Way:
    why = why_not(message, now)
    return Way(message, is_open=not why, why_not=why)


def _form(
    request: PageRequest, row: Conversation, typed: Mapping[str, str], *, error: str = "",
    missed: Sequence[CustomerResponse] = (), seen: CustomerResponse | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    ways = ways_of(row, now)
    context = {
        "title": f"Answer {row.contact}",
        "conversation": row,
        "ways": ways,
        "is_open": any(way.is_open for way in ways),
        "first": ways[0].message if ways else None,
        "seen": missed[-1] if missed else seen or last_said(row),
        # The same answer is sent once, however often its form comes.
        "key": typed.get("key") or uuid4().hex,
        "typed": typed,
        "error": error,
        "missed": missed,
        "moments": snoozes(now),
        "templates": _templates(request, row, ways[0].message if ways else None),
        "state": state_of(request.GET),
    }
    part = "#form" if request.htmx else ""
    return show(request, f"inbox/compose.html{part}", context, status=status)


def _templates(request: PageRequest, row: Conversation, to: CustomerResponse | None) -> list[Text]:
    """Approved ones of the channel, filled in for who wrote; those for what they want first."""
    if to is None:
        return []
    rows = ResponseTemplate.objects.filter(
        Q(channels=[]) | Q(channels__contains=[row.channel]), workspace=request.workspace,
        archived_at=None, approved_at__isnull=False,
    )  # fmt: skip
    found = sorted(
        rows.order_by("name")[:_MOST_TEMPLATES], key=lambda one: row.intent not in one.intents
    )
    texts = []
    for one in found:
        # One that cannot be filled in was broken since it was approved.
        with suppress(TemplateError):
            filled = filled_for(one, to)
            texts.append(Text(one.name, filled.text, ", ".join(filled.missing)))
    return texts


@require_POST
@page(Role.AGENT)
def send(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Answer; refused with what they wrote where they wrote again meanwhile."""
    row, now, typed = own_conversation(request, public_id), timezone.now(), request.POST.dict()
    try:
        sent = answer(
            to=_own_message(row, typed.get("to", "")),
            words=Words(text=typed.get("text", ""), subject=typed.get("subject", "")),
            by=Proposer.person(request.user), now=now, seen=_seen(row, typed.get("seen", "")),
            key=typed.get("key", "")[:64],
            send_at={key: at for key, _, at in snoozes(now)}.get(typed.get("when", "")),
        )  # fmt: skip
    except NewerMessageError as error:
        return _form(request, row, typed, error=str(error), missed=error.missed, status=409)
    except (GateError, RefusedError) as error:
        seen = shown_of(row, typed.get("seen", ""))
        return _form(request, row, typed, error=str(error), seen=seen, status=error.status)
    return _sent(request, row, sent)


def _seen(row: Conversation, text: str) -> CustomerResponse:
    found = shown_of(row, text)
    if found is None:
        raise AnswerError("seen", "Open the conversation again, then answer.")
    return found


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
    context = {"sent": sent, "conversation": row}
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


@require_POST
@page(Role.AGENT)
def decide(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Sign a draft as it was shown, say why not, or take the signature back while it waits."""
    row, given, now = own_conversation(request, public_id), request.POST, timezone.now()
    what = given.get("do", "sign")
    own: dict[str, Any] = {"by": request.user, "now": now}
    shown: dict[str, Any] = {
        "plan_sha256": given.get("plan_sha256", ""), "why": given.get("why", "").strip(),
    }  # fmt: skip
    try:
        draft = _own_draft(row, given.get("draft", ""))
        own["proposal_id"] = draft.proposal_id
        if what == "withdraw":
            signing.withdraw(**own)
            return _told(request, row, "Not sent. The draft waits again.")
        if what == "reject":
            signing.reject(**own, **shown)
            return _told(request, row, "Rejected.")
        proposal = signing.sign(**own, **shown)
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return _told(request, row, "Signed. It goes out in a moment.", signed=proposal)


def _told(
    request: PageRequest, row: Conversation, said: str, signed: Proposal | None = None
) -> HttpResponse:
    if request.htmx:
        return noted(request, {"said": said, "signed": signed, "conversation": row})
    messages.success(request, said)
    undo = f"&signed={signed.public_id}" if signed else ""
    return redirect(f"/inbox/{row.public_id}/?{state_of(request.GET)}{undo}")


def _own_draft(row: Conversation, text: str) -> ReplyDraft:
    drafts = ReplyDraft.objects.filter(conversation=row)
    try:
        found = drafts.filter(proposal__public_id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise AnswerError("draft", "This draft is not there any more.")
    return found
