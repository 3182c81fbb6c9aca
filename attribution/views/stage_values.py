"""Stage values: what holds, what it implies, every version, and a form to propose others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attribution.engine.learned_values import MIN_DEALS, MIN_WON, LearnedValue
from attribution.engine.stage_documents import as_document
from attribution.engine.stage_templates import TEMPLATES
from attribution.engine.synthetic_revenue import Stage, StageValues, implied_conversion
from attribution.handlers import KIND
from attribution.models import SyntheticRevenueConfig
from attribution.selectors.learned import learned_stage_values
from attribution.selectors.revenue import current_config, values_of
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.models import Proposal
from workspaces.models.gate import OPEN
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services.proposing import propose

_VERSIONS = 30
_FIGURES = {
    "average_deal_value": "Average deal",
    "sales_cycle_days": "Sales cycle (days)",
    "win_rate": "Win rate (0 to 1)",
}


@dataclass(frozen=True)
class Line:
    """One stage on the page, with what the form says of it."""

    stage: Stage
    value: str
    confidence: str
    to_won: Decimal | None
    to_next: Decimal | None
    learned: LearnedValue | None

    @property
    def learned_value(self) -> Decimal | None:
        """What the deals say the stage is worth."""
        return None if self.learned is None else Decimal(self.learned.value)

    @property
    def learned_give(self) -> Decimal | None:
        """Half the width of its interval."""
        if self.learned is None:
            return None
        return Decimal((self.learned.high - self.learned.low) / 2)

    @property
    def is_off(self) -> bool:
        """Whether the value in force lies outside of the interval."""
        found = self.learned
        return found is not None and not found.low <= self.stage.value <= found.high


@require_safe
@page(Role.VIEWER)
def stage_values(request: PageRequest) -> HttpResponse:
    """Show the values in force; operators propose others."""
    return _draw(request)


@require_POST
@page(Role.OPERATOR)
def propose_stage_values(request: PageRequest) -> HttpResponse:
    """Propose other values; they hold once somebody else has signed."""
    now = timezone.now()
    try:
        proposal = propose(
            workspace=request.workspace,
            kind=KIND,
            request=_asked(request),
            proposer=Proposer.person(request.user),
            reason=request.POST.get("reason", ""),
            now=now,
        )
    except GateError as error:
        return _draw(request, error=error)
    messages.success(request, "Proposed. Another person has to sign it.")
    return redirect("approvals-proposal", public_id=proposal.public_id)


def _asked(request: PageRequest) -> dict[str, Any]:
    """The form as a request of the kind: a template, or the values in force with edits."""
    form = request.POST
    if template := form.get("template"):
        return {"template": template}
    config = current_config(workspace=request.workspace, now=timezone.now())
    if config is None:
        raise RequestError("template", "Choose a template to start from.")
    document = as_document(values_of(config))
    for stage in document["stages"]:
        for name in ("value", "confidence"):
            stage[name] = form.get(f"{name}-{stage['key']}", stage[name]).strip()
    for name in _FIGURES:
        document[name] = form.get(name, document[name]).strip()
    return {"values": document}


def _draw(request: PageRequest, *, error: GateError | None = None) -> HttpResponse:
    now = timezone.now()
    config = current_config(workspace=request.workspace, now=now)
    values = values_of(config) if config else None
    context = {
        "title": "Stage values",
        "config": config,
        "lines": _lines(request, values, now) if values else [],
        "least_deals": MIN_DEALS,
        "least_won": MIN_WON,
        "figures": _figures(values, request.POST) if values else [],
        "templates": TEMPLATES,
        "versions": SyntheticRevenueConfig.objects.filter(workspace=request.workspace)
        .select_related("proposal")
        .order_by("-version")[:_VERSIONS],
        "waiting": Proposal.objects.filter(
            workspace=request.workspace, kind=KIND, status__in=OPEN
        ).first(),
        "may_propose": has_role(request, Role.OPERATOR),
        "error": error,
        "reason": request.POST.get("reason", ""),
    }
    status = error.status if error else 200
    return show(request, "attribution/stage_values.html", context, status=status)


def _lines(request: PageRequest, values: StageValues, now: datetime) -> list[Line]:
    form, workspace = request.POST, request.workspace
    learned = learned_stage_values(workspace=workspace, values=values, now=now)
    shares = {row.key: row for row in implied_conversion(values)}
    written = {row["key"]: row for row in as_document(values)["stages"]}
    lines = []
    for stage in values.stages:
        share, text = shares.get(stage.key), written[stage.key]
        lines.append(
            Line(
                stage=stage,
                value=form.get(f"value-{stage.key}", text["value"]),
                confidence=form.get(f"confidence-{stage.key}", text["confidence"]),
                to_won=_pct(share.to_won) if share else None,
                to_next=_pct(share.to_next) if share else None,
                learned=learned.get(stage.key),
            )
        )
    return lines


def _pct(share: Decimal | None) -> Decimal | None:
    return None if share is None else share * 100


def _figures(values: StageValues, form: QueryDict) -> list[tuple[str, str, str]]:
    """Name, label and text of each figure."""
    document = as_document(values)
    return [(name, label, form.get(name, document[name])) for name, label in _FIGURES.items()]
