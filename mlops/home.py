"""What models bring to the home page: promotions, what has drifted, and how each fares."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from mlops.models import DriftReport, ModelStage, ModelVersion, Promotion
from workspaces.home import CHANGED, HEALTH, Asked, Card, Figure, register_card, register_figures

_MOST: Final = 8


def register() -> None:
    """Bring them."""
    register_figures(_FIGURES)
    register_card(
        Card("models", "Models at work", "models", "mlops/home_models.html", _models, position=30)
    )


def _promoted(asked: Asked) -> QuerySet[Promotion]:
    return Promotion.objects.filter(workspace=asked.workspace, done_at__gte=asked.since)


def _champions(asked: Asked) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(workspace=asked.workspace, stage=ModelStage.CHAMPION)


def _moved(asked: Asked) -> QuerySet[ModelVersion]:
    """Champions whose users are no longer those that they learnt from."""
    told = DriftReport.objects.filter(
        workspace=asked.workspace, version=OuterRef("pk"), day__gte=asked.since.date(),
        is_moved=True,
    )  # fmt: skip
    return _champions(asked).filter(Exists(told))


def _models(asked: Asked) -> dict[str, Any]:
    """Champions with the newest that was found of each."""
    newest = DriftReport.objects.filter(
        workspace=asked.workspace, version=OuterRef("pk")
    ).order_by("-day")  # fmt: skip
    rows = _champions(asked).annotate(
        told=Subquery(newest.values("verdict")[:1]), moved=Subquery(newest.values("is_moved")[:1])
    )
    return {"versions": list(rows.order_by("name")[:_MOST])}


_FIGURES: Final = (
    Figure("promoted", CHANGED, ("model was promoted", "models were promoted"), "models",
           _promoted, position=50),
    Figure("drift", HEALTH, ("model sees other users than it learnt from",
                             "models see other users than they learnt from"), "models", _moved,
           is_bad=True, position=30),
)  # fmt: skip
