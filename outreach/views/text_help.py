"""Help beside the editor of a text: a test to oneself."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from outreach.services.texts.trying_out import send_test
from outreach.views.text_form import parts_of
from outreach.views.texts import own_text, recipient_of, sentences
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_REFUSALS: Final = (RefusedError, GateError, ValidationError)


@require_POST
@page(Role.OPERATOR)
def test(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Mail the words of the form, saved or not, to whoever wrote them."""
    template, given = own_text(request, public_id), request.POST.dict()
    words = given.get("recipient", "").strip()
    context: dict[str, Any] = {}
    try:
        tried = send_test(
            template=template, parts=parts_of(given), by=Proposer.person(request.user),
            contact=recipient_of(request, words) if words else None, now=timezone.now(),
        )  # fmt: skip
        context = {"is_good": tried.is_sent, "sentences": [tried.words]}
    except _REFUSALS as error:
        context = {"is_good": False, "sentences": sentences(error)}
    return show(request, "outreach/texts/_said.html", context)
