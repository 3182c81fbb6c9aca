"""Scenario Studio: try a plan, keep it, compare, send it to approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import ResponseFit
from campaigns.selectors.channels import Channels, channels_of
from campaigns.selectors.predictions import newest_predictions
from campaigns.selectors.scenario_board import (
    Beside,
    charts_of,
    kept_of,
    quality_of,
    sliders_of,
    what_is_missing,
)
from campaigns.selectors.scenario_results import Shown
from campaigns.selectors.scenarios import present_of, scenarios_of, serving_fit
from campaigns.services.scenarios.fitting import CURVES_JOB
from campaigns.services.scenarios.inputs import (
    HORIZON_DAYS,
    LEVERS,
    LONGEST_DAYS,
    InputError,
    Inputs,
    read_inputs,
    read_limits,
)
from campaigns.services.scenarios.predicting import predict, suggest
from campaigns.services.scenarios.saving import save_scenario
from campaigns.services.scenarios.sending import send_scenario
from workspaces.charts import files_of
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, picture
from workspaces.reports.shapes import Pairs
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role
from workspaces.selectors import open_run
from workspaces.services.refusals import RefusedError
from workspaces.starting import start_by

WRITERS = {"csv": csv_of, "xlsx": xlsx_of}
_PAGE: Final = "campaigns/scenarios/studio.html"
_BY_CHANNEL: Final = (("budgets", "budget-"), ("least", "least-"), ("most", "most-"))
_ENDS: Final = ("at_least", "at_most")
_FEWEST, _MOST = 2, 4
TABS: Final = (
    ("campaign", "Campaign", 0), ("budget", "Budget", 0), ("ltv", "Lifetime value", 0),
    ("churn", "Churn", 0),
)  # fmt: skip


@require_GET
@page(Role.VIEWER)
def studio(request: PageRequest) -> HttpResponse:
    """Sliders, what the plan brings beside the present one, the curves behind it."""
    fit = serving_fit(request.workspace)
    may_write = has_role(request, Role.OPERATOR)
    context: dict[str, Any] = {"title": "Scenario Studio", "fit": fit, "may_write": may_write}
    if fit is None:
        context["missing"] = what_is_missing(request.workspace, timezone.now())
        context["run"] = open_run(request.workspace, CURVES_JOB)
        return show(request, _PAGE, context)
    channels = channels_of(request.workspace)
    context |= _tried(fit, request.GET, channels)
    if request.htmx:
        part = "studio" if request.GET.get("do") == "best" else "result"
        response = show(request, f"{_PAGE}#{part}", context)
        response["HX-Replace-Url"] = f"{reverse('scenarios')}?{context['plan']}"
        return response
    context |= {
        "run": open_run(request.workspace, CURVES_JOB),
        "charts": charts_of(fit, channels),
        "quality": quality_of(fit),
        "notes": [channels.said(note) for note in fit.quality["notes"]],
        "kept": kept_of(request.workspace),
    }
    return show(request, _PAGE, context)


def _tried(fit: ResponseFit, asked: QueryDict, channels: Channels) -> dict[str, Any]:
    """What the page says of a plan; one that cannot be read leaves the present plan, and why."""
    present, best, error = present_of(fit), None, ""
    given = _given(asked)
    try:
        inputs = read_inputs(given, present)
        if asked.get("do") == "best":
            best = suggest(fit=fit, inputs=inputs, limits=read_limits(given, present))
            inputs = Inputs(**{**inputs.as_json(), "budgets": best["budgets"]})
    except InputError as refused:
        inputs, error = read_inputs({}, present), f"{_name_of(refused, channels)}: {refused}"
    return {
        "inputs": inputs,
        "sliders": sliders_of(fit, inputs.budgets, channels),
        "levers": [(lever, f"{getattr(inputs, lever.name):g}") for lever in LEVERS],
        "longest": LONGEST_DAYS,
        "shown": Shown(predict(fit=fit, inputs=inputs), channels),
        "best": best and best | {end: [*map(channels.label, best[end])] for end in _ENDS},
        "error": error,
        "plan": _address(inputs, present),
    }


def _name_of(refused: InputError, channels: Channels) -> str:
    """What the page calls a field: a channel's by its label."""
    name = refused.field.rpartition(".")[2]
    return channels.label(name) if name in channels.labels else name.replace("_", " ")


def _given(asked: QueryDict) -> dict[str, Any]:
    """Fields of an address as the plan names them; empty ones were not said."""
    said = {name: text for name in asked if (text := str(asked.get(name, "")).strip())}
    given: dict[str, Any] = {
        name: {
            key.removeprefix(prefix): text for key, text in said.items() if key.startswith(prefix)
        }
        for name, prefix in _BY_CHANNEL
    }
    names = ("horizon_days", "total", *(lever.name for lever in LEVERS))
    return given | {name: said[name] for name in names if name in said}


def _address(inputs: Inputs, present: Mapping[str, float]) -> str:
    """The plan as a query: only what is not as it is now."""
    pairs = {
        f"budget-{channel}": f"{amount:.2f}"
        for channel, amount in inputs.budgets.items()
        if round(amount, 2) != present[channel]
    }
    if inputs.horizon_days != HORIZON_DAYS:
        pairs["horizon_days"] = str(inputs.horizon_days)
    values = ((lever, getattr(inputs, lever.name)) for lever in LEVERS)
    pairs |= {lever.name: f"{value:g}" for lever, value in values if value != lever.neutral}
    return urlencode(pairs)


@require_POST
@page(Role.OPERATOR)
def fit_now(request: PageRequest) -> HttpResponse:
    """Ask for new curves; the page tells how far they are."""
    start_by(request, CURVES_JOB)
    return redirect("scenarios")


@require_GET
@page(Role.VIEWER)
def progress(request: PageRequest) -> HttpResponse:
    """How far the fit is; the page anew once it has ended."""
    run = open_run(request.workspace, CURVES_JOB)
    if run is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return show(request, f"{_PAGE}#progress", {"run": run})


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest) -> HttpResponse:
    """Keep the plan that was shown."""
    fit = serving_fit(request.workspace)
    plan = request.POST.get("plan", "")
    back = f"{reverse('scenarios')}?{plan}"
    if fit is None:
        messages.error(request, "There are no curves yet; fit them first.")
        return redirect("scenarios")
    try:
        kept = save_scenario(
            fit=fit,
            inputs=read_inputs(_given(QueryDict(plan)), present_of(fit)),
            name=request.POST.get("name", ""),
            by=Proposer.person(request.user),
            now=timezone.now(),
        )
    except InputError as error:
        messages.error(request, str(error))
        return redirect(back)
    messages.success(request, f"“{kept.name}” is kept.")
    return redirect("scenario", kept.public_id)


@require_GET
@page(Role.VIEWER)
def scenario(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One that was kept, as it was shown then."""
    kept = next(iter(kept_of(request.workspace, [public_id])), None)
    if kept is None:
        raise Http404("There is no such scenario.")
    inputs = Inputs.from_json(kept.row.inputs)
    context = {
        "title": kept.row.name,
        "kept": kept,
        "shown": kept.shown,
        "plan": _address(inputs, dict.fromkeys(inputs.budgets, -1.0)),
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "campaigns/scenarios/scenario.html", context)


@require_POST
@page(Role.OPERATOR)
def send(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Turn a scenario's budgets into pending changes."""
    row = get_object_or_404(scenarios_of(request.workspace), public_id=public_id)
    try:
        sent = send_scenario(
            scenario=row, proposer=Proposer.person(request.user), now=timezone.now()
        )
    except (RefusedError, GateError) as error:
        messages.error(request, str(error))
        return redirect("scenario", row.public_id)
    for left in sent.sending.left_out:
        messages.warning(request, f"{left['budget']} stays: {left['why']}")
    if not sent.is_new:
        messages.info(request, "It was sent before; its changes stand in the queue.")
    return redirect("approvals")


@require_GET
@page(Role.VIEWER)
def compare(request: PageRequest) -> HttpResponse:
    """Two to four scenarios side by side."""
    kept = kept_of(request.workspace, _picks(request))
    if not _FEWEST <= len(kept) <= _MOST:
        messages.error(request, "Pick two to four scenarios to put side by side.")
        return redirect("scenarios")
    context = {"title": "Scenarios side by side", "beside": Beside(kept)}
    return show(request, "campaigns/scenarios/compare.html", context)


def _picks(request: PageRequest) -> list[UUID]:
    picks = []
    for text in request.GET.getlist("pick")[: _MOST + 1]:
        try:
            picks.append(UUID(text))
        except ValueError:
            continue
    return picks


@require_GET
@page(Role.VIEWER)
def export(request: PageRequest, kind: str) -> HttpResponse:
    """The plan that is shown, or scenarios side by side, as CSV or XLSX; a curve as PNG."""
    if kind == "png":
        return _curve(request, request.GET.get("chart", ""))
    if kind not in WRITERS:
        raise Http404("There is no such export.")
    words: Pairs = (("Workspace", request.workspace.name),)
    if picks := _picks(request):
        kept = kept_of(request.workspace, picks)
        if not kept:
            raise Http404("There are no such scenarios.")
        name, tables = "scenarios", [Beside(kept).table, *(one.shown.table for one in kept)]
        if len(kept) == 1:
            name, tables = slugify(kept[0].row.name) or name, [kept[0].shown.table]
    else:
        fit = serving_fit(request.workspace)
        if fit is None:
            messages.error(request, "There are no curves yet; fit them first.")
            return redirect("scenarios")
        tried = _tried(fit, request.GET, channels_of(request.workspace))
        name, tables = "scenario", [tried["shown"].table]
        words += (("Plan", tried["plan"] or "as now"), ("Curves of", str(fit.until)))
    return download(WRITERS[kind](tables, words), name=name, kind=kind)


def _curve(request: PageRequest, name: str) -> HttpResponse:
    fit = serving_fit(request.workspace)
    if fit is None:
        raise Http404("There are no curves yet.")
    found = charts_of(fit, channels_of(request.workspace))
    content = picture(files_of(chart for _, charts in found for chart in charts), name)
    return download(content, name=f"curve-{slugify(name)}-{fit.until}", kind="png")


@require_GET
@page(Role.VIEWER)
def try_one(request: PageRequest) -> HttpResponse:
    """One prediction by itself: a campaign's return, or the best split of a budget."""
    tab = request.GET.get("tab", "campaign")
    context: dict[str, Any] = {"title": "Try one prediction", "tabs": TABS, "tab": tab}
    if tab == "campaign":
        rows = list(newest_predictions(request.workspace).order_by("campaign__name", "pk"))
        asked = request.GET.get("campaign", "")
        chosen = next((row for row in rows if str(row.campaign.public_id) == asked), None)
        context |= {"rows": rows, "chosen": chosen or next(iter(rows), None)}
    elif tab == "budget":
        context |= _split(request)
    return show(request, "campaigns/scenarios/try.html", context)


def _split(request: PageRequest) -> dict[str, Any]:
    fit = serving_fit(request.workspace)
    if fit is None:
        return {"missing": what_is_missing(request.workspace, timezone.now())}
    present, given = present_of(fit), _given(request.GET)
    try:
        inputs, error = read_inputs({}, present), ""
        best = suggest(fit=fit, inputs=inputs, limits=read_limits(given, present))
    except InputError as refused:
        best, error = None, str(refused)
    total = given.get("total", f"{sum(present.values()):.2f}")
    channels = channels_of(request.workspace)
    sliders = sliders_of(fit, best["budgets"], channels) if best else []
    return {"fit": fit, "best": best, "total": total, "error": error, "sliders": sliders}
