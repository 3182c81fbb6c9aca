"""Predictions of campaigns: made anew every hour and after each sync, judged when days are over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from campaigns.engine.outlook import HORIZON_DAYS, VERSION, Outlook, outlooks
from campaigns.models import Prediction
from campaigns.selectors.channel_days import Series, channel_days
from workspaces.models import Workspace
from workspaces.periods import WEEKS_DAYS, Period, yesterday_of
from workspaces.services.jobs import Progress

PREDICTIONS_JOB: Final = "predictions"
# Ratios of the days that a prediction spoke of, once the last of them is in.
_JUDGE: Final = """
UPDATE campaigns_prediction p SET actual_roas = o.roas
  FROM (SELECT q.id, (sum(d.revenue) / nullif(sum(d.spend), 0))::float8 AS roas
          FROM campaigns_prediction q
          JOIN campaigns_dailyperformance d ON d.campaign_id = q.campaign_id
           AND d.day > q.day AND d.day <= q.day + q.horizon_days
          JOIN campaigns_adaccount a ON a.id = d.account_id AND d.level = a.summing_level
         WHERE q.workspace_id = %(workspace)s AND q.actual_roas IS NULL
           AND q.day BETWEEN %(oldest)s AND %(newest)s::date - q.horizon_days
         GROUP BY q.id) o
 WHERE p.id = o.id AND o.roas IS NOT NULL
"""
_WRITTEN: Final = ("horizon_days", "predicted_roas", "low", "high", "risk_level", "model_version",
                   "feature_importance", "created_at")  # fmt: skip


@transaction.atomic
def predict_campaigns(*, workspace: Workspace, now: datetime) -> int:
    """Predict every campaign that spent on enough days; returns how many.

    Those of the same day are replaced; campaigns whose conversions are test values have none.
    """
    yesterday = yesterday_of(workspace, now)
    series = [
        own
        for own in channel_days(workspace, Period.ending(yesterday, WEEKS_DAYS), by="campaign")
        if own.has_usable_conversions
    ]
    rows = [
        _row(workspace, own, found, yesterday, now)
        for own, found in zip(series, _outlooks(series), strict=True)
        if found is not None
    ]
    Prediction.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["campaign", "day"],
        update_fields=_WRITTEN,
    )
    _judge(workspace, yesterday)
    return len(rows)


def predict_workspace(progress: Progress) -> None:
    """Body of the job."""
    count = predict_campaigns(workspace=progress.workspace, now=timezone.now())
    progress.count(predictions=count)


def _outlooks(series: list[Series]) -> list[Outlook | None]:
    if not series:
        return []
    names = sorted({own.channel for own in series})
    return outlooks(
        np.array([own.spend for own in series]),
        np.array([own.revenue for own in series]),
        np.array([names.index(own.channel) for own in series]),
    )


def _row(
    workspace: Workspace, own: Series, found: Outlook, yesterday: date, now: datetime
) -> Prediction:
    return Prediction(
        workspace=workspace,
        campaign_id=int(own.key),
        day=yesterday,
        horizon_days=HORIZON_DAYS,
        predicted_roas=found.roas,
        low=found.low,
        high=found.high,
        risk_level=found.risk,
        model_version=VERSION,
        feature_importance={
            "own days": round(found.own_weight, 4),
            f"channel {own.channel}": round(1 - found.own_weight, 4),
        },
        created_at=now,
    )


def _judge(workspace: Workspace, yesterday: date) -> None:
    asked: dict[str, Any] = {
        "workspace": workspace.pk,
        "newest": yesterday,
        "oldest": yesterday - timedelta(days=2 * WEEKS_DAYS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_JUDGE, asked)
