"""The log of messages, and each message with its proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from outreach.models import MessageChannel, MessageStatus, OutreachMessage
from outreach.selectors.message_log import REACHED, campaigns_with_messages, log_page
from outreach.selectors.message_page import grounds_of, signature_of, signers_of, story_of
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role

FILTERS: Final = ("q", "status", "reached", "channel", "campaign", "step", "variant", "unsure")
# A message is a stranger's page: it runs nothing, loads nothing, and so counts as no opening.
_STRANGER: Final = {
    "default-src": [NONE], "style-src": ["'unsafe-inline'"], "img-src": ["data:"],
    "frame-ancestors": [SELF], "form-action": [NONE], "sandbox": [],
}  # fmt: skip


@require_safe
@page(Role.VIEWER)
def log(request: PageRequest) -> HttpResponse:
    """Every message of the workspace, the newest first."""
    found = log_page(request.workspace, request.GET.dict())
    context = {
        "title": "Messages",
        "found": found,
        "statuses": MessageStatus.choices,
        "reached": [(one, one.capitalize()) for one in REACHED],
        "channels": MessageChannel.choices,
        "campaigns": campaigns_with_messages(request.workspace),
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
    }
    return show(request, "outreach/messages/log.html", context)


def own_message(request: PageRequest, public_id: UUID) -> OutreachMessage:
    """A message of the workspace, or 404."""
    rows = OutreachMessage.objects.select_related(
        "workspace", "contact", "point", "campaign", "step", "plan", "version__template",
        "fallback_of", "task",
    )  # fmt: skip
    row = rows.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such message.")
    return row


@require_safe
@page(Role.VIEWER)
def message(request: PageRequest, public_id: UUID) -> HttpResponse:
    """What was sent, what happened to it, and why it was allowed."""
    row = own_message(request, public_id)
    context = {
        "title": row.subject or f"{row.get_channel_display()} message",
        "message": row,
        "story": story_of(row),
        "grounds": grounds_of(row),
        "signature": signature_of(row),
        "signers": signers_of(row),
        "fallbacks": list(row.fallback_messages.order_by("pk")),
        "currency": request.workspace.currency,
    }
    return show(request, "outreach/messages/message.html", context)


@require_safe
@page(Role.VIEWER)
def body(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The HTML that was sent, for a frame in which it can do nothing."""
    row = own_message(request, public_id)
    answer: HttpResponse = _as_stranger(lambda _: HttpResponse(row.html))(request)
    return answer


def _as_stranger(view: Callable[[HttpRequest], HttpResponse]) -> Any:
    return csp(_STRANGER)(xframe_options_sameorigin(view))
