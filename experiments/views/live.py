"""One test: what came of it, what the rule says, and what was done."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from experiments.models import ABTest, ABTestStatus, ABTestVariant, Dimension
from experiments.selectors.drafts import preview_of
from experiments.selectors.ideas import origin_of
from experiments.selectors.live import (
    box_of,
    cells_of,
    charts_of,
    events_of,
    roll_outs_of,
    table_of,
    weighed_of,
)
from experiments.selectors.proposals import open_proposal_of
from experiments.selectors.results import results_of, segments_of
from experiments.selectors.segments import lines_of_segments
from experiments.selectors.splits import causes_of
from workspaces.chart_marks import marked
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role

WRITERS: Final = {"csv": csv_of, "xlsx": xlsx_of}
_BY: Final = {
    Dimension.DEVICE: "Device",
    Dimension.SOURCE: "Source",
    Dimension.CUSTOMER: "Customer type",
    Dimension.COUNTRY: "Country",
}


def own_test(request: PageRequest, public_id: UUID) -> ABTest:
    """A test of the workspace, or 404."""
    row = (
        ABTest.objects.filter(workspace=request.workspace, public_id=public_id)
        .select_related("workspace__experimentpolicy", "winner", "layer", "website__site")
        .first()
    )
    if row is None:
        raise Http404("There is no such test.")
    return row


@require_safe
@page(Role.VIEWER)
def experiment(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Results, decision, roll-out and history; a draft is shown as what it would be."""
    test = own_test(request, public_id)
    if not test.has_started:
        return redirect("experiment-edit", public_id, "review")
    results = results_of(test, timezone.now())
    variants = [one.variant for one in results.split.arms]
    may_write = has_role(request, Role.OPERATOR)
    context = {
        "title": test.name,
        "test": test,
        "results": results,
        "confidence": f"{100 - 100 * results.rule.alpha:g} %",
        "variants": variants,
        "arms": [(one, _preview(test, one.variant)) for one in results.split.arms],
        "box": box_of(results),
        "cells": cells_of(results),
        "causes": causes_of(test, variants) if results.is_gated else (),
        "origin": origin_of(test),
        "roll_outs": roll_outs_of(test) if test.winner_id else (),
        "proposal": open_proposal_of(test),
        "dimensions": [(value.value, label) for value, label in _BY.items()],
        "may_write": may_write,
        "may_approve": may_write and has_role(request, Role.APPROVER),
    }
    return show(request, "experiments/live.html", context)


def _preview(test: ABTest, variant: ABTestVariant) -> str:
    """Pages show variants of tests that run, and of no others."""
    return preview_of(test, variant) if test.status == ABTestStatus.RUNNING else ""


@require_safe
@page(Role.VIEWER)
def segments(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The primary metric in parts of the units; exploratory."""
    test = own_test(request, public_id)
    by = request.GET.get("by", "")
    chosen = Dimension(by) if by in [one.value for one in _BY] else Dimension.DEVICE
    found = segments_of(test, chosen, timezone.now())
    context = {"lines": lines_of_segments(found, test), "by": _BY[chosen]}
    return show(request, "experiments/_segments.html", context)


@require_safe
@page(Role.VIEWER)
def history(request: PageRequest, public_id: UUID) -> HttpResponse:
    """How the lift went, and what was done with the test."""
    test = own_test(request, public_id)
    charts = marked(charts_of(test), workspace=request.workspace)
    context = {"charts": charts, "events": events_of(test), "weighed": weighed_of(test)}
    return show(request, "experiments/_history.html", context)


@require_safe
@page(Role.VIEWER)
def export(request: PageRequest, public_id: UUID, kind: str) -> HttpResponse:
    """Results as CSV or XLSX."""
    if kind not in WRITERS:
        raise Http404("There is no such export.")
    test = own_test(request, public_id)
    results = results_of(test, timezone.now())
    words = (
        ("Test", test.name),
        ("Status", str(test.get_status_display())),
        ("Full days", str(results.days)),
        ("Counted up to", str(results.newest_day or "–")),
    )
    return download(WRITERS[kind]([table_of(results)], words), name=f"test-{test.key}", kind=kind)
