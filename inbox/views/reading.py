"""One conversation: its story, who it is with, and what came with its messages."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final, cast
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from inbox.models import (
    Attachment,
    Conversation,
    CustomerResponse,
    InboxPolicy,
    Intent,
    ReplyDraft,
)
from inbox.selectors.clock import clock_of
from inbox.selectors.customer import customer_of
from inbox.selectors.naming import name_them
from inbox.selectors.timeline import Timeline, conversations_of, find_conversation, timeline_of
from inbox.views.listing import ICONS, state_of
from workspaces.gate import RequestError
from workspaces.models import Proposal, Status
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role

# A mail is a stranger's page: it runs nothing, and loads nothing unless the workspace says so.
_STRANGER: Final[dict[str, Any]] = {
    "default-src": [NONE], "style-src": ["'unsafe-inline'"], "img-src": ["data:"],
    "frame-ancestors": [SELF], "form-action": [NONE],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}  # fmt: skip
_WITH_PICTURES: Final = {**_STRANGER, "img-src": ["data:", "https:"]}


def own_conversation(request: PageRequest, public_id: UUID) -> Conversation:
    """A conversation of the workspace, 404 for anything else."""
    found = find_conversation(request.workspace, public_id)
    if found is None:
        raise Http404("There is no such conversation.")
    name_them([found])
    return found


def shown_of(row: Conversation, text: str) -> CustomerResponse | None:
    """The newest message that a page showed, as it tells; what came since is news."""
    if not text:
        return None
    try:
        return CustomerResponse.objects.filter(conversation=row, public_id=UUID(text)).first()
    except ValueError:
        return None


@require_safe
@never_cache
@page(Role.VIEWER)
def conversation(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The conversation; beside the list, which the page then asks for, or for HTMX alone."""
    row = own_conversation(request, public_id)
    try:
        opened = opened_of(request, row)
        if request.htmx and not request.htmx.history_restore_request:
            return show(request, "inbox/conversation.html", opened)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    return show(request, "inbox/inbox.html", opened)


def opened_of(request: PageRequest, row: Conversation) -> dict[str, Any]:
    """What the pane of a conversation shows."""
    now = timezone.now()
    theirs = conversations_of(row)
    line = timeline_of(theirs, request.GET.get("before", ""))
    drafts, unsigned = _drafts_of(row)
    return {
        "title": str(row),
        "conversation": row,
        "clock": clock_of(row, now),
        "channel_icon": ICONS[row.channel],
        "others": [one for one in theirs if one.pk != row.pk and one.merged_into_id is None],
        "line": line,
        "icons": ICONS,
        "seen": _seen(line, [*drafts, *unsigned]),
        "shown": _shown(row, line),
        "drafts": drafts,
        "unsigned": unsigned,
        "signed": _signed(request, row),
        "intents": Intent.choices,
        "may_act": has_role(request, Role.AGENT),
        "state": state_of(request.GET),
        "now": now,
    }


def _drafts_of(row: Conversation) -> tuple[list[ReplyDraft], list[ReplyDraft]]:
    """Drafts that wait for a signature, the newest first, and what goes out without one."""
    rows = ReplyDraft.objects.filter(
        Q(proposal__status=Status.PENDING)
        | Q(proposal__status=Status.APPROVED, proposal__decided_by=None),
        conversation=row,
    )
    found = rows.select_related("proposal__current_plan", "template", "answers__point")
    drafts = list(found.order_by("-pk")[:4])
    unsigned = [one for one in drafts if one.proposal.status == Status.APPROVED]
    return [one for one in drafts if one not in unsigned][:3], unsigned


def _signed(request: PageRequest, row: Conversation) -> Proposal | None:
    """What was just signed, as the address says, while that can be taken back."""
    try:
        asked = UUID(request.GET.get("signed", ""))
    except ValueError:
        return None
    own = ReplyDraft.objects.filter(conversation=row, proposal__status=Status.APPROVED)
    return Proposal.objects.filter(public_id=asked, pk__in=own.values("pk")).first()


def _seen(line: Timeline, drafts: list[ReplyDraft]) -> str:
    """A short sign of what the newest page shows; another one tells that there is news."""
    told: list[Any] = [one.proposal.current_plan_id for one in drafts]
    told += [
        (one.kind, one.row.pk, getattr(one.row, "delivery", ""), _corrected(one.row))
        for one in line.items
    ]
    return f"{zlib.crc32(repr(told).encode()):08x}"


def _shown(row: Conversation, line: Timeline) -> str:
    """The message of the conversation that came last of those on the page."""
    own = [
        one.row for one in line.items if one.kind == "message" and one.row.conversation_id == row.pk
    ]
    return str(max(own, key=lambda one: one.pk).public_id) if own else ""


def _corrected(row: Any) -> str:
    reading = getattr(row, "reading", None)
    return reading.corrected_intent or reading.intent if reading else ""


@require_safe
@never_cache
@page(Role.VIEWER)
def news(request: PageRequest, public_id: UUID) -> HttpResponse:
    """204 while the open conversation shows what is, else its head and newest messages."""
    row = own_conversation(request, public_id)
    opened = opened_of(request, row)
    part = "headonly" if request.GET.get("seen") == opened["seen"] else "news"
    return show(request, f"inbox/conversation.html#{part}", opened)


@require_safe
@never_cache
@page(Role.VIEWER)
def earlier(request: PageRequest, public_id: UUID) -> HttpResponse:
    """What was before, to stand above what is shown."""
    row = own_conversation(request, public_id)
    try:
        opened = opened_of(request, row)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    return show(request, "inbox/conversation.html#items", opened)


@require_safe
@never_cache
@page(Role.VIEWER)
def customer(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The card of whom it is with."""
    row = own_conversation(request, public_id)
    context = {
        "title": row.contact.name or "Customer",
        "conversation": row,
        "card": customer_of(row),
        "currency": request.workspace.currency,
        "state": state_of(request.GET),
    }
    part = "#card" if request.htmx else ""
    return show(request, f"inbox/customer.html{part}", context)


@require_safe
@page(Role.VIEWER)
def body(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The mail as it was formatted, for a frame in which it can do nothing."""
    rows = CustomerResponse.objects.filter(workspace=request.workspace, public_id=public_id)
    html = rows.values_list("html", flat=True).first()
    if html is None:
        raise Http404("There is no such message.")
    policy = InboxPolicy.objects.filter(workspace=request.workspace, shows_images=True)
    rules = _WITH_PICTURES if policy.exists() else _STRANGER
    answer: HttpResponse = _framed(lambda _: HttpResponse(html), rules)(request)
    return answer


def _framed(view: Callable[[HttpRequest], HttpResponse], rules: dict[str, Any]) -> Any:
    return csp(rules)(xframe_options_sameorigin(view))


@require_safe
@page(Role.VIEWER)
def attachment(request: PageRequest, public_id: UUID) -> HttpResponse:
    """A file that came with a message; always kept, never opened in the browser."""
    rows = Attachment.objects.filter(workspace=request.workspace, public_id=public_id)
    row = rows.first()
    if row is None:
        raise Http404("There is no such file.")
    if not row.file:
        why = row.held_because or "It was not kept."
        return refuse(request, f"{row.name} cannot be opened. {why}", status=409)
    # Whatever a sender calls it, the browser is told that it is data.
    answer = FileResponse(
        row.file.open(), as_attachment=True, filename=row.name,
        content_type="application/octet-stream", headers={"X-Content-Type-Options": "nosniff"},
    )  # fmt: skip
    return cast("HttpResponse", answer)
