"""The budget page: the present plan against the best one, by the curves that serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import ResponseFit
from campaigns.selectors.channels import Channels, channels_of
from campaigns.selectors.scenarios import present_of
from campaigns.services.scenarios.inputs import LONGEST_DAYS, InputError
from mlops.selectors.budget_board import Field, Shown, fields_of, sent_plans
from mlops.services.budget.asking import MAX, MIN, TOTAL, Asked, read_asked
from mlops.services.budget.keeping import send_plan
from mlops.services.budget.planning import NoCurvesError, curves_for, plan_budget
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_PAGE: Final = "mlops/budget.html"
_PREFIXES: Final = ((MIN, "min-"), (MAX, "max-"))


@require_safe
@page(Role.VIEWER)
def budget(request: PageRequest) -> HttpResponse:
    """Present plan against the recommended one; a changed total or bound swaps the answer."""
    context: dict[str, Any] = {
        "title": "Budget", "may_write": has_role(request, Role.OPERATOR), "longest": LONGEST_DAYS,
    }  # fmt: skip
    try:
        fit = curves_for(workspace=request.workspace, now=timezone.now())
    except NoCurvesError as missing:
        context |= {"missing": str(missing), "sent": sent_plans(request.workspace)}
        return show(request, _PAGE, context)
    context |= _answer(fit, request.GET, channels_of(request.workspace))
    if request.htmx:
        response = show(request, f"{_PAGE}#result", context)
        response["HX-Replace-Url"] = f"{reverse('budget')}?{context['question']}"
        return response
    return show(request, _PAGE, {**context, "fit": fit, "sent": sent_plans(request.workspace)})


def _answer(fit: ResponseFit, asked: QueryDict, channels: Channels) -> dict[str, Any]:
    """What the page says; where a field cannot be read, the plan as it is now, and why."""
    present, given, error = present_of(fit), _given(asked), ""
    try:
        question = read_asked(given, present)
    except InputError as refused:
        question, error = read_asked({}, present), f"{_named(refused, channels)}: {refused}"
    fields: list[Field] = fields_of(present, question, channels)
    return {
        "shown": Shown(plan_budget(fit=fit, asked=question, now=timezone.now()), channels),
        "asked": question,
        "fields": fields,
        "question": _address(question),
        "error": error,
    }


def _named(refused: InputError, channels: Channels) -> str:
    """What the page calls a field: a channel's bound by the channel's label."""
    name, _, rest = refused.field.partition(".")
    channel = rest.rpartition(".")[0] or rest
    return channels.label(channel) if name == "bounds" and channel else name.replace("_", " ")


def _given(asked: QueryDict) -> dict[str, Any]:
    """Fields of an address as a question names them; empty ones were not said."""
    said = {name: text for name in asked if (text := str(asked.get(name, "")).strip())}
    bounds: dict[str, dict[str, str]] = {}
    for bound, prefix in _PREFIXES:
        for name, text in said.items():
            if name.startswith(prefix):
                bounds.setdefault(name.removeprefix(prefix), {})[bound] = text
    given: dict[str, Any] = {"bounds": bounds}
    return given | {name: said[name] for name in (TOTAL, "horizon_days") if name in said}


def _address(asked: Asked) -> str:
    pairs: Mapping[str, Any] = {
        TOTAL: asked.total,
        "horizon_days": asked.horizon_days,
        **{f"min-{channel}": amount for channel, amount in asked.least.items()},
        **{f"max-{channel}": amount for channel, amount in asked.most.items()},
    }
    return urlencode(pairs)


@require_POST
@page(Role.OPERATOR)
def send(request: PageRequest) -> HttpResponse:
    """Turn the plan that was shown into pending changes."""
    question = request.POST.get("question", "")
    try:
        fit = curves_for(workspace=request.workspace, now=timezone.now())
        asked = read_asked(_given(QueryDict(question)), present_of(fit))
        plan = plan_budget(fit=fit, asked=asked, now=timezone.now())
        sent = send_plan(plan=plan, by=Proposer.person(request.user), now=timezone.now())
    except (RefusedError, GateError) as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('budget')}?{question}")
    for left in sent.sending.left_out:
        messages.warning(request, f"{left['budget']} stays: {left['why']}")
    return redirect("approvals")
