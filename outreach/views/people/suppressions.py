"""Suppressed addresses: listed, added, lifted."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from outreach.models import MessageChannel, Suppression, SuppressionReason
from outreach.services.people.refusing import PeopleError
from outreach.services.people.suppressing import lift, suppress
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

SHOWN: Final = 50


@require_safe
@page(Role.VIEWER)
def suppressions(request: PageRequest) -> HttpResponse:
    """Who is not written to; by a tab also what was lifted."""
    asked = request.GET
    tab = "lifted" if asked.get("tab") == "lifted" else "open"
    rows = Suppression.objects.filter(workspace=request.workspace, lifted_at__isnull=tab == "open")
    if asked.get("reason") in SuppressionReason.values:
        rows = rows.filter(reason=asked["reason"])
    if words := asked.get("q", "").strip().lower().replace("\0", ""):
        rows = rows.filter(value__startswith=words)
    found = Paginator(rows.order_by("-pk"), SHOWN).get_page(asked.get("page"))
    context = {
        "title": "Suppressions",
        "tab": tab,
        "tabs": [("open", "Not written to", ""), ("lifted", "Lifted", "")],
        "rows": found,
        "earlier": found.previous_page_number() if found.has_previous() else None,
        "later": found.next_page_number() if found.has_next() else None,
        "reasons": SuppressionReason.choices,
        "channels": MessageChannel.choices,
        "may_write": has_role(request, Role.OPERATOR),
        "may_lift": has_role(request, Role.ADMIN),
    }
    return show(request, "outreach/people/suppressions.html", context)


@require_POST
@page(Role.OPERATOR)
def add(request: PageRequest) -> HttpResponse:
    """Suppress what stands in the box, one a line."""
    given = request.POST
    values = [line.strip() for line in given.get("values", "").splitlines() if line.strip()]
    try:
        count = suppress(
            workspace=request.workspace, values=values, channel=given.get("channel", ""),
            domains=given.get("is_domain") == "1", note=given.get("note", ""),
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, f"{count} are new here.")
    except (PeopleError, GateError) as error:
        messages.error(request, str(error))
    return redirect("suppressions")


@require_POST
@page(Role.ADMIN)
def end(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Lift one."""
    row = Suppression.objects.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such suppression.")
    try:
        lift(
            suppression=row, by=Proposer.person(request.user), now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        messages.success(request, f"{row.value} may be written to again.")
    except (PeopleError, GateError) as error:
        messages.error(request, str(error))
    return redirect("suppressions")
