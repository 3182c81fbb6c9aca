"""How mail fares, and what stopped itself."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from outreach.models import Halt, MessageChannel
from outreach.selectors.deliverability import (
    PERIODS,
    domains_of,
    halts_of,
    suspended_of,
    total_of,
    trend_of,
)
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.rates import fares_by_day, sending_domain, shortest_fare, standings
from outreach.services.halting import halt, lift
from workspaces.chart_marks import marked
from workspaces.gate import GateError
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role


@require_safe
@page(Role.VIEWER)
def deliverability(request: PageRequest) -> HttpResponse:
    """Rates by domain against their lines, halts, addresses that rest, and the trend."""
    now, workspace = timezone.now(), request.workspace
    today = now.astimezone(workspace.zone).date()
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else PERIODS[1]
    since = today - timedelta(days=days - 1)
    policy = outreach_policy_of(workspace)
    lines = domains_of(workspace, policy, since)
    by_day = fares_by_day(workspace, MessageChannel.EMAIL, since=since)
    recent = shortest_fare(by_day, least=policy.judged_from, today=today)
    halts, lifted = halts_of(workspace)
    context = {
        "title": "Deliverability",
        "days": days,
        "periods": [(one, f"Last {one} days") for one in PERIODS],
        "domain": sending_domain(workspace),
        "policy": policy,
        "recent": recent,
        "standings": standings(recent, policy),
        "is_judged": recent.sent >= policy.judged_from,
        "lines": lines,
        "total": total_of(lines),
        "charts": marked(trend_of(dict(by_day), since, today), workspace=workspace),
        "halts": halts,
        "lifted": lifted,
        "suspended": suspended_of(workspace, now),
        "channels": MessageChannel.choices,
        "may_stop": has_role(request, Role.OPERATOR),
        "may_lift": has_role(request, Role.APPROVER),
    }
    return show(request, "outreach/deliverability.html", context)


@require_POST
@page(Role.OPERATOR)
def stop(request: PageRequest) -> HttpResponse:
    """Send nothing more by a channel."""
    try:
        made = halt(
            workspace=request.workspace, channel=request.POST.get("channel", ""),
            scope="", by=request.user, reason=request.POST.get("reason", ""), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, f"Nothing more goes out by {made.get_channel_display()}.")
    except GateError as error:
        messages.error(request, str(error))
    return redirect("outreach-deliverability")


@require_POST
@page(Role.APPROVER)
def go_on(request: PageRequest, halt_id: int) -> HttpResponse:
    """Let a channel or domain send again."""
    rows = Halt.objects.select_related("workspace")
    made = rows.filter(workspace=request.workspace, pk=halt_id).first()
    if made is None:
        raise Http404("There is no such stop.")
    try:
        lift(made=made, by=request.user, reason=request.POST.get("reason", ""), now=timezone.now())
        messages.success(request, f"{made} sends again.")
    except GateError as error:
        messages.error(request, str(error))
    return redirect("outreach-deliverability")
