"""Which of our stages a CRM's stages stand for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attribution.models import Deal, StageMapping
from attribution.selectors.revenue import current_values
from attribution.services.ledger import project
from workspaces.gate import NotAllowedError, RequestError
from workspaces.models import User
from workspaces.roles import Role
from workspaces.selectors import effective_rank


@transaction.atomic
def map_stage(*, mapping: StageMapping, stage_key: str, by: User, now: datetime) -> StageMapping:
    """Say which of our stages a CRM's stage stands for; its deals take their place there.

    Raises
    ------
    NotAllowedError : mapping needs the role of admin
    RequestError : we have no such stage
    """
    if effective_rank(user=by, workspace=mapping.workspace, now=now) < Role.ADMIN.rank:
        raise NotAllowedError("Mapping stages needs the role of admin.")
    values = current_values(workspace=mapping.workspace, now=now)
    if values.stage(stage_key) is None:
        known = ", ".join(stage.key for stage in values.stages)
        raise RequestError("stage_key", f"There is no stage {stage_key!r}; known: {known}.")
    mapping.stage_key = stage_key
    mapping.mapped_by = by
    mapping.mapped_at = now
    mapping.save(update_fields=["stage_key", "mapped_by", "mapped_at"])
    deals = Deal.objects.select_for_update().filter(
        workspace=mapping.workspace,
        source=mapping.source,
        portal=mapping.portal,
        stage_changes__pipeline=mapping.pipeline,
        stage_changes__stage=mapping.stage,
    )
    # The lock is on rows, which DISTINCT would not allow.
    for deal in {row.pk: row for row in deals.order_by("pk")}.values():
        project(deal, values)
    return mapping
