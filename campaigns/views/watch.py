"""Signals and alerts: what changed, which lines were crossed, and what to do about it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import AlertRule, Signal
from campaigns.selectors.insight import watch
from campaigns.services.alerts import RuleRefusedError, check_alerts, mark_read, save_rule
from campaigns.services.alerts.wording import line_of
from campaigns.services.signals import ACTIONABLE, dismiss_signal, propose_action, restore_signal
from campaigns.views.watch_forms import RuleForm, picked
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services import live
from workspaces.services.refusals import RefusedError

_PAGES: Final = {"signals": "campaigns/watch/signals.html", "alerts": "campaigns/watch/alerts.html"}


@require_GET
@page(Role.VIEWER)
def signals(request: PageRequest) -> HttpResponse:
    """What changed, the pressing first, with what to do about it."""
    query = _asked(request, watch.SIGNALS)
    context = _listed(request, query, watch.signals_of(query))
    context["lines"] = watch.lines_of(request.workspace, context["rows"].object_list)
    context["actionable"] = ACTIONABLE
    return _answer(request, context)


@require_POST
@page(Role.OPERATOR)
def signal_dismiss(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Put one aside."""
    row = dismiss_signal(signal=_signal(request, public_id), by=request.user, now=timezone.now())
    return _row(request, row)


@require_POST
@page(Role.OPERATOR)
def signal_restore(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Take that back."""
    return _row(request, restore_signal(signal=_signal(request, public_id)))


@require_POST
@page(Role.OPERATOR)
def signal_propose(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Make what one recommends proposals, and go where they are signed."""
    try:
        made = propose_action(
            signal=_signal(request, public_id),
            by=Proposer.person(request.user),
            now=timezone.now(),
        )
    except (RefusedError, GateError) as error:
        messages.error(request, str(error))
        return redirect("signals")
    count = len(made)
    messages.success(request, f"Proposed: {count} change{'s' if count != 1 else ''} of one bundle.")
    if count == 1:
        return redirect("approvals-proposal", made[0].public_id)
    return redirect("approvals")


@require_GET
@page(Role.VIEWER)
def alerts(request: PageRequest) -> HttpResponse:
    """Which lines were crossed, the gravest first."""
    query = _asked(request, watch.ALERTS)
    return _answer(request, _listed(request, query, watch.alerts_of(query)))


@require_POST
@page(Role.OPERATOR)
def alerts_read(request: PageRequest) -> HttpResponse:
    """Mark one, those that were picked, or all that were shown as read."""
    chosen = request.POST.getlist("only") or request.POST.getlist(request.POST.get("do", ""))
    count = mark_read(
        workspace=request.workspace, public_ids=picked(chosen),
        by=request.user, now=timezone.now(),
    )  # fmt: skip
    messages.success(request, f"{count} alert{'s' if count != 1 else ''} marked as read.")
    return redirect("alerts")


@require_POST
@page(Role.OPERATOR)
def alerts_check(request: PageRequest) -> HttpResponse:
    """Check every rule now."""
    checked = check_alerts(workspace=request.workspace, now=timezone.now())
    messages.success(
        request,
        f"Checked: {checked.raised} raised, {checked.resolved} over, {checked.open} open now.",
    )
    return redirect("alerts")


@require_GET
@page(Role.VIEWER)
def alert_rules(request: PageRequest) -> HttpResponse:
    """The lines that are drawn; admins move them."""
    may_edit = request.membership.rank >= Role.ADMIN.rank
    context = {
        "title": "Rules of alerts",
        "lines": [
            (
                rule,
                line_of(rule=rule, workspace=request.workspace),
                RuleForm(instance=rule, prefix=f"rule-{rule.pk}") if may_edit else None,
            )
            for rule in watch.rules_of(request.workspace)
        ],
        "may_edit": may_edit,
    }
    return show(request, "campaigns/watch/rules.html", context)


@require_POST
@page(Role.ADMIN)
def alert_rule_save(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Move a line, or switch it on or off."""
    rule = get_object_or_404(AlertRule, workspace=request.workspace, public_id=public_id)
    form = RuleForm(request.POST, instance=rule, prefix=f"rule-{rule.pk}")
    if not form.is_valid():
        wrong = " ".join(f"{name}: {told.as_text()}" for name, told in form.errors.items())
        messages.error(request, f"{rule.name} was not changed. {wrong}")
        return redirect("alert-rules")
    try:
        save_rule(workspace=request.workspace, rule=rule, values=form.cleaned_data, by=request.user)
    except (RuleRefusedError, RefusedError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{rule.name} is saved; it holds from the next check on.")
    return redirect("alert-rules")


def _asked(request: PageRequest, kind: watch.Kind) -> watch.WatchQuery:
    return watch.watch_query(kind, request.workspace, request.GET.dict(), timezone.now())


def _listed(request: PageRequest, query: watch.WatchQuery, rows: QuerySet[Any]) -> dict[str, Any]:
    found = Paginator(rows, watch.ROWS).get_page(query.number)
    name = query.kind.name
    return {
        "title": name.title(),
        "name": name,
        "filters": query,
        "kind": query.kind,
        "days": watch.DAYS,
        "rows": found,
        "earlier": found.previous_page_number() if found.has_previous() else 0,
        "later": found.next_page_number() if found.has_next() else 0,
        "version": live.version(request.workspace.pk, name),
        "may_act": has_role(request, Role.OPERATOR),
        "currency": request.workspace.currency,
    }


def _answer(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    """The page, or its list alone where it has changed since it was drawn."""
    template = _PAGES[context["name"]]
    if not request.htmx:
        return show(request, template, context)
    if request.GET.get("v") == str(context["version"]):
        return HttpResponse(status=204)
    return show(request, f"{template}#list", context)


def _signal(request: PageRequest, public_id: UUID) -> Signal:
    return get_object_or_404(
        Signal.objects.select_related("workspace"),
        workspace=request.workspace,
        public_id=public_id,
    )


def _row(request: PageRequest, row: Signal) -> HttpResponse:
    if not request.htmx:
        return redirect("signals")
    context = {
        "line": watch.lines_of(request.workspace, [row])[0],
        "may_act": True,
        "actionable": ACTIONABLE,
        "currency": request.workspace.currency,
    }
    return show(request, "campaigns/watch/_signal.html", context)
