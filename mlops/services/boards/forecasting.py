"""The ROI model's word on each channel, where a version serves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol, cast

from mlops.engine.boards.plain_roi import RoiForecast
from mlops.engine.learning import roi
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.feature_rows import columns_of, rows_of
from mlops.engine.learning.roi_rows import roi_rows, typical_rows
from mlops.engine.learning.shapes import FloatArray, Rows
from mlops.models import ModelVersion, PredictionDoor
from mlops.selectors.registry import champion_of
from mlops.services.predicting import predict
from mlops.services.registry.serving import served
from mlops.services.training.sources import FromWorkspace
from workspaces.models import BusinessMode, Workspace

_Found = tuple[ModelVersion | None, Mapping[str, RoiForecast]]
_NO_MODEL: Final[_Found] = (None, {})


class _WithInterval(Protocol):
    def interval(self, rows: Rows) -> FloatArray: ...


def forecast_of_model(*, workspace: Workspace, now: datetime) -> _Found:
    """Forecast each channel at its typical values; no version: no model serves yet.

    The model learns what revenue comes of spend, so a business that counts leads has none.
    """
    if workspace.mode == BusinessMode.PIPELINE:
        return _NO_MODEL
    if champion_of(workspace=workspace, name=roi.KIND) is None:
        return _NO_MODEL
    days = FromWorkspace(workspace, now).campaign_days
    rows = roi_rows(panel(days)) if len(days) else None
    if not rows:
        return _NO_MODEL
    return _asked(workspace, rows_of(typical_rows(rows)), now)


def _asked(
    workspace: Workspace, rows: list[dict[str, float | str | None]], now: datetime
) -> _Found:
    channels = [str(row["channel"]) for row in rows]
    said = predict(
        workspace=workspace, name=roi.KIND, rows=rows, subjects=channels, door=PredictionDoor.JOB,
        now=now,
    )  # fmt: skip
    found = served(workspace=workspace, name=roi.KIND, now=now)
    if found is None or found.version != said.version:
        # Promoted or rolled back in this very moment; the next sync asks the new one.
        return _NO_MODEL
    model = cast(_WithInterval, found.model)
    ends = model.interval(columns_of(rows, said.version.features))
    return said.version, {
        channel: RoiForecast(point, min(low, point), max(high, point))
        for channel, point, (low, high) in zip(
            channels, said.outputs[:, 0].tolist(), ends.tolist(), strict=True
        )
    }
