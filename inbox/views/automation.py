"""Sending without a signature: what speaks for it, its switches, and the audit that watches it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from inbox.engine.auto_send import LEAST_CONFIDENCE, LEAST_PRECISION
from inbox.models import AuditedReply, ReplyDraft, Verdict
from inbox.selectors.audits import asked_of, progress_of
from inbox.selectors.automation import standings
from inbox.services.auditing import judge, waiting_for
from inbox.services.auto_sending import hold_back, set_share, switch_off, switch_on
from inbox.views.acting import tell_done
from inbox.views.listing import state_of
from workspaces.gate import GateError
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role

_LONGEST: Final = 12


@require_GET
@never_cache
@page(Role.OPERATOR)
def automation(request: PageRequest) -> HttpResponse:
    """Each intent that may be answered unsigned: its switch, and how good its drafts were."""
    context = {
        "title": "Automatic answers",
        "standings": standings(request.workspace, timezone.now()),
        "least": LEAST_PRECISION,
        "least_confidence": LEAST_CONFIDENCE,
        "may_switch_on": has_role(request, Role.ADMIN),
    }
    return show(request, "inbox/automation.html", context)


@require_POST
@page(Role.OPERATOR)
def switch(request: PageRequest, intent: str) -> HttpResponse:
    """Switch an intent on or off, or say how much of it is looked at."""
    given, now = request.POST, timezone.now()
    own: dict[str, Any] = {
        "workspace": request.workspace, "intent": intent, "by": request.user, "now": now,
    }  # fmt: skip
    try:
        if given.get("do") == "on":
            switch_on(**own)
            said = "On. Whatever the rules allow goes out after the seconds to undo it."
        elif given.get("do") == "share":
            set_share(**own, share=_share(given.get("share", "")))
            said = "Kept."
        else:
            switch_off(**own, reason=given.get("reason", ""))
            said = "Off. People sign all of them again."
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    messages.success(request, said)
    return redirect("inbox-automation")


def _share(text: str) -> float:
    return int(text) / 100 if text.isascii() and text.isdecimal() and len(text) < 4 else 0.0


@require_GET
@never_cache
@page(Role.AGENT)
def audit(request: PageRequest) -> HttpResponse:
    """One draft to judge: what was asked, what was said before, and what the machine wrote."""
    asked = asked_of(waiting_for(workspace=request.workspace, user=request.user))
    context = {
        "title": "Judge drafts",
        "asked": asked,
        "progress": progress_of(request.workspace, timezone.now()),
        "revealed": _revealed(request),
    }
    return show(request, "inbox/audit.html", context)


def _revealed(request: PageRequest) -> AuditedReply | None:
    """What was judged to be bad just now and went out unsigned: somebody should look at it."""
    number = request.GET.get("bad", "")
    if not (number.isascii() and number.isdecimal() and len(number) < _LONGEST):
        return None
    rows = AuditedReply.objects.select_related("draft__conversation")
    return rows.filter(
        workspace=request.workspace, pk=number, judged_by=request.user, verdict=Verdict.BAD,
        draft__response__isnull=False,
    ).first()  # fmt: skip


@require_POST
@page(Role.AGENT)
def verdict(request: PageRequest, pk: int) -> HttpResponse:
    """Say good or bad, and go on with the next one."""
    row = AuditedReply.objects.filter(workspace=request.workspace, pk=pk).first()
    if row is None:
        raise Http404("There is no such draft to judge.")
    row.workspace = request.workspace
    given = request.POST
    try:
        told = judge(
            audited=row, verdict=given.get("verdict", ""), why=given.get("why", ""),
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    is_bad = told.verdict == Verdict.BAD
    return redirect(f"/inbox/audit/{f'?bad={told.pk}' if is_bad else ''}")


@require_POST
@page(Role.AGENT)
def hold(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Hold an answer back that is about to go out unsigned."""
    rows = ReplyDraft.objects.select_related("proposal__current_plan", "conversation")
    draft = rows.filter(workspace=request.workspace, proposal__public_id=public_id).first()
    if draft is None:
        raise Http404("There is no such draft.")
    try:
        hold_back(proposal=draft.proposal, by=request.user, now=timezone.now())
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    if request.htmx:
        said = '<p class="cs-note" role="status">Held back. It waits for you.</p>'
        return tell_done(HttpResponse(said))
    messages.success(request, "Held back. It waits for a person.")
    return redirect(f"/inbox/{draft.conversation.public_id}/?{state_of(request.GET)}")
