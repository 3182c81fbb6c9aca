"""Contacts that may be one person: side by side, for a person to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox.models import IdentitySuggestion
from inbox.selectors.suggestions import count_open, pairs_of, suggestions_of
from inbox.services import joining
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_PER_PAGE: Final = 20
_DO: Final[Mapping[str, tuple[Callable[..., IdentitySuggestion], str]]] = {
    "confirm": (joining.confirm, "They are one person now. It can be taken apart again."),
    "refuse": (joining.refuse, "They are two people. Nobody is asked about them again."),
    "apart": (joining.take_apart, "They are taken apart: each has again what came with it."),
    "again": (joining.ask_again, "They stand among those to decide again."),
}


@require_safe
@never_cache
@page(Role.VIEWER)
def people(request: PageRequest) -> HttpResponse:
    """Pairs about whom somebody has to decide, or has."""
    view = "decided" if request.GET.get("show") == "decided" else "open"
    contact = _key(request.GET.get("contact", ""))
    rows = suggestions_of(request.workspace, is_open=view == "open", contact=contact)
    found = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": "Same person?", "view": view, "found": found, "contact": contact,
        "pairs": pairs_of(list(found.object_list)), "open_count": count_open(request.workspace),
        "may_act": has_role(request, Role.AGENT),
        "earlier": found.previous_page_number() if found.has_previous() else 0,
        "later": found.next_page_number() if found.has_next() else 0,
    }  # fmt: skip
    return show(request, "inbox/people.html", context)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_POST
@page(Role.AGENT)
def decide(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Say that they are one person, two, or take it back."""
    rows: Any = IdentitySuggestion.objects.select_related("workspace")
    row = rows.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such question.")
    try:
        act, said = _act(request.POST.get("do", ""))
        act(suggestion=row, by=Proposer.person(request.user), now=timezone.now())
    except (GateError, RefusedError) as error:
        return refuse(request, str(error), status=error.status)
    messages.success(request, said)
    back = "?show=decided" if request.POST.get("show") == "decided" else ""
    return redirect(reverse("inbox-people") + back)


def _act(name: str) -> tuple[Callable[..., IdentitySuggestion], str]:
    if name not in _DO:
        raise RequestError("do", "Choose what they are: one person, two, or apart again.")
    return _DO[name]
