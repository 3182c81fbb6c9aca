"""How an ad change looks in the queue, and how the queue is narrowed to an ad account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns.models import AdAccount, AdChangeHistory, ChangeType, PendingAdChange
from campaigns.planning import STATUSES
from campaigns.selectors.subjects import MODELS
from workspaces.models import Proposal, Workspace
from workspaces.panels import EditField, Facet, KindPanel

_HISTORY = 10


def _context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """The change's own row, its entity's page and what was done to the entity before."""
    change = PendingAdChange.objects.select_related("account").filter(proposal=proposal).first()
    if change is None:
        return {}
    entity = MODELS[change.entity_type].objects.filter(pk=change.entity_id).first()
    history = AdChangeHistory.objects.filter(
        account=change.account,
        entity_type=change.entity_type,
        entity_id=change.entity_id,
    ).order_by("-completed_at", "-pk")
    return {"change": change, "entity": entity, "history": list(history[:_HISTORY])}


def _edit_field(proposal: Proposal) -> EditField | None:
    request = proposal.request
    plan = proposal.current_plan
    if plan is None:
        return None
    if request.get("change_type") == ChangeType.STATUS:
        choices = tuple((str(status), str(status.label)) for status in STATUSES)
        return EditField("value", "New state", str(request.get("value", "")), choices)
    label = "New bid" if request.get("change_type") == ChangeType.BID else "New budget"
    return EditField("value", label, plan.content["after"], unit=plan.content["currency"])


def _accounts(workspace: Workspace) -> Sequence[tuple[str, str]]:
    rows = AdAccount.objects.filter(workspace=workspace, archived_at=None).order_by("name", "pk")
    return [(str(public_id), name) for public_id, name in rows.values_list("public_id", "name")]


def _narrow(rows: QuerySet[Proposal], account: str) -> QuerySet[Proposal]:
    """By the subject's key, which the queue's index holds; a join would read a row for each."""
    found = AdAccount.objects.filter(public_id=account).values_list("platform", "external_id")
    platform, external_id = found.first() or ("", "")
    return rows.filter(kind="ad_change", subject_key__startswith=f"{platform}:{external_id}:")


AD_CHANGE_PANEL = KindPanel(
    kind="ad_change",
    context=_context,
    edit_field=_edit_field,
    facets=(Facet("account", "Ad account", _accounts, _narrow),),
)
