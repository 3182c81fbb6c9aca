"""Champions that read the messages of the inbox, each those of its workspace."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from inbox.services.classifying import Reader
from mlops.engine.learning.message_intent import KIND, MessageIntent
from mlops.models import ModelStage, ModelVersion
from mlops.selectors.canary import READ_BY_PEOPLE
from mlops.services.registry.serving import ServedVersion, served, shelf


def readers_of(workspaces: Collection[int]) -> dict[int, Reader]:
    """Models that read messages of workspaces; who has none reads with what ships.

    One query tells which serve, so a promotion or a roll-back holds with the next batch.
    """
    champions = (
        ModelVersion.objects.filter(
            name=KIND, stage=ModelStage.CHAMPION, workspace__in=list(workspaces)
        )
        .select_related("workspace")
        .defer(*READ_BY_PEOPLE)
    )
    now = timezone.now()
    found = {row.workspace_id: _serving(row, now) for row in champions}
    return {
        workspace: Reader(one.model.classifier, KIND, str(one.version.version))
        for workspace, one in found.items()
        if one is not None and isinstance(one.model, MessageIntent)
    }


def _serving(version: ModelVersion, now: datetime) -> ServedVersion | None:
    """What serves, or where that is faulty what did before."""
    model = shelf.take(version, now=now)
    if model is not None:
        return ServedVersion(version, model)
    return served(workspace=version.workspace, name=version.name, now=now)
