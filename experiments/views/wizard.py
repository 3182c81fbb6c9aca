"""A draft made step by step; each step is saved, so a draft can be left and found again."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from experiments.forms import STEPS, amount_of, problems_of, read_step, share_of, whole_of
from experiments.models import WHOLE, ABTest, ABTestType, Method, Mode, Surface
from experiments.selectors.checklist import checklist
from experiments.selectors.drafts import (
    ads_of,
    layers_of,
    metric_rows,
    preview_of,
    sites_of,
    targeting_fields,
    variant_rows,
)
from experiments.selectors.ideas import origin_of
from experiments.selectors.results import variants_of
from experiments.selectors.rules import parts_of, policy_of
from experiments.selectors.sizing import sizing_of
from experiments.selectors.traffic import Traffic, is_rate, primary_of, traffic_of
from experiments.services.drafting import create_draft, edit_draft
from experiments.surfaces import open_surfaces
from experiments.views.live import own_test
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

_PAGE: Final = "experiments/wizard.html"


@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """Begin a draft with its hypothesis."""
    context: dict[str, Any] = {
        "title": "New experiment", "step": "idea", "steps": STEPS.items(), "given": request.GET,
        **_choices(None),
    }  # fmt: skip
    if request.method != "POST":
        return show(request, _PAGE, context)
    try:
        test = create_draft(
            workspace=request.workspace, values=read_step("idea", request.POST, ""),
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except ValidationError as error:
        context |= {"problems": problems_of(error), "given": request.POST}
        return show(request, _PAGE, context, status=400)
    return redirect("experiment-edit", test.public_id, "audience")


@require_safe
@page(Role.VIEWER)
def edit(request: PageRequest, public_id: UUID, step: str) -> HttpResponse:
    """One step of a draft."""
    if step not in STEPS:
        raise Http404("There is no such step.")
    test = own_test(request, public_id)
    if test.has_started:
        return redirect("experiment", public_id)
    return show(request, _PAGE, _context(request, test, step))


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest, public_id: UUID, step: str) -> HttpResponse:
    """Save a step of a draft; it leads to the next."""
    if step not in STEPS or step == "review":
        raise Http404("There is no such step to save.")
    test = own_test(request, public_id)
    if test.has_started:
        return redirect("experiment", public_id)
    try:
        values = read_step(step, request.POST, test.surface)
        edit_draft(test=test, values=values, by=Proposer.person(request.user), now=timezone.now())
    except ValidationError as error:
        context = _context(request, test, step, given=request.POST)
        return show(request, _PAGE, {**context, "problems": problems_of(error)}, status=400)
    except GateError as error:
        messages.error(request, str(error))
        return redirect("experiment-edit", test.public_id, step)
    names = list(STEPS)
    onward = step if "stay" in request.POST else names[names.index(step) + 1]
    return redirect("experiment-edit", test.public_id, onward)


def _context(
    request: PageRequest, test: ABTest, step: str, given: QueryDict | None = None
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "title": test.name, "test": test, "step": step, "steps": STEPS.items(),
        "given": given or QueryDict(), "may_write": has_role(request, Role.OPERATOR),
    }  # fmt: skip
    return context | _of_step(request, test, step)


def _of_step(request: PageRequest, test: ABTest, step: str) -> dict[str, Any]:
    if step == "idea":
        return _choices(test)
    if step == "audience":
        return {"sites": sites_of(request.workspace), "layers": layers_of(request.workspace),
                "targeting": targeting_fields(test)}  # fmt: skip
    if step == "variants":
        return {
            "variant_rows": variant_rows(test),
            "ads": ads_of(request.workspace) if test.surface == Surface.AD else (),
        }
    if step == "metrics":
        return {"metric_rows": metric_rows(test)}
    if step == "size":
        return {"methods": Method.choices, "modes": Mode.choices, **_size_of(test, QueryDict())}
    return _review(test)


def _choices(test: ABTest | None) -> dict[str, Any]:
    known = [(one.value, one.label) for one in open_surfaces()]
    return {"types": ABTestType.choices, "surfaces": known, "has_draft": test is not None}


def _review(test: ABTest) -> dict[str, Any]:
    checks = checklist(test, timezone.now())
    return {
        "checks": checks,
        "is_blocked": any(one.verdict == "blocked" for one in checks),
        "needs_signature": policy_of(test.workspace).start_needs_signature,
        "variants": [(one, preview_of(test, one)) for one in variants_of(test)],
        "parts": parts_of(test),
        "origin": origin_of(test),
    }


@require_safe
@page(Role.VIEWER)
def size(request: PageRequest, public_id: UUID) -> HttpResponse:
    """How many units and days what stands in the form needs; drawn anew as one types."""
    test = own_test(request, public_id)
    return show(request, "experiments/wizard/_sizing.html", _size_of(test, request.GET))


def _size_of(test: ABTest, given: QueryDict) -> dict[str, Any]:
    """Traffic is what the pages saw lately, unless the form says otherwise."""
    traffic, of_rate = traffic_of(test, timezone.now()), is_rate(primary_of(test))
    try:
        baseline, variance = _control_of(traffic, given, of_rate=of_rate)
        daily = whole_of(given, "daily_units", None)
        units = traffic.daily_units if daily is None else float(daily)
        found = None
        if baseline and (of_rate or variance):
            found = sizing_of(
                baseline=baseline, variance=variance, daily_units=units,
                variants=max(2, test.variants.count()),
                method=given.get("method") or test.method, **_asked_of(test, given),
            )  # fmt: skip
    except ValidationError as error:
        return {"sizing_problems": problems_of(error), "of_rate": of_rate}
    except ValueError as error:
        return {"sizing_problems": [str(error)], "of_rate": of_rate}
    return {
        "sizing": found,
        "of_rate": of_rate,
        "baseline": _shown(
            None if baseline is None else round(baseline * 100, 2) if of_rate else baseline
        ),
        "spread": _shown(None if variance is None else variance**0.5),
        "daily_units": None if units is None else round(units),
        "fitting": traffic.share if daily is None and traffic.share < 1 else None,
    }


def _control_of(
    traffic: Traffic, given: QueryDict, *, of_rate: bool
) -> tuple[float | None, float | None]:
    """Value of the control and, of all but rates, the variance of a unit: told, else known."""
    if of_rate:
        told = share_of(given, "baseline", None)
        return (traffic.baseline if told is None else told / WHOLE), None
    mean, spread = amount_of(given, "baseline"), amount_of(given, "spread")
    return (
        traffic.baseline if mean is None else mean,
        traffic.variance if spread is None else spread**2,
    )


def _asked_of(test: ABTest, given: QueryDict) -> dict[str, Any]:
    """What the test shall promise, as the form says it."""
    lift = share_of(given, "minimum_effect", test.minimum_effect_bp / 100, most=1_000)
    return {
        "alpha": share_of(given, "alpha", test.alpha_bp / 100) / WHOLE,
        "power": share_of(given, "power", test.power_bp / 100) / WHOLE,
        "minimum_effect": lift / WHOLE,
        "min_days": whole_of(given, "min_days", test.min_days),
        "max_days": whole_of(given, "max_days", test.max_days),
    }


def _shown(value: float | None) -> str:
    """A figure as a field shows it."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
