"""Canaries: which runs, what is known of it, and which versions are to stand loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection
from django.db.models import Count, Q

from mlops.engine.learning.shapes import FloatArray
from mlops.models import Canary, ModelPrediction, ModelStage, ModelVersion, PredictionRole
from mlops.selectors.watch import MOST_COMPARED, unseen_from
from workspaces.models import Workspace
from workspaces.models.gate import OPEN

#: Long columns of a version that no prediction needs.
READ_BY_PEOPLE: Final = ("card", "verdict", "metrics", "baselines")
_ANSWERING: Final = (PredictionRole.CHAMPION, PredictionRole.CANARY)


def running_canary(*, workspace: Workspace, name: str) -> Canary | None:
    """The open canary of a model, without what only people read."""
    return (
        Canary.objects.filter(workspace=workspace, name=name, ended_at=None)
        .select_related("version__workspace")
        .defer("seen", "standing", *(f"version__{field}" for field in READ_BY_PEOPLE))
        .first()
    )


def running_canaries(workspace: Workspace) -> dict[str, Canary]:
    """All open ones, by model."""
    rows = Canary.objects.filter(workspace=workspace, ended_at=None)
    return {row.name: row for row in rows.select_related("version", "champion")}


def is_canary(version: ModelVersion) -> bool:
    """Whether a version answers a share of the subjects now."""
    return Canary.objects.filter(version=version, ended_at=None).exists()


def canary_of(version: ModelVersion) -> Canary | None:
    """The newest canary of a version."""
    rows = Canary.objects.filter(version=version).select_related("champion", "proposal", "ended_by")
    return rows.order_by("-started_at", "-pk").first()


def versions_to_load(limit: int) -> list[ModelVersion]:
    """What serves, and what may serve at any moment: canaries, and what waits for a signature.

    Champions first, of these the newest.
    """
    rows = ModelVersion.objects.select_related("workspace")
    rows = rows.filter(workspace__in=Workspace.objects.open())
    champions = rows.filter(stage=ModelStage.CHAMPION).order_by("-promoted_at", "-pk")
    found = list(champions[:limit])
    next_ones = rows.exclude(stage=ModelStage.CHAMPION).filter(
        Q(pk__in=Canary.objects.filter(ended_at=None).values("version"))
        | Q(promotions__proposal__status__in=OPEN)
    )
    return [*found, *next_ones.distinct().order_by("-pk")[: limit - len(found)]]


@dataclass(frozen=True)
class LivePairs:
    """Subjects that a canary answered whose outcome is known, the newest first; (subjects,).

    Attributes
    ----------
    champion : what the daily scores of the champion say of the same users
    canary : what was answered last of each
    """

    outcome: FloatArray
    champion: FloatArray
    canary: FloatArray


_PAIRS: Final = """
    SELECT c.outcome, c.score, p.said
      FROM (SELECT DISTINCT ON (subject) subject, output[1] AS said, created_at
              FROM mlops_modelprediction
             WHERE version_id = %(version)s AND role = 'canary' AND subject <> ''
               AND created_at >= %(since)s
             ORDER BY subject, created_at DESC, id DESC) p
      JOIN attribution_userinstall i ON i.workspace_id = %(workspace)s AND i.user_id = p.subject
      JOIN mlops_userscore c ON c.install_id = i.id AND c.version_id = %(champion)s
     WHERE c.outcome IS NOT NULL AND c.began_on >= %(unseen)s
     ORDER BY p.created_at DESC, i.id
     LIMIT %(most)s
"""


def live_pairs(canary: Canary) -> LivePairs:
    """What a canary answered in earnest against what came, beside what the champion says."""
    asked: dict[str, Any] = {
        "workspace": canary.workspace_id,
        "version": canary.version_id,
        "champion": canary.champion_id,
        "since": canary.started_at,
        "unseen": max(unseen_from(canary.champion), unseen_from(canary.version)),
        "most": MOST_COMPARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, asked)
        rows = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 3)
    return LivePairs(rows[:, 0], rows[:, 1], rows[:, 2])


@dataclass(frozen=True)
class Answers:
    """How many rows each version has answered since a canary began, and the newest figures."""

    canary: int
    champion: int
    canary_said: FloatArray
    champion_said: FloatArray


def answers_since(canary: Canary) -> Answers:
    """What both versions answered while a canary ran."""
    rows = ModelPrediction.objects.filter(
        workspace=canary.workspace_id, created_at__gte=canary.started_at, role__in=_ANSWERING
    )
    of_canary = Q(version=canary.version_id, role=PredictionRole.CANARY)
    of_champion = Q(version=canary.champion_id, role=PredictionRole.CHAMPION)
    counts = rows.filter(of_canary | of_champion).aggregate(
        canary=Count("pk", filter=of_canary), champion=Count("pk", filter=of_champion)
    )
    return Answers(
        counts["canary"], counts["champion"], _said(rows, of_canary), _said(rows, of_champion)
    )


def _said(rows: Any, whose: Q) -> FloatArray:
    newest = rows.filter(whose).order_by("-created_at", "-pk")[:MOST_COMPARED]
    return np.array(newest.values_list("output__0", flat=True), dtype=np.float64)
