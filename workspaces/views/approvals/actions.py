"""What a person does to one proposal. Each action is one service call on the plan he saw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from workspaces.gate import GateError, Proposer, RequestError, StalePlanError
from workspaces.models import Proposal
from workspaces.pages import PageRequest, page
from workspaces.panels import panel_of
from workspaces.roles import Role
from workspaces.services import execution, proposing, reverting, signing
from workspaces.views.approvals.detail import draw, own_proposal

_SNOOZE_HOURS = ("1", "4", "12")

Action = Callable[[PageRequest, Proposal, datetime], tuple[Proposal, str]]


@require_POST
@page(Role.AGENT)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Do one thing to one proposal, and show what it is now."""
    if action not in ACTIONS:
        raise Http404("There is no such action.")
    proposal = own_proposal(request, public_id)
    try:
        _require_shown(request, proposal)
        changed, sentence = ACTIONS[action](request, proposal, timezone.now())
    except GateError as error:
        return draw(
            request, own_proposal(request, public_id), error=str(error), status=error.status
        )
    if not request.htmx:
        messages.success(request, sentence)
        return redirect("approvals-proposal", public_id=changed.public_id)
    return draw(request, own_proposal(request, changed.public_id), done=sentence)


def _require_shown(request: PageRequest, proposal: Proposal) -> None:
    """Refuse what was decided on another plan than the current one."""
    plan = proposal.current_plan
    if plan is None or request.POST.get("plan_sha256") != plan.sha256:
        raise StalePlanError(proposal)


def _why(request: PageRequest) -> str:
    return request.POST.get("why", "").strip()


def _sign(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    signed = signing.sign(
        proposal_id=proposal.pk,
        plan_sha256=request.POST["plan_sha256"],
        by=request.user,
        now=now,
        why=_why(request),
    )
    is_approved = signed.status == "approved"
    return signed, "Signed." if is_approved else "Signed. It needs another signature."


def _reject(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    rejected = signing.reject(
        proposal_id=proposal.pk,
        plan_sha256=request.POST["plan_sha256"],
        by=request.user,
        now=now,
        why=_why(request),
    )
    return rejected, "Rejected."


def _edit(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    field = panel_of(proposal.kind).edit_field(proposal)
    if field is None:
        raise RequestError("value", "This kind of change cannot be edited. Reject it instead.")
    value = request.POST.get("value", "").strip()
    edited = proposing.edit(
        proposal_id=proposal.pk, changes={field.name: value}, by=request.user, now=now,
        why=_why(request),
    )  # fmt: skip
    return edited, "Edited. The new version starts without signatures."


def _snooze(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    hours = request.POST.get("hours", "")
    if hours not in _SNOOZE_HOURS:
        raise RequestError("hours", f"Choose {', '.join(_SNOOZE_HOURS)} hours.")
    until = now + timedelta(hours=int(hours))
    snoozed = signing.snooze(proposal_id=proposal.pk, until=until, by=request.user, now=now)
    return snoozed, f"Hidden from everyone's queue for {hours} h."


def _withdraw(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    return (
        signing.withdraw(proposal_id=proposal.pk, by=request.user, now=now),
        "Your signature is withdrawn.",
    )


def _cancel(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    cancelled = signing.cancel(proposal_id=proposal.pk, by=request.user, now=now, why=_why(request))
    return cancelled, "Cancelled."


def _undo(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    inverse = reverting.revert(
        proposal_id=proposal.pk, by=request.user, now=now, reason=_why(request)
    )
    return inverse, "Proposed the way back. Another person has to sign it."


def _retry(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    again = proposing.propose(
        workspace=proposal.workspace,
        kind=proposal.kind,
        request=proposal.request,
        proposer=Proposer.person(request.user),
        reason=_why(request) or f"Try again: {proposal.reason}",
        now=now,
        evidence={"tries_again": str(proposal.public_id)},
    )
    return again, "Proposed again on fresh figures. Another person has to sign it."


def _tick(request: PageRequest, proposal: Proposal, now: datetime) -> tuple[Proposal, str]:
    done = execution.complete_by_hand(
        proposal_id=proposal.pk, by=request.user, now=now, note=_why(request)
    )
    return done, "Ticked off as done by hand."


ACTIONS: dict[str, Action] = {
    "sign": _sign,
    "reject": _reject,
    "edit": _edit,
    "snooze": _snooze,
    "withdraw": _withdraw,
    "cancel": _cancel,
    "undo": _undo,
    "retry": _retry,
    "tick": _tick,
}
