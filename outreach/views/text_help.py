"""Help beside the editor of a text: a test to oneself, words from a language model."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from outreach.models import ChannelTemplate
from outreach.services.texts.asking import LONGEST_BRIEF, asking_of, begin_asking, has_model
from outreach.services.texts.trying_out import send_test
from outreach.tasks import write_text
from outreach.views.text_form import parts_of
from outreach.views.texts import own_text, recipient_of, sentences
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
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


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR)
def words(request: PageRequest, public_id: UUID) -> HttpResponse:
    """What the model wrote, and how far it is; a POST asks it."""
    template = own_text(request, public_id)
    if request.method != "POST":
        return _words(request, template)
    kind, brief = request.POST.get("kind", ""), request.POST.get("brief", "")
    try:
        begin_asking(
            template=template, kind=kind, brief=brief, by=Proposer.person(request.user),
            now=timezone.now(),
        )  # fmt: skip
    except _REFUSALS as error:
        return _words(request, template, errors=sentences(error), status=400)
    write_text.delay_on_commit(  # type: ignore[attr-defined]  # Celery's Django task has it
        template_id=template.pk, user_id=request.user.pk, kind=kind, brief=brief
    )
    return _words(request, template)


def _words(
    request: PageRequest,
    template: ChannelTemplate,
    *,
    errors: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    asking = asking_of(template)
    is_waiting = asking is not None and asking.is_waiting(timezone.now())
    context: dict[str, Any] = {
        "template": template, "asking": asking, "is_waiting": is_waiting, "errors": errors,
        "has_model": has_model(workspace=request.workspace), "longest": LONGEST_BRIEF,
        "brief": request.POST.get("brief", ""), "may_connect": has_role(request, Role.ADMIN),
        "is_mail": template.channel == "email",
    }  # fmt: skip
    return show(request, "outreach/texts/_written.html", context, status=status)
