"""Versions after training: which are watched, what they said, and what was found of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Exists, OuterRef

from mlops.models import (
    JUDGED_FROM,
    Canary,
    DriftReport,
    ModelPolicy,
    ModelStage,
    ModelVersion,
    ShadowReport,
)
from workspaces.models import Workspace

#: As many of the newest rows are compared: enough for a gain of 5 %, and done in a minute.
MOST_COMPARED: Final = 20_000
#: Fewer users tell no drift: chance alone would move a column of ten bins by a tenth.
LEAST_DRIFT_ROWS: Final = 200


def model_policy(workspace: Workspace) -> ModelPolicy:
    """The workspace's limits; as shipped while nobody has set any."""
    found = ModelPolicy.objects.filter(workspace=workspace).first()
    return found or ModelPolicy(workspace=workspace)


def watched_versions(*, workspace: Workspace, name: str) -> list[ModelVersion]:
    """The champion of a name and its newest shadow, as far as there are any, in this order.

    A canary comes before other shadows.
    """
    rows = ModelVersion.objects.filter(workspace=workspace, name=name).select_related("workspace")
    champion = rows.filter(stage=ModelStage.CHAMPION).first()
    if champion is None:
        return []
    runs = Exists(Canary.objects.filter(version=OuterRef("pk"), ended_at=None))
    shadows = rows.filter(stage=ModelStage.SHADOW).order_by(runs.desc(), "-version")
    shadow = shadows.first()
    return [champion] if shadow is None else [champion, shadow]


def unseen_from(version: ModelVersion) -> date:
    """The first day of users whom a version did not learn from."""
    told = version.card.get(JUDGED_FROM)
    if told:
        return date.fromisoformat(told)
    # Not told: what came after all of its data was surely not learnt from.
    return version.data_until or version.created_at.date() + timedelta(days=1)


@dataclass(frozen=True)
class Pairs:
    """Users whom both versions scored, the newest first; arrays are (users,).

    Attributes
    ----------
    outcome : NaN where it is not known yet
    """

    keys: npt.NDArray[np.int64]
    began_on: npt.NDArray[np.datetime64]
    champion: npt.NDArray[np.float64]
    challenger: npt.NDArray[np.float64]
    outcome: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Those whose outcome is known."""
        return ~np.isnan(self.outcome)


_PAIRS: Final = """
    SELECT s.install_id, s.began_on, c.score, s.score, s.outcome
      FROM mlops_userscore s
      JOIN mlops_userscore c ON c.install_id = s.install_id AND c.version_id = %(champion)s
     WHERE s.version_id = %(challenger)s AND s.began_on >= %(since)s
       AND (s.outcome IS NOT NULL) = %(known)s
     ORDER BY s.began_on DESC, s.install_id
     LIMIT %(most)s
"""


def pairs_of(*, champion: ModelVersion, challenger: ModelVersion, known: bool) -> Pairs:
    """Newest users whom both scored and neither learnt from, of known outcome or of none yet."""
    asked: dict[str, Any] = {
        "champion": champion.pk,
        "challenger": challenger.pk,
        "since": max(unseen_from(champion), unseen_from(challenger)),
        "known": known,
        "most": MOST_COMPARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, asked)
        rows = cursor.fetchall()
    keys, days, before, now, outcome = zip(*rows, strict=True) if rows else ((),) * 5
    return Pairs(
        keys=np.array(keys, dtype=np.int64),
        began_on=np.array(days, dtype="datetime64[D]"),
        champion=np.array(before, dtype=np.float64),
        challenger=np.array(now, dtype=np.float64),
        outcome=np.array(outcome, dtype=np.float64),
    )


def shadow_report_of(version: ModelVersion, champion: ModelVersion | None) -> ShadowReport | None:
    """The newest comparison of a version with the champion."""
    if champion is None or champion.pk == version.pk:
        return None
    reports = ShadowReport.objects.filter(version=version, champion=champion)
    return reports.select_related("champion", "version").order_by("-day").first()


def drifted_since(*, workspace: Workspace, name: str) -> date | None:
    """The first day of the users that the newest report calls moved; ``None``: stable so far."""
    report = (
        DriftReport.objects.filter(
            workspace=workspace, version__name=name, version__stage=ModelStage.CHAMPION
        )
        .order_by("-day")
        .first()
    )
    return report.moved_since if report else None


def newest_shadows(workspace: Workspace) -> dict[str, ShadowReport]:
    """The newest comparison with what serves, by name."""
    rows = ShadowReport.objects.filter(workspace=workspace, champion__stage=ModelStage.CHAMPION)
    newest = rows.order_by("champion_id", "-day", "-pk").distinct("champion_id")
    return {row.champion.name: row for row in newest.select_related("champion", "version")}


def newest_drifts(workspace: Workspace) -> dict[str, DriftReport]:
    """The newest word on the drift of what serves, by name."""
    rows = DriftReport.objects.filter(workspace=workspace, version__stage=ModelStage.CHAMPION)
    newest = rows.order_by("version_id", "-day").distinct("version_id")
    return {row.version.name: row for row in newest.select_related("version")}


def drift_reports_of(version: ModelVersion, *, days: int = 90) -> list[DriftReport]:
    """Newest reports of a version, the oldest of them first."""
    rows = DriftReport.objects.filter(version=version).order_by("-day")[:days]
    return list(rows)[::-1]
