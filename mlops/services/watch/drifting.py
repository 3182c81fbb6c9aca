"""Drift of what serves: looked for daily, told, and answered by a training on newer rows."""

from __future__ import annotations

from datetime import date, datetime

from django.urls import reverse

from inbox.services.auto_sending import demote_all
from mlops.engine.learning import message_intent
from mlops.engine.learning.drift import (
    REFERENCE,
    Calibration,
    Moved,
    chance_of,
    moved,
    moved_since,
    verdict,
)
from mlops.models import DriftReport, ModelVersion
from mlops.selectors.registry import champion_of, label_of
from mlops.selectors.watch import LEAST_DRIFT_ROWS, model_policy
from mlops.services.registry.serving import shelf
from mlops.services.watch.comparing import rounded
from mlops.services.watch.newest import (
    LOOKED_BACK_DAYS,
    WINDOW_DAYS,
    calibration_now,
    newest_of,
)
from mlops.services.watch.retraining import answer_drift
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify


def watch_drift(*, workspace: Workspace, name: str, now: datetime) -> DriftReport | None:
    """Look how far the champion's inputs, scores and calibration have moved, and answer it.

    ``None``: none serves, it keeps no picture of what it learnt from, or too few users or days of
    campaigns are new.
    """
    champion = champion_of(workspace=workspace, name=name)
    if champion is None or REFERENCE not in champion.card:
        return None
    model = shelf.take(champion, now=now)
    newest = newest_of(champion, now, WINDOW_DAYS, model)
    if not newest.is_enough or model is None:
        return None
    reference, limit = champion.card[REFERENCE], model_policy(workspace).most_moved
    found, chance = moved(reference, newest.watched, newest.score), None
    if newest.campaigns is not None:
        chance = chance_of(reference, newest.watched, newest.score, newest.campaigns)
    calibration, known = calibration_now(champion, now)
    is_moved, words = verdict(found, calibration, limit=limit, chance=chance)
    report, _ = DriftReport.objects.update_or_create(
        version=champion,
        day=now.astimezone(workspace.zone).date(),
        defaults={
            "workspace": workspace,
            "rows": len(newest),
            **_figures(found, chance, calibration, known),
            "is_moved": is_moved,
            "moved_since": _since(champion, now, limit) if is_moved else None,
            "verdict": words,
            "made_at": now,
        },
    )
    if is_moved:
        answer_drift(report=report, now=now)
        _tell(report, now)
        if name == message_intent.KIND:
            # What reads messages otherwise than it was judged must not answer them alone.
            why = f"The reading of messages drifts: {words}"[:200]
            demote_all(workspace=workspace, reason=why, now=now)
    return report


def _since(champion: ModelVersion, now: datetime, limit: float) -> date | None:
    newest = newest_of(champion, now, LOOKED_BACK_DAYS)
    return moved_since(
        champion.card[REFERENCE],
        newest.watched,
        newest.began_on,
        limit=limit,
        least=LEAST_DRIFT_ROWS // 2,
        groups=newest.campaigns,
    )


def _figures(
    found: Moved, chance: Moved | None, calibration: Calibration | None, known: int
) -> dict[str, object]:
    return {
        "moved": rounded(found.features),
        "score_moved": round(found.score, 4),
        "chance": rounded(chance.features if chance else {}),
        "score_chance": round(chance.score, 4) if chance else None,
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
