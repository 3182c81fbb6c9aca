"""The shadow beside the champion on what is asked for: its word is kept, and never used."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from mlops.models import ModelPrediction, ModelStage, ModelVersion, PredictionDoor, PredictionRole
from mlops.services.predicting import checked_rows, record_scores, score
from mlops.services.registry.serving import shelf
from workspaces.gate import GateError


def shadow_of_batch(batch: UUID) -> ModelVersion | None:
    """The newest shadow of the name that answered a batch; loads nothing."""
    asked = ModelPrediction.objects.filter(batch=batch, role=PredictionRole.CHAMPION)
    champion = asked.values("workspace_id", "version__name")[:1]
    shadows = ModelVersion.objects.filter(
        workspace_id__in=champion.values("workspace_id"),
        name__in=champion.values("version__name"),
        stage=ModelStage.SHADOW,
    )
    return shadows.order_by("-version").first()


def score_batch_in_shadow(*, batch: UUID, now: datetime) -> int:
    """Score the rows of a batch by the shadow and keep that beside the champion's; of how many.

    A repeat adds nothing. Rows that the shadow cannot read are left out: it may read others.
    """
    shadow = shadow_of_batch(batch)
    model = shelf.take(shadow, now=now) if shadow else None
    if shadow is None or model is None:
        return 0
    rows = list(
        ModelPrediction.objects.filter(batch=batch, role=PredictionRole.CHAMPION).order_by(
            "position"
        )
    )
    try:
        read = checked_rows(shadow, [row.features for row in rows])
        outputs = score(shadow, model, read)
    except GateError:
        return 0
    record_scores(
        version=shadow,
        batch=batch,
        rows=read,
        subjects=[row.subject for row in rows],
        outputs=outputs,
        role=PredictionRole.SHADOW,
        door=PredictionDoor(rows[0].door),
        now=now,
        places=[row.position for row in rows],
    )
    return len(rows)
