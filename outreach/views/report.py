"""One campaign: what came of it, what it earned, where it stands, what is to come."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from outreach.models import CampaignStatus, OutreachCampaign
from outreach.selectors.campaign_report import (
    charts_of,
    report_of,
    tables_of,
    to_come,
    waves_of,
)
from outreach.selectors.campaign_revenue import chosen_model, earned_by
from outreach.selectors.launches import active_plan, open_launch_of
from workspaces.chart_marks import marked
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download
from workspaces.reports.sheets import csv_of, xlsx_of
from workspaces.roles import Role

WRITERS: Final = {"csv": csv_of, "xlsx": xlsx_of}


def own_campaign(request: PageRequest, public_id: UUID) -> OutreachCampaign:
    """A campaign of the workspace, or 404."""
    rows = OutreachCampaign.objects.select_related("workspace", "audience", "test")
    row = rows.filter(workspace=request.workspace, public_id=public_id).first()
    if row is None:
        raise Http404("There is no such campaign.")
    return row


@require_safe
@page(Role.VIEWER)
def campaign(request: PageRequest, public_id: UUID) -> HttpResponse:
    """The report; a draft is shown as what it would be."""
    row = own_campaign(request, public_id)
    if row.status in (CampaignStatus.DRAFT, CampaignStatus.AWAITING_APPROVAL):
        return redirect("outreach-campaign-edit", public_id, "review")
    now = timezone.now()
    steps = list(row.steps.order_by("position"))
    plan = active_plan(row)
    report = report_of(row, steps)
    context = {
        "title": row.name,
        "campaign": row,
        "plan": plan,
        "report": report,
        "charts": marked(charts_of(report), workspace=request.workspace),
        "waves": waves_of(plan),
        "ahead": to_come(row, plan, now.astimezone(request.workspace.zone).date()),
        "step_names": {one.position: str(one) for one in steps},
        "proposal": open_launch_of(row),
        "currency": request.workspace.currency,
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "outreach/report.html", context)


@require_safe
@page(Role.VIEWER)
def revenue(request: PageRequest, public_id: UUID) -> HttpResponse:
    """What a model gives to the campaign; asked for after the page is there."""
    row = own_campaign(request, public_id)
    model, models = chosen_model(row, request.GET.get("model", ""))
    names = {str(one.pk): f"{one.position}. {one}" for one in row.steps.order_by("position")}
    context = {
        "campaign": row,
        "models": [(one.method, one.name) for one in models],
        "model": model,
        "earned": earned_by(row, model, names, timezone.now()) if model else None,
        "currency": request.workspace.currency,
    }
    return show(request, "outreach/_revenue.html", context)


@require_safe
@page(Role.VIEWER)
def export(request: PageRequest, public_id: UUID, kind: str) -> HttpResponse:
    """The counters as CSV or XLSX."""
    if kind not in WRITERS:
        raise Http404("There is no such export.")
    row = own_campaign(request, public_id)
    report = report_of(row, list(row.steps.order_by("position")))
    words = (
        ("Campaign", row.name),
        ("Status", str(row.get_status_display())),
        ("Currency", request.workspace.currency),
    )
    content = WRITERS[kind](tables_of(report), words)
    return download(content, name=f"campaign-{row.public_id}", kind=kind)
