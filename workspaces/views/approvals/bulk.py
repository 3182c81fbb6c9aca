"""Deciding many at once: what is asked once shows the totals first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from workspaces.formats import signed_money
from workspaces.gate import GateError, RequestError
from workspaces.models import Proposal, Workspace
from workspaces.pages import PageRequest, page, refuse, show
from workspaces.panels import diff_of
from workspaces.roles import Role
from workspaces.selectors import convert
from workspaces.selectors_queue import proposers
from workspaces.selectors_undo import undoable
from workspaces.services import reverting, signing
from workspaces.services.signing import BulkResult
from workspaces.views.approvals.listing import state_of

_AT_ONCE = 500
_DECISIONS = {"sign": ("Sign", "signed"), "reject": ("Reject", "rejected")}


@dataclass(frozen=True)
class Totals:
    """What a selection adds up to a day; several amounts where a rate is missing."""

    count: int
    high_risk: int
    amounts: tuple[str, ...]
    is_complete: bool


@require_POST
@page(Role.APPROVER)
def bulk(request: PageRequest) -> HttpResponse:
    """Ask once with totals, then decide each by the hash that was shown."""
    decision = request.POST.get("do", "")
    try:
        if decision not in _DECISIONS:
            raise RequestError("do", "Choose to sign or to reject.")
        picked = _picked(request)
        if "confirmed" not in request.POST:
            return _ask(request, decision, picked)
        result = _decide(request, decision, picked)
    except GateError as error:
        return refuse(request, str(error), status=error.status)
    return _report(request, result, _DECISIONS[decision][1])


def _picked(request: PageRequest) -> list[tuple[Proposal, str]]:
    """Proposals with the hash that was shown; foreign ones are as if they did not exist."""
    shown: dict[UUID, str] = {}
    for text in request.POST.getlist("pick"):
        public_id, _, sha256 = text.partition(":")
        try:
            shown[UUID(public_id)] = sha256
        except ValueError:
            raise RequestError("pick", "The selection is damaged. Reload the page.") from None
    if not shown:
        raise RequestError("pick", "Select at least one change first (key x).")
    if len(shown) > _AT_ONCE:
        raise RequestError("pick", f"Select at most {_AT_ONCE} at once.")
    found = Proposal.objects.filter(workspace=request.workspace, public_id__in=list(shown))
    rows = found.select_related("current_plan").order_by("pk")
    return [(row, shown[row.public_id]) for row in rows]


def totals_of(workspace: Workspace, proposals: list[Proposal], now: datetime) -> Totals:
    """Sum of budget moves a day in the workspace's currency; by currency without a rate."""
    sums: dict[str, Decimal] = {}
    for proposal in proposals:
        diff = diff_of(proposal.current_plan.content) if proposal.current_plan else None
        if diff and diff.delta is not None:
            sums[diff.currency] = sums.get(diff.currency, Decimal(0)) + diff.delta
    converted = {
        currency: convert(workspace=workspace, amount=amount, currency=currency, on=now.date())
        for currency, amount in sums.items()
    }
    known = [amount for amount in converted.values() if amount is not None]
    is_complete = len(known) == len(converted)
    if is_complete and known:
        amounts: tuple[str, ...] = (signed_money(sum(known, Decimal(0)), workspace.currency),)
    else:
        amounts = tuple(signed_money(amount, currency) for currency, amount in sums.items())
    high = sum(proposal.risk == "high" for proposal in proposals)
    return Totals(len(proposals), high, amounts, is_complete)


def _ask(request: PageRequest, decision: str, picked: list[tuple[Proposal, str]]) -> HttpResponse:
    context: dict[str, Any] = {
        "title": "Approvals",
        "decision": decision,
        "verb": _DECISIONS[decision][0],
        "picked": picked,
        "totals": totals_of(request.workspace, [row for row, _ in picked], timezone.now()),
        "state": request.POST.get("state", ""),
    }
    part = "#ask" if request.htmx else ""
    return show(request, f"workspaces/approvals_bulk.html{part}", context)


def _decide(request: PageRequest, decision: str, picked: list[tuple[Proposal, str]]) -> BulkResult:
    pairs = [(proposal.pk, sha256) for proposal, sha256 in picked]
    why = request.POST.get("why", "").strip()
    now = timezone.now()
    if decision == "sign":
        return signing.bulk_sign(pairs=pairs, by=request.user, now=now, why=why)
    if not why:
        raise RequestError("why", "Give a reason: the proposers learn from it.")
    return signing.bulk_reject(pairs=pairs, by=request.user, now=now, why=why)


def _report(request: PageRequest, result: BulkResult, verb: str) -> HttpResponse:
    """Say what was done and what not, on the queue as it was filtered."""
    names = dict(
        Proposal.objects.filter(pk__in=[pk for pk, _why in result.refused]).values_list(
            "pk", "subject_label"
        )
    )
    count = len(result.done)
    messages.success(request, f"{count} change{'' if count == 1 else 's'} {verb}.")
    for pk, why in result.refused:
        messages.warning(request, f"{names.get(pk, pk)}: not {verb}. {why}")
    state = state_of(QueryDict(request.POST.get("state", "")))
    target = f"/approvals/?{state}" if state else "/approvals/"
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


@require_GET
@never_cache
@page(Role.OPERATOR)
def undo_form(request: PageRequest) -> HttpResponse:
    """Choose a proposer and a moment, and see what would be undone."""
    proposer, since = request.GET.get("proposer", ""), request.GET.get("since", "")
    found: list[Proposal] = []
    error = ""
    if proposer and since:
        try:
            found = undoable(workspace=request.workspace, proposer=proposer, since=_moment(since))
        except RequestError as refusal:
            error = str(refusal)
    context = {
        "title": "Undo many",
        "proposers": proposers(workspace=request.workspace, tab="done"),
        "proposer": proposer,
        "since": since,
        "found": found,
        "diffs": [diff_of(row.current_plan.content) for row in found if row.current_plan],
        "error": error,
    }
    return show(request, "workspaces/approvals_undo.html", context, status=400 if error else 200)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise RequestError("since", "Write the moment as a day and a time.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


@require_POST
@page(Role.OPERATOR)
def undo_many(request: PageRequest) -> HttpResponse:
    """Propose the inverse of what was shown, as one bundle."""
    ids = []
    for text in request.POST.getlist("pick")[:_AT_ONCE]:
        try:
            ids.append(UUID(text))
        except ValueError:
            return refuse(request, "The selection is damaged. Reload the page.", status=400)
    if not ids:
        return refuse(request, "Nothing was selected. Choose what to undo.", status=400)
    rows = Proposal.objects.filter(workspace=request.workspace, public_id__in=ids)
    result = reverting.bulk_revert(
        proposal_ids=list(rows.values_list("pk", flat=True)),
        by=request.user,
        now=timezone.now(),
        reason=request.POST.get("why", ""),
    )
    return _report(request, result, "proposed to be undone")
