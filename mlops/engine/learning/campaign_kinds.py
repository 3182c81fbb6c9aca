"""Kinds of models that say something of campaigns, and how that is held against what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning import forecast, roi
from mlops.engine.learning.campaign_days import Days, Panel
from mlops.engine.learning.drift import Calibration, calibration_of
from mlops.engine.learning.forecast.model import shaped
from mlops.engine.learning.forecast.watched import results_of_week, watched
from mlops.engine.learning.forecast.windows import (
    AHEAD_DAYS,
    TARGETS,
    ahead_of,
    naive_errors,
    origins_of,
    target_days,
)
from mlops.engine.learning.roi_rows import AFTER_DAYS, roi_rows
from mlops.engine.learning.shapes import FloatArray, Rows

Index = npt.NDArray[np.int64]
#: As far from 80 % the share of outcomes within their 80 % interval may be.
LARGEST_COVERAGE_ERROR: Final = 0.1
_INTERVAL: Final = 0.8


@dataclass(frozen=True)
class CampaignRows:
    """Campaigns on days; arrays are (rows,), what came of them (rows, outcomes).

    Attributes
    ----------
    rows : features by name
    series : place in the panel
    origin : first of the days that are predicted
    came : NaN where it is not over or not known
    scale : (rows, targets) what an error is measured in; NaN: it does not count
    """

    rows: Rows
    series: Index
    origin: Days
    came: FloatArray
    scale: FloatArray

    def __len__(self) -> int:
        return self.series.size


@dataclass(frozen=True)
class CampaignKind:
    """One kind.

    Attributes
    ----------
    rows : of a panel and places of days
    horizon : days ahead that it speaks of
    middle : what it expects, (rows, outcomes) of (rows, figures)
    score : the one figure that stands for a row, (rows,) of (rows, outcomes)
    calibration : of what came and of figures, (rows, outcomes) and (rows, figures)
    watched : columns in which drift is looked for, of the columns that it reads
    """

    rows: Callable[[Panel, Index], CampaignRows]
    horizon: int
    middle: Callable[[FloatArray], FloatArray]
    score: Callable[[FloatArray], FloatArray]
    calibration: Callable[[FloatArray, FloatArray], Calibration]
    watched: Callable[[Rows], Rows]


def errors_of(
    middle: FloatArray, came: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Tell how far each row is off.

    Parameters
    ----------
    middle, came : (rows, targets × days) what was expected, and what came
    scale : (rows, targets)

    Returns
    -------
    (rows,) sums over targets of the mean error of the days known, each over its scale; (rows,)
    targets that count in it. The one sum over the other is the mean absolute error where scales
    are 1, and MASE where they are errors of the naive forecast.
    """
    off = np.abs(middle - came).reshape(*scale.shape, -1)
    known = ~np.isnan(off)
    days = known.sum(axis=2)
    total = np.where(known, off, 0.0).sum(axis=2)
    counts = (days > 0) & (scale > 0)
    parts = np.divide(total, days * scale, out=np.zeros_like(total), where=counts)
    return parts.sum(axis=1), counts.sum(axis=1).astype(np.float64)


def _roi_rows(panel: Panel, days: Index) -> CampaignRows:
    found = roi_rows(panel, days)
    return CampaignRows(
        found.rows, found.series, found.origin, found.roi[:, None], np.ones((len(found), 1))
    )


def _column(figures: FloatArray) -> FloatArray:
    return figures.reshape(len(figures), -1)[:, :1]


def _roas_calibration(came: FloatArray, figures: FloatArray) -> Calibration:
    """Of ROAS: ROI may add up to nothing, and nothing is a share of that."""
    return calibration_of(came[:, 0] + 1, _column(figures)[:, 0] + 1, is_chance=False)


def _forecast_rows(panel: Panel, days: Index) -> CampaignRows:
    origins = origins_of(panel, days)
    targets = target_days(panel)
    return CampaignRows(
        origins.rows,
        origins.series,
        panel.days[0] + origins.origin.astype("timedelta64[D]"),
        ahead_of(targets, origins).reshape(len(origins), -1),
        naive_errors(targets, origins),
    )


def _forecast_middle(figures: FloatArray) -> FloatArray:
    return shaped(figures)[..., 1].reshape(-1, len(TARGETS) * AHEAD_DAYS)


def _forecast_calibration(came: FloatArray, figures: FloatArray) -> Calibration:
    told = shaped(figures)
    known = came.reshape(told.shape[:-1])
    inside = (told[..., 0] <= known) & (known <= told[..., 2])
    share = float(inside[~np.isnan(known)].mean())
    return Calibration(abs(share - _INTERVAL), LARGEST_COVERAGE_ERROR)


CAMPAIGN_KINDS: Final[Mapping[str, CampaignKind]] = MappingProxyType({
    roi.KIND: CampaignKind(
        rows=_roi_rows,
        horizon=AFTER_DAYS,
        middle=_column,
        score=lambda outcomes: outcomes[:, 0],
        calibration=_roas_calibration,
        watched=lambda rows: rows,
    ),
    forecast.KIND: CampaignKind(
        rows=_forecast_rows,
        horizon=AHEAD_DAYS,
        middle=_forecast_middle,
        score=results_of_week,
        calibration=_forecast_calibration,
        watched=watched,
    ),
})  # fmt: skip
