"""What is known of a series on a day: its last four weeks, as columns and as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.campaign_days import Panel
from mlops.engine.learning.shapes import FloatArray, Rows

#: Days ahead; what is forecast; shares of outcomes below each figure.
AHEAD_DAYS: Final = 7
TARGETS: Final = ("results", "cost_per_result", "roas")
QUANTILES: Final = (0.1, 0.5, 0.9)
#: Weeks are whole, so that a day ahead has the weekday of every seventh day before.
HISTORY_DAYS: Final = 28
INPUT_DAYS: Final = 14
#: A younger series is not forecast.
LEAST_DAYS: Final = 14

_LONG: Final = ("spend", "results", "revenue")
_SHORT: Final = ("impressions", "clicks", "retention_1", "retention_7")
# Shares of those who came are known so many days later.
_KNOWN_AFTER: Final = {"retention_1": 1, "retention_7": 7}
FEATURES: Final = (
    *(f"{name}_{ago}" for name in _LONG for ago in range(HISTORY_DAYS, 0, -1)),
    *(f"{name}_{ago}" for name in _SHORT for ago in range(INPUT_DAYS, 0, -1)),
    "weekday",
    "age",
)
#: Columns that a net reads for each of its days.
INPUTS: Final = (
    "spend", "results", "cost_per_result", "ctr", "cvr", "retention_1", "retention_7", "roas_7d",
    "weekday", "age",
)  # fmt: skip
_TINY: Final = 1e-9
_WEEK: Final = 7


@dataclass(frozen=True)
class Windows:
    """Series, each on one day; the unknown is NaN.

    Attributes
    ----------
    history : (rows, targets, 28) the last four weeks
    scale : (rows, targets) mean of what is known of them; what is learnt is learnt over it
    inputs : (rows, 14, 10) the last two weeks of `INPUTS`
    """

    history: FloatArray
    scale: FloatArray
    inputs: FloatArray

    @property
    def scaled(self) -> FloatArray:
        """(rows, targets, 28) history over its scale, large figures drawn in."""
        return squeezed(self.history, self.scale)

    def __len__(self) -> int:
        return len(self.history)


@dataclass(frozen=True)
class Origins:
    """Rows of features for series on days; arrays are (rows,).

    Attributes
    ----------
    rows : columns by name of `FEATURES`
    series : place in the panel
    origin : place of the first day ahead
    """

    rows: Rows
    series: npt.NDArray[np.int64]
    origin: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return self.series.size

    def where(self, chosen: npt.NDArray[np.bool_]) -> Origins:
        """Take some of them."""
        rows = {name: values[chosen] for name, values in self.rows.items()}
        return Origins(rows, self.series[chosen], self.origin[chosen])


def squeezed(values: FloatArray, scale: FloatArray) -> FloatArray:
    """Draw large figures in: the inverse hyperbolic sine, which knows zero, unlike a logarithm."""
    drawn: FloatArray = np.arcsinh(values / scale[..., None])
    return drawn


def stretched(values: FloatArray, scale: FloatArray) -> FloatArray:
    """Undo `squeezed`; what is forecast is never negative."""
    back: FloatArray = np.maximum(np.sinh(values) * scale[..., None], 0.0)
    return back


def target_days(panel: Panel) -> FloatArray:
    """(series, targets, days) of a panel: results, cost of one, revenue over spend.

    Results are installs, or conversions where a series never has an install. Unknown are the cost
    on a day without results and the return on one without spend.
    """
    spend, revenue = panel.figures["spend"], panel.figures["revenue"]
    results = _results(panel)
    return np.stack([results, _ratio(spend, results), _ratio(revenue, spend)], axis=1)


def origins_of(panel: Panel, days: npt.NDArray[np.int64]) -> Origins:
    """Rows of all series that spent in the week before, on some days, the oldest first.

    Parameters
    ----------
    panel : of campaigns or channels
    days : places of first days ahead; ``panel.days.size`` is the day after the last
    """
    long = {
        "spend": panel.figures["spend"],
        "results": _results(panel),
        "revenue": panel.figures["revenue"],
    }
    installs = panel.figures["installs"]
    short = {
        "impressions": panel.figures["impressions"],
        "clicks": panel.figures["clicks"],
        "retention_1": _ratio(panel.figures["retained_day_1"], installs),
        "retention_7": _ratio(panel.figures["retained_day_7"], installs),
    }
    spent = _before(long["spend"], days, HISTORY_DAYS)
    may = (np.nansum(spent[..., -AHEAD_DAYS:], axis=-1) > 0) & (
        (~np.isnan(spent)).sum(axis=-1) >= LEAST_DAYS
    )
    at, series = np.nonzero(may)
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for figures, length in ((long, HISTORY_DAYS), (short, INPUT_DAYS)):
        for name, values in figures.items():
            told = _before(values, days, length)[at, series]
            told[:, length - _KNOWN_AFTER.get(name, 0) :] = np.nan
            columns |= {f"{name}_{length - place}": told[:, place] for place in range(length)}
    first = panel.days[0] + days[at].astype("timedelta64[D]")
    # 1970 began on a Thursday; Monday is 0.
    columns["weekday"] = (first.astype(np.int64) + 3) % 7 + 0.0
    columns["age"] = (first - panel.started_on[series]) / np.timedelta64(1, "D")
    return Origins({name: columns[name] for name in FEATURES}, series, days[at])


def windows_of(rows: Rows) -> Windows:
    """Arrays of rows of features.

    Raises
    ------
    ValueError : a column is missing
    """
    if missing := [name for name in FEATURES if name not in rows]:
        raise ValueError(f"rows: the model needs {', '.join(missing[:3])} too.")
    long = {name: _block(rows, name, HISTORY_DAYS) for name in _LONG}
    short = {name: _block(rows, name, INPUT_DAYS) for name in _SHORT}
    spend, results, revenue = long["spend"], long["results"], long["revenue"]
    history = np.stack([results, _ratio(spend, results), _ratio(revenue, spend)], axis=1)
    scale = _mean(history)
    return Windows(history, scale, _inputs(rows, history, scale, long, short))


def ahead_of(panel_targets: FloatArray, origins: Origins) -> FloatArray:
    """(rows, targets, 7) what came; NaN where it is not over or not known."""
    padded = np.concatenate(
        [panel_targets, np.full((*panel_targets.shape[:2], AHEAD_DAYS), np.nan)], axis=2
    )
    days = origins.origin[:, None] + np.arange(AHEAD_DAYS)
    came: FloatArray = padded[origins.series[:, None], :, days].transpose(0, 2, 1)
    return came


def naive_errors(targets: FloatArray, origins: Origins) -> FloatArray:
    """(rows, targets) mean gap between days a week apart, of all days before each origin.

    What errors are measured in (MASE); NaN where no such gap is known, or all of them are nil.
    """
    gaps = np.abs(targets[:, :, _WEEK:] - targets[:, :, :-_WEEK])
    known = ~np.isnan(gaps)
    sums = np.cumsum(np.where(known, gaps, 0.0), axis=2)
    counts = np.cumsum(known, axis=2)
    last = origins.origin - _WEEK - 1
    total = sums[origins.series, :, last]
    count = counts[origins.series, :, last]
    found: FloatArray = np.divide(
        total, count, out=np.full_like(total, np.nan), where=(count > 0) & (total > 0)
    )
    return found


def _results(panel: Panel) -> FloatArray:
    installs, conversions = panel.figures["installs"], panel.figures["conversions"]
    has_installs = np.nansum(installs, axis=1, keepdims=True) > 0
    return np.where(has_installs, installs, conversions)


def _before(values: FloatArray, days: npt.NDArray[np.int64], length: int) -> FloatArray:
    """(days, series, length) of what came before each day."""
    padded = np.concatenate([np.full((len(values), length), np.nan), values], axis=1)
    views = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)
    return np.array(views[:, days].transpose(1, 0, 2))


def _block(rows: Rows, name: str, length: int) -> FloatArray:
    columns = [np.asarray(rows[f"{name}_{ago}"], dtype=np.float64) for ago in range(length, 0, -1)]
    return np.stack(columns, axis=1)


def _inputs(
    rows: Rows,
    history: FloatArray,
    scale: FloatArray,
    long: dict[str, FloatArray],
    short: dict[str, FloatArray],
) -> FloatArray:
    recent = slice(HISTORY_DAYS - INPUT_DAYS, None)
    drawn = squeezed(history, scale)[:, :, recent]
    spend, revenue = (_week_sums(long[name])[:, recent] for name in ("spend", "revenue"))
    ago = np.arange(INPUT_DAYS, 0, -1)
    weekday, age = (np.asarray(rows[name], dtype=np.float64)[:, None] for name in FEATURES[-2:])
    return np.stack(
        [
            squeezed(long["spend"], _mean(long["spend"]))[:, recent],
            drawn[:, 0],
            drawn[:, 1],
            np.log(_ratio(short["clicks"], short["impressions"]) + 1e-4),
            np.log(_ratio(long["results"][:, recent], short["clicks"]) + 1e-3),
            short["retention_1"],
            short["retention_7"],
            np.arcsinh(_ratio(revenue, spend)),
            (weekday - ago) % 7 / 6,
            np.log1p(np.maximum(age - ago, 0)),
        ],
        axis=2,
    )


def _week_sums(values: FloatArray) -> FloatArray:
    """(rows, days) sums of each day and the six before it."""
    reached = np.cumsum(np.nan_to_num(values), axis=1)
    reached[:, 7:] -= reached[:, :-7].copy()
    return reached


def _mean(values: FloatArray) -> FloatArray:
    """Mean of what is known of the last axis; 1 where that is nothing or nil."""
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.where(mean > _TINY, mean, 1.0)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
