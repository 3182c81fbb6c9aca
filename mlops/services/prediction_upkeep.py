"""Predictions are kept as long as somebody may ask what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from mlops.models import ModelPrediction
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

PURGE_JOB: Final = "prediction-purge"
BATCH: Final = 5_000


def purge_predictions(*, workspace: Workspace, now: datetime, batch: int = BATCH) -> int:
    """Delete predictions past their time; returns how many."""
    before = now - timedelta(days=settings.MODEL_PREDICTION_KEEP_DAYS)
    old = ModelPrediction.objects.filter(workspace=workspace, created_at__lt=before)
    total = 0
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:batch]):
        total += ModelPrediction.objects.filter(pk__in=keys).delete()[0]
    return total


def purge_workspace(progress: Progress) -> None:
    """Body of the purging job."""
    progress.count(predictions=purge_predictions(workspace=progress.workspace, now=progress.now))
