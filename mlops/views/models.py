"""Models: which version serves, which may, and each one's card."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shadow import LEAST_CAMPAIGNS
from mlops.engine.learning.shadow_rules import rule_of
from mlops.handlers import KIND
from mlops.models import ModelStage, ModelVersion
from mlops.panels import comparison_of
from mlops.selectors.canary import canary_of
from mlops.selectors.registry import (
    Family,
    champion_of,
    families,
    family_of,
    label_of,
    why_not_eligible,
)
from mlops.selectors.watch import LEAST_DRIFT_ROWS
from mlops.selectors.watch_board import CHART, watch_board, with_changes_marked
from mlops.services.job_names import training_job
from mlops.services.registry.promoting import rollback
from mlops.services.registry.starting import suggestion_for
from mlops.services.training import TRAINERS
from mlops.services.watch.jobs import SCORED_BY
from workspaces.gate import GateError, Proposer
from workspaces.models import JobRun, Proposal
from workspaces.models.gate import OPEN
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.reports.answers import download, picture
from workspaces.roles import Role
from workspaces.selectors import newest_runs
from workspaces.services.proposing import propose


@require_safe
@page(Role.VIEWER)
def models(request: PageRequest) -> HttpResponse:
    """Show the versions by name."""
    return _draw(request)


@require_safe
@page(Role.VIEWER)
def model(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Show one version: its card, its figures, where it came from."""
    return draw_one(request, version_shown(request, public_id))


@require_safe
@page(Role.VIEWER)
def chart(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One of a version's charts by its name as PNG, calibration where none is said."""
    version = version_shown(request, public_id)
    champion = champion_of(workspace=request.workspace, name=version.name)
    name = request.GET.get("chart", CHART)
    content = picture(watch_board(version, champion).files, name)
    title = f"{version.name}-{version.version}-{slugify(name)}"
    return download(content, name=title, kind="png")


@require_POST
@page(Role.OPERATOR)
def propose_promotion(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Propose that a version serves; it does once somebody else has signed."""
    version = version_shown(request, public_id)
    try:
        proposal = propose(
            workspace=request.workspace,
            kind=KIND,
            request={
                "model": version.name,
                "version": version.version,
                "canary_share": _as_share(request.POST.get("canary_pct", "")),
                "canary_days": request.POST.get("canary_days", ""),
            },
            proposer=Proposer.person(request.user),
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except GateError as error:
        return draw_one(request, version, error=error)
    messages.success(request, "Proposed. Another person has to sign it.")
    return redirect("approvals-proposal", public_id=proposal.public_id)


@require_POST
@page(Role.APPROVER)
def roll_back(request: PageRequest, name: str) -> HttpResponse:
    """Go back to the champion before this one, at once."""
    try:
        shown = UUID(request.POST.get("version", ""))
    except ValueError:
        return _draw(request, refusal="Say which version you saw. Reload the page and try again.")
    try:
        version = rollback(
            workspace=request.workspace,
            name=name,
            by=request.user,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
            shown=shown,
        )
    except GateError as error:
        return _draw(request, refusal=str(error), status=error.status)
    serves = f"Version {version.version}" if version else KINDS[name].without.capitalize()
    messages.success(request, f"{serves} of {label_of(name)} serves again.")
    return redirect("models")


def _as_share(pct: str) -> str:
    """A share of what was typed in per cent; what is no number is left to be refused."""
    try:
        return str(Decimal(pct) / 100) if pct else ""
    except InvalidOperation:
        return pct


def version_shown(request: PageRequest, public_id: UUID) -> ModelVersion:
    """The version of a path, of the workspace that one is in."""
    rows = ModelVersion.objects.filter(workspace=request.workspace)
    return get_object_or_404(
        rows.select_related("workspace", "created_by", "promoted_by"), public_id=public_id
    )


@dataclass(frozen=True)
class Card:
    """A model on the page: its versions, and its newest training where it can be trained."""

    family: Family
    can_train: bool
    run: JobRun | None


def _cards(request: PageRequest) -> list[Card]:
    found = {family.name: family for family in families(workspace=request.workspace)}
    found |= {name: family_of(name) for name in TRAINERS if name not in found}
    runs = newest_runs(request.workspace, map(training_job, TRAINERS))
    cards = [
        Card(family, name in TRAINERS, runs.get(training_job(name)))
        for name, family in found.items()
    ]
    return sorted(cards, key=lambda card: card.family.label)


def _draw(request: PageRequest, *, refusal: str = "", status: int = 400) -> HttpResponse:
    cards = _cards(request)
    context = {
        "title": "Models",
        "cards": cards,
        "has_versions": any(card.family.versions for card in cards),
        "may_train": has_role(request, Role.OPERATOR),
        "may_roll_back": has_role(request, Role.APPROVER),
        "refusal": refusal,
    }
    return show(request, "mlops/models.html", context, status=status if refusal else 200)


def draw_one(
    request: PageRequest, version: ModelVersion, *, error: GateError | None = None
) -> HttpResponse:
    """Draw the page of a version, with what was refused."""
    champion = ModelVersion.objects.filter(
        workspace=request.workspace, name=version.name, stage=ModelStage.CHAMPION
    ).first()
    serves = champion is not None and champion.pk == version.pk
    canary = canary_of(version)
    watch = with_changes_marked(watch_board(version, champion), request.workspace)
    context = {
        "title": f"{label_of(version.name)}: version {version.version}",
        "version": version,
        "serves": serves,
        "comparison": comparison_of(version, champion),
        "watch": watch,
        "watched": version.name in SCORED_BY,
        "asked_elsewhere": version.name in KINDS and bool(KINDS[version.name].asked_at),
        "rule": rule_of(version.name),
        "least_drift_rows": LEAST_DRIFT_ROWS,
        "least_campaigns": LEAST_CAMPAIGNS,
        "why_not": why_not_eligible(version),
        "waiting": Proposal.objects.filter(
            workspace=request.workspace,
            kind=KIND,
            subject_key=f"model:{version.name}",
            status__in=OPEN,
        ).first(),
        "promotions": version.promotions.filter(done_at__isnull=False)
        .select_related("proposal")
        .order_by("-done_at"),
        "canary": canary,
        "start": suggestion_for(version, champion, watch.policy),
        "may_end_canary": canary is not None
        and canary.is_open
        and has_role(request, Role.APPROVER),
        "may_propose": not serves and has_role(request, Role.OPERATOR),
        "error": error,
        "reason": request.POST.get("reason", ""),
    }
    return show(request, "mlops/model.html", context, status=error.status if error else 200)
