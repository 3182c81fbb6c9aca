"""Drift of what serves: looked for daily, told, and answered by a training on newer rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from django.urls import reverse

from mlops.engine.learning.drift import (
    REFERENCE,
    Calibration,
    Moved,
    calibration_of,
    moved,
    moved_since,
    verdict,
)
from mlops.engine.learning.shadow import rule_of
from mlops.models import DriftReport, ModelVersion, UserScore
from mlops.selectors.app_users import app_users, readable_until
from mlops.selectors.registry import champion_of, label_of
from mlops.selectors.watch import LEAST_DRIFT_ROWS, model_policy, unseen_from
from mlops.services.registry.serving import shelf
from mlops.services.watch.retraining import answer_drift
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify

#: Two whole weeks: inputs differ by weekday.
WINDOW_DAYS: Final = 14
#: So far back the beginning of a drift is looked for.
LOOKED_BACK: Final = timedelta(days=180)
_KNOWN_DAYS: Final = 28


def watch_drift(*, workspace: Workspace, name: str, now: datetime) -> DriftReport | None:
    """Look how far the champion's inputs, scores and calibration have moved, and answer it.

    ``None``: none serves, it keeps no picture of what it learnt from, or too few users are new.
    """
    champion = champion_of(workspace=workspace, name=name)
    if champion is None or REFERENCE not in champion.card:
        return None
    today = now.astimezone(workspace.zone).date()
    until = readable_until(workspace, today)
    users = app_users(workspace, since=until - timedelta(days=WINDOW_DAYS - 1), until=until)
    model = shelf.take(champion, now=now)
    if len(users) < LEAST_DRIFT_ROWS or model is None:
        return None
    limit = model_policy(workspace).most_moved
    found = moved(champion.card[REFERENCE], users.rows, model.predict(users.rows))
    calibration, known = _calibration(champion, until)
    is_moved, words = verdict(found, calibration, limit=limit)
    report, _ = DriftReport.objects.update_or_create(
        version=champion,
        day=today,
        defaults={
            "workspace": workspace,
            "rows": len(users),
            **_figures(found, calibration, known),
            "is_moved": is_moved,
            "moved_since": _since(champion, until, limit) if is_moved else None,
            "verdict": words,
            "made_at": now,
        },
    )
    if is_moved:
        answer_drift(report=report, now=now)
        _tell(report, now)
    return report


def _calibration(champion: ModelVersion, until: date) -> tuple[Calibration | None, int]:
    """How far its newest scores with a known outcome were off; of users it did not learn from."""
    rule = rule_of(champion.name)
    newest = until - timedelta(days=rule.horizon_days + _KNOWN_DAYS)
    rows = UserScore.objects.filter(
        version=champion, outcome__isnull=False, began_on__gte=max(newest, unseen_from(champion))
    ).values_list("outcome", "score")
    pairs = np.array(rows, dtype=np.float64).reshape(-1, 2)
    if len(pairs) < LEAST_DRIFT_ROWS:
        return None, len(pairs)
    return calibration_of(pairs[:, 0], pairs[:, 1], is_chance=rule.is_chance), len(pairs)


def _since(champion: ModelVersion, until: date, limit: float) -> date | None:
    users = app_users(champion.workspace, since=until - LOOKED_BACK, until=until)
    return moved_since(
        champion.card[REFERENCE],
        users.rows,
        users.installed_on,
        limit=limit,
        least=LEAST_DRIFT_ROWS // 2,
    )


def _figures(found: Moved, calibration: Calibration | None, known: int) -> dict[str, object]:
    return {
        "moved": {name: round(value, 4) for name, value in found.features.items()},
        "score_moved": round(found.score, 4),
        "known_rows": known,
        "calibration_error": calibration.error if calibration else None,
        "calibration_limit": calibration.limit if calibration else None,
    }


def _tell(report: DriftReport, now: datetime) -> None:
    """Tell approvers of a drift, once a week."""
    version = report.version
    year, week, _ = report.day.isocalendar()
    notify(
        workspace=report.workspace,
        rank=Role.APPROVER.rank,
        topic="model.drift",
        title=f"{label_of(version.name)} {version.version}: {report.verdict}"[:200],
        body=report.answer,
        url=reverse("model", args=[version.public_id]),
        dedup_key=f"model-drift:{version.public_id}:{year}-{week}",
        now=now,
    )
