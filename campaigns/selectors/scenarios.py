"""Curves that serve, and scenarios that were kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from campaigns.engine.response.compare import INSTALLS, REVENUE
from campaigns.engine.response.model import VERSION, ResponseModel
from campaigns.models import ResponseFit, Scenario
from workspaces.models import Workspace


def serving_fit(workspace: Workspace) -> ResponseFit | None:
    """The newest curves that this version of the engine reads; their draws are read on demand."""
    rows = ResponseFit.objects.filter(workspace=workspace, engine_version=VERSION)
    return rows.defer("curves", "charts").order_by("-pk").first()


def by_outcome(stored: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What is stored by outcome, installs first: JSON in the database keeps no order."""
    return [(name, stored[name]) for name in (INSTALLS, REVENUE) if name in stored]


def models_of(fit: ResponseFit) -> Mapping[str, ResponseModel]:
    """Curves of a fit by outcome; kept in memory, for a fit is never changed."""
    return _models(fit.public_id)


@lru_cache(maxsize=16)
def _models(public_id: UUID) -> Mapping[str, ResponseModel]:
    curves = ResponseFit.objects.values_list("curves", flat=True).get(public_id=public_id)
    return {name: ResponseModel.from_json(plain) for name, plain in by_outcome(curves)}


def present_of(fit: ResponseFit) -> dict[str, float]:
    """Money a day of each channel: the mean of the last four weeks of a fit."""
    model = next(iter(models_of(fit).values()))
    return {
        channel: round(float(amount), 2)
        for channel, amount in zip(model.channels, model.present, strict=True)
    }


def scenarios_of(workspace: Workspace) -> QuerySet[Scenario]:
    """All of a workspace, newest first, with their curves and sendings."""
    rows = Scenario.objects.filter(workspace=workspace)
    return rows.select_related("fit", "sending").defer("fit__curves", "fit__charts").order_by("-pk")
