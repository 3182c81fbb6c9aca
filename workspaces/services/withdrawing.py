"""Proposals that lost their sense: withdrawn by us, any number at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from workspaces.models import Proposal, Status, Workspace
from workspaces.services.events import announce_all


@transaction.atomic
def withdraw_all(
    *, proposals: QuerySet[Proposal], workspace: Workspace, why: str, now: datetime
) -> int:
    """Cancel those of some proposals that wait or are signed; how many. What runs goes on."""
    waiting = (Status.PENDING, Status.APPROVED)
    locked = list(
        Proposal.objects.select_for_update(of=("self",))
        .select_related("workspace", "current_plan")
        .filter(workspace=workspace, pk__in=proposals.values("pk"), status__in=waiting)
        .order_by("pk")
    )
    if locked:
        Proposal.objects.filter(pk__in=[row.pk for row in locked]).update(
            status=Status.CANCELLED, decided_at=now, decision_reason=why, updated_at=now
        )
        announce_all(locked, "cancelled", now=now)
    return len(locked)
