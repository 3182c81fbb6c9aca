"""Channels as an admin sets them up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from experiments.forms import number_of, problems_of, whole_of
from outreach.models import ChannelPolicy, MessageChannel
from outreach.selectors.channel_page import channel_rows
from outreach.selectors.laws import outreach_policy_of
from outreach.selectors.worth import Answers
from outreach.services.channel_policies import save_channel
from outreach.services.learning import choose_by
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.services.connections import test_connection
from workspaces.services.refusals import RefusedError


@require_safe
@page(Role.ADMIN)
def channels(request: PageRequest) -> HttpResponse:
    """Each channel: on or off, by what it sends, from whom, its price and rate, and its law."""
    answers = Answers.of(request.workspace)
    compared = answers.comparison()
    context = {
        "title": "Channels",
        "rows": channel_rows(request.workspace, timezone.now()),
        "policy": outreach_policy_of(request.workspace),
        "currency": request.workspace.currency,
        "worth": answers.lines(),
        "comparison": compared,
        "learned_is_better": compared.is_better(learned=True),
        "table_is_better": compared.is_better(learned=False),
    }
    return show(request, "outreach/channels.html", context)


@require_POST
@page(Role.ADMIN)
def save(request: PageRequest, channel: str) -> HttpResponse:
    """Set a channel up, or try its connection."""
    if channel not in MessageChannel.values:
        raise Http404("There is no such channel.")
    try:
        if "try" in request.POST:
            _try(request, channel)
        else:
            policy = save_channel(
                workspace=request.workspace, channel=channel, values=_values(request),
                by=Proposer.person(request.user), now=timezone.now(),
            )  # fmt: skip
            state = "on" if policy.is_on else "off"
            messages.success(request, f"{policy.get_channel_display()} is saved and {state}.")
    except (GateError, RefusedError) as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(problems_of(error)))
    return redirect("outreach-channels")


@require_POST
@page(Role.ADMIN)
def chooser(request: PageRequest) -> HttpResponse:
    """Let what was learnt choose channels for most people, or the table again."""
    learned = request.POST.get("chooser") == "learned"
    try:
        choose_by(
            workspace=request.workspace, learned=learned, by=Proposer.person(request.user),
            now=timezone.now(),
        )  # fmt: skip
    except (GateError, RefusedError) as error:
        messages.error(request, str(error))
    else:
        what = "What was learnt" if learned else "The table"
        messages.success(request, f"{what} chooses for nine people in ten from the next plan on.")
    return redirect("outreach-channels")


def _values(request: PageRequest) -> dict[str, Any]:
    given = request.POST
    try:
        unit_cost = Decimal(number_of(given, "unit_cost") or "0")
    except InvalidOperation:
        raise ValidationError({"unit_cost": "Give a price as 0.05."}) from None
    return {
        "is_on": bool(given.get("is_on")),
        "connection": given.get("connection", ""),
        "sender": given.get("sender", "").strip(),
        "reply_to": given.get("reply_to", "").strip(),
        "unit_cost": unit_cost,
        "rate_per_second": whole_of(given, "rate_per_second", 50),
        "daily_limit": whole_of(given, "daily_limit", None),
        "warms_up_since": _day_of(given, "warms_up_since"),
    }


def _day_of(given: Mapping[str, Any], name: str) -> date | None:
    text = str(given.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError({name: "Give a day as 2026-06-30."}) from None


def _try(request: PageRequest, channel: str) -> None:
    """Log in at the provider without sending anything."""
    rows = ChannelPolicy.objects.select_related("connection__workspace")
    policy = rows.filter(workspace=request.workspace, channel=channel).first()
    if policy is None or policy.connection is None:
        messages.error(request, "Choose a connection and save it first.")
        return
    found = test_connection(connection=policy.connection, by=request.user, now=timezone.now())
    tell = messages.success if found.is_ok else messages.error
    tell(request, f"{policy.connection.name}: {found.words}")
