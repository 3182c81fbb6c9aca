"""A batch goes in whole and becomes the one that people see; old ones go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final

import numpy as np
from django.db import models, transaction
from django.db.models import Count

from mlops.models import (
    BudgetRecommendation,
    MLDashboard,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SyncRun,
    SyncState,
)
from mlops.selectors.board_days import SHOWN_DAYS, BoardDays
from mlops.services.boards.drawing import Picture
from mlops.services.boards.predicting import Predicted
from workspaces.services.refusals import RefusedError

#: Rows that stay in each table and workspace; the newest batch stays whole, however large.
KEPT_ROWS: Final = 1_000
#: Of pictures, which weigh a thousand times as much as other rows: five batches of eight.
KEPT_PICTURES: Final = 40
BATCH_TABLES: Final[tuple[type[models.Model], ...]] = (
    ROIForecast, ROITimeseries, ReachCTRTimeseries, BudgetRecommendation, MLDashboard,
)  # fmt: skip


class GivenUpError(RefusedError):
    """The run was closed by somebody else, so its batch is not wanted any more."""


@transaction.atomic
def store(
    *,
    run: SyncRun,
    days: BoardDays | None,
    predicted: Predicted | None,
    pictures: Iterable[Picture],
    counts: dict[str, int],
    now: datetime,
) -> None:
    """Write the rows of a run and let them be the current batch; all of it or nothing.

    Raises
    ------
    GivenUpError : the run is not running any more; nothing was written
    """
    rows = list(_rows(run, days, predicted, pictures, now)) if days and predicted else []
    for table in BATCH_TABLES:
        _manager(table).bulk_create([row for row in rows if type(row) is table])
    SyncRun.objects.filter(workspace=run.workspace, is_current=True).update(is_current=False)
    done = SyncRun.objects.filter(pk=run.pk, state=SyncState.RUNNING).update(
        state=SyncState.DONE,
        is_current=True,
        finished_at=now,
        counts={**counts, "rows": len(rows)},
        figures_until=days.days[-1] if days else None,
        model_version=predicted.model_version if predicted else None,
        notes=list(predicted.notes) if predicted else [],
    )
    if not done:
        raise GivenUpError("This sync took too long and was given up; the next one goes on.")
    prune(run)


def prune(current: SyncRun) -> None:
    """Delete whole batches beyond the rows that are kept, never the current one."""
    for table in BATCH_TABLES:
        kept = KEPT_PICTURES if table is MLDashboard else KEPT_ROWS
        rows = _manager(table).filter(workspace=current.workspace)
        rows.filter(run_id__in=_beyond(rows, kept, current)).delete()
    runs = SyncRun.objects.filter(workspace=current.workspace).exclude(pk=current.pk)
    old = runs.order_by("-pk").values_list("pk", flat=True)[KEPT_ROWS - 1 :]
    runs.filter(pk__in=list(old)).delete()


def _manager(table: type[models.Model]) -> models.Manager[Any]:
    return table._default_manager


def _beyond(rows: models.QuerySet[Any], kept: int, current: SyncRun) -> list[int]:
    sizes = rows.values_list("run_id").annotate(size=Count("pk")).order_by("-run_id")
    total, beyond = 0, []
    for run_id, size in sizes:
        total += size
        if total > kept and run_id != current.pk:
            beyond.append(run_id)
    return beyond


def _rows(
    run: SyncRun,
    days: BoardDays,
    predicted: Predicted,
    pictures: Iterable[Picture],
    now: datetime,
) -> Iterator[models.Model]:
    own = {"workspace": run.workspace, "run": run, "created_at": now}
    return chain(
        _forecasts(days, predicted, own),
        _days(days, predicted, own),
        _budgets(run, days, predicted, own),
        _pictures(pictures, own),
    )


def _pictures(pictures: Iterable[Picture], own: dict[str, Any]) -> Iterator[MLDashboard]:
    for one in pictures:
        yield MLDashboard(
            type=one.type,
            theme=one.theme,
            data=one.png,
            sha256=hashlib.sha256(one.png).hexdigest(),
            width_px=int.from_bytes(one.png[16:20]),
            height_px=int.from_bytes(one.png[20:24]),
            summary=one.summary,
            **own,
        )


def _forecasts(days: BoardDays, predicted: Predicted, own: dict[str, Any]) -> Iterator[ROIForecast]:
    for place, found in predicted.forecasts.items():
        yield ROIForecast(
            channel=days.channels[place], roi_forecast=found.roi, low=_known(found.low),
            high=_known(found.high), **own,
        )  # fmt: skip


def _days(days: BoardDays, predicted: Predicted, own: dict[str, Any]) -> Iterator[models.Model]:
    roi = _ratio(days.value, days.known_spend) - 1
    conversion = _ratio(days.conversions, days.known_clicks)
    reach = np.where(days.reach > 0, days.reach, np.nan)
    ctr = _ratio(days.clicks, days.impressions)
    for at in range(max(len(days.days) - SHOWN_DAYS, 0), len(days.days)):
        for place in predicted.channels:
            name = {"date": days.days[at], "channel": days.channels[place], **own}
            yield ROITimeseries(
                roi_actual=_known(roi[at, place]),
                roi_pred=_known(predicted.roas.predicted[at, place] - 1),
                conversion_actual=_known(conversion[at, place]),
                conversion_pred=_known(predicted.conversion.predicted[at, place]),
                **name,
            )
            yield ReachCTRTimeseries(
                reach_actual=_known(reach[at, place]),
                reach_pred=_known(predicted.reach.predicted[at, place]),
                ctr_actual=_known(ctr[at, place]),
                ctr_pred=_known(predicted.ctr.predicted[at, place]),
                **name,
            )


def _budgets(
    run: SyncRun, days: BoardDays, predicted: Predicted, own: dict[str, Any]
) -> Iterator[BudgetRecommendation]:
    for share in predicted.shares:
        yield BudgetRecommendation(
            channel=days.channels[share.channel],
            roi_pred=_known(share.roi),
            conversion_pred=_known(share.conversion),
            currency=run.workspace.currency,
            spend=share.spend,
            acquisition_cost=share.acquisition_cost,
            recommended_budget=share.recommended,
            total_budget=predicted.total,
            **own,
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _ratio(above: Any, below: Any) -> Any:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
