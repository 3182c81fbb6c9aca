"""Answering: to an address that wrote, with templates, at once or later, with time to undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox.models import Conversation, CustomerResponse, Delivery, Direction, ReplyDraft
from inbox.services.answering import AnswerError, NewerMessageError, Words, answer, take_back
from inbox.services.topics import TOPIC
from inbox.services.uploading import Upload, file_of, uploads_of
from inbox.views.acting import noted, snoozes, tell_done
from inbox.views.composing import chosen_files, form_of, message_of, typed_of
from inbox.views.listing import state_of
from inbox.views.reading import own_conversation, shown_of
from workspaces.gate import GateError, Proposer, StalePlanError
from workspaces.models import Proposal
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.roles import Role
from workspaces.services import proposing, signing
from workspaces.services.live import bump
from workspaces.services.refusals import RefusedError


@require_POST
@page(Role.AGENT)
def send(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Answer; refused with what they wrote where they wrote again meanwhile."""
    row, now, typed = own_conversation(request, public_id), timezone.now(), request.POST.dict()
    files: list[Upload] = []
    try:
        files = chosen_files(request)
        sent = answer(
            to=message_of(row, typed.get("to", "")),
            words=Words(
                typed.get("text", ""), typed.get("subject", ""), [file_of(one) for one in files]
            ),
            by=Proposer.person(request.user), now=now, seen=_seen(row, typed.get("seen", "")),
            key=typed.get("key", "")[:64],
            send_at={key: at for key, _, at in snoozes(now)}.get(typed.get("when", "")),
        )  # fmt: skip
    except NewerMessageError as error:
        return form_of(
            request, row, typed, error=str(error), missed=error.missed, uploads=files, status=409
        )
    except (GateError, RefusedError) as error:
        seen = shown_of(row, typed.get("seen", ""))
        return form_of(
            request, row, typed, error=str(error), seen=seen, uploads=files, status=error.status
        )
    return _sent(request, row, sent)


def _seen(row: Conversation, text: str) -> CustomerResponse:
    found = shown_of(row, text)
    if found is None:
        raise AnswerError("seen", "Open the conversation again, then answer.")
    return found


def _sent(request: PageRequest, row: Conversation, sent: CustomerResponse) -> HttpResponse:
    if not request.htmx:
        messages.success(request, "It goes out. Until then it can be taken back.")
        return redirect(f"/inbox/{row.public_id}/?{state_of(request.GET)}")
    context = {"sent": sent, "conversation": row, "state": state_of(request.GET)}
    return tell_done(show(request, "inbox/_sent.html", context))


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
        return redirect(f"/inbox/{found.conversation.public_id}/?{state_of(request.GET)}")
    row = own_conversation(request, found.conversation.public_id)
    return tell_done(form_of(request, row, typed_of(found), uploads=uploads_of(found)))


@require_POST
@page(Role.AGENT)
def decide(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Sign a draft as it was shown, say why not, or take the signature back while it waits."""
    row, given, now = own_conversation(request, public_id), request.POST, timezone.now()
    what = given.get("do", "sign")
    own: dict[str, Any] = {"by": request.user, "now": now}
    shown: dict[str, Any] = {
        "plan_sha256": given.get("plan_sha256", ""), "why": _why(given),
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
        if what == "edit":
            proposal = _sign_as_edited(draft, given, shown, own)
        else:
            proposal = signing.sign(**own, **shown)
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    return _told(request, row, "Signed. It goes out in a moment.", signed=proposal)


@transaction.atomic
def _sign_as_edited(
    draft: ReplyDraft, given: QueryDict, shown: dict[str, Any], own: dict[str, Any]
) -> Proposal:
    """Put a draft into other words and sign those; its record keeps both. All of it or nothing."""
    current = draft.proposal.current_plan
    if current is None or current.sha256 != shown["plan_sha256"]:
        raise StalePlanError(draft.proposal)
    changes = {"text": given.get("text", "")}
    if "subject" in given:
        changes["mail_subject"] = given.get("subject", "")
    edited = proposing.edit(changes=changes, **own)
    plan = edited.current_plan
    return signing.sign(**own, plan_sha256=plan.sha256 if plan else "")


def _told(
    request: PageRequest, row: Conversation, said: str, signed: Proposal | None = None
) -> HttpResponse:
    bump(request.workspace.pk, TOPIC)
    if request.htmx:
        told = {"said": said, "signed": signed, "conversation": row}
        return noted(request, {**told, "state": state_of(request.GET)})
    messages.success(request, said)
    undo = f"&signed={signed.public_id}" if signed else ""
    return redirect(f"/inbox/{row.public_id}/?{state_of(request.GET)}{undo}")


def _why(given: QueryDict) -> str:
    """Why a draft is not sent: one of the usual reasons, in own words, or both."""
    return ". ".join(filter(None, (given.get(name, "").strip() for name in ("because", "why"))))


def _own_draft(row: Conversation, text: str) -> ReplyDraft:
    drafts = ReplyDraft.objects.filter(conversation=row).select_related("proposal__current_plan")
    try:
        found = drafts.filter(proposal__public_id=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise AnswerError("draft", "This draft is not there any more.")
    return found
