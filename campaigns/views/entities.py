"""Campaigns and what is in them: figures, history, and proposing a change by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import AdAccount, Campaign, LifeState
from campaigns.selectors.derived import NO_SCORE, SCORE_MEANS
from campaigns.selectors.pages import (
    campaign_lines,
    entity_page,
    find_entity,
    totals_of,
    value_field,
    zone_note,
)
from campaigns.selectors.subjects import Entity
from workspaces.chart_marks import marked
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.services.proposing import propose

_PAGE_SIZE = 50


@require_GET
@page(Role.VIEWER)
def campaign_list(request: PageRequest) -> HttpResponse:
    """Campaigns with the figures of the last 28 full days."""
    now = timezone.now()
    search = request.GET.get("q", "").replace("\x00", "").strip()
    campaigns = Campaign.objects.filter(workspace=request.workspace, archived_at=None)
    if search:
        campaigns = campaigns.filter(name__icontains=search)
    life = request.GET.get("life_state", "")
    if life in LifeState.values:
        campaigns = campaigns.filter(life_state=life)
    paginator = Paginator(campaigns.select_related("account").order_by("name", "pk"), _PAGE_SIZE)
    found = paginator.get_page(request.GET.get("page"))
    lines = campaign_lines(workspace=request.workspace, campaigns=list(found), now=now)
    accounts = {line.campaign.account_id: line.campaign.account for line in lines}
    context = {
        "title": "Campaigns",
        "lines": lines,
        "found": found,
        "search": search,
        "life": life,
        "lives": LifeState.choices,
        "is_narrowed": bool(search or life),
        "totals": totals_of(workspace=request.workspace, now=now),
        "value_label": value_field(request.workspace).replace("_", " "),
        "notes": _notes(list(accounts.values()), request),
    }
    return show(request, "campaigns/campaign_list.html", context)


def _notes(accounts: list[AdAccount], request: PageRequest) -> list[str]:
    """What must be known to read the figures: other days, other sources, unusable conversions."""
    notes = []
    for account in accounts:
        if note := zone_note(account, request.workspace):
            notes.append(note)
        if not account.has_usable_conversions:
            notes.append(f"Conversions and revenue of {account.name} are not usable.")
        if account.data_source:
            notes.append(f"{account.name}: {account.data_source}")
    return notes


def _entity(request: PageRequest, entity_type: str, public_id: UUID) -> Entity:
    entity = find_entity(workspace=request.workspace, entity_type=entity_type, public_id=public_id)
    if entity is None:
        raise Http404("There is no such campaign, ad set or ad in this workspace.")
    return entity


@require_GET
@page(Role.VIEWER)
def entity(request: PageRequest, entity_type: str, public_id: UUID) -> HttpResponse:
    """One campaign, ad set or ad."""
    return _draw(request, _entity(request, entity_type, public_id))


def _draw(
    request: PageRequest, entity: Entity, *, error: RequestError | GateError | None = None
) -> HttpResponse:
    is_by_score = request.GET.get("sort") == "score"
    found = entity_page(
        entity=entity, workspace=request.workspace, now=timezone.now(), is_by_score=is_by_score
    )
    context: dict[str, Any] = {
        "title": entity.name,
        "found": found,
        "charts": marked(
            found.charts,
            workspace=request.workspace,
            scoped={"campaign": str(found.campaign.public_id)},
        ),
        "entity": entity,
        "account": found.account,
        "value_label": value_field(request.workspace).replace("_", " "),
        "can_propose": has_role(request, Role.OPERATOR),
        "notes": _notes([found.account], request),
        "is_by_score": is_by_score,
        "score_means": SCORE_MEANS,
        "no_score": NO_SCORE,
        "error": str(error) if error else "",
        "given": request.POST,
    }
    status = error.status if error else 200
    return show(request, "campaigns/entity.html", context, status=status)


@require_POST
@page(Role.OPERATOR)
def propose_change(request: PageRequest, entity_type: str, public_id: UUID) -> HttpResponse:
    """Propose a change by hand; it waits for another person's signature."""
    entity = _entity(request, entity_type, public_id)
    try:
        proposal = propose(
            workspace=request.workspace,
            kind="ad_change",
            request={
                "account": str(entity.account.public_id),
                "entity_type": entity_type,
                "entity": str(entity.public_id),
                "change_type": request.POST.get("change_type", ""),
                "value": request.POST.get("value", "").strip(),
            },
            proposer=Proposer.person(request.user),
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except GateError as error:
        return _draw(request, entity, error=error)
    messages.success(request, "Proposed. Another person has to sign it.")
    return redirect("approvals-proposal", public_id=proposal.public_id)
