"""Forecasts in few figures, for whoever watches them over time."""

from __future__ import annotations

import warnings

import numpy as np

from mlops.engine.learning.forecast.windows import AHEAD_DAYS, INPUT_DAYS, TARGETS
from mlops.engine.learning.shapes import FloatArray, Rows


def watched(rows: Rows) -> Rows:
    """Tell what its columns amount to over the last two weeks, one column for each figure.

    The columns themselves are the same figures a day apart: they move as one, so each of them
    tells nothing that these do not.
    """
    spend, results, revenue = (_sum(rows, name) for name in ("spend", "results", "revenue"))
    impressions, clicks = (_sum(rows, name) for name in ("impressions", "clicks"))
    return {
        "spend": spend,
        "results": results,
        "cost_per_result": _ratio(spend, results),
        "roas": _ratio(revenue, spend),
        "ctr": _ratio(clicks, impressions),
        "cvr": _ratio(results, clicks),
        "retention_1": _mean(rows, "retention_1"),
        "retention_7": _mean(rows, "retention_7"),
    }


def results_of_week(middle: FloatArray) -> FloatArray:
    """(rows,) sum of the results of the days ahead: the one figure that stands for a forecast.

    Parameters
    ----------
    middle : (rows, targets × 7) forecasts, or what came
    """
    days = middle.reshape(-1, len(TARGETS), AHEAD_DAYS)
    week: FloatArray = days[:, TARGETS.index("results")].sum(axis=1)
    return week


def _block(rows: Rows, name: str) -> FloatArray:
    columns = [np.asarray(rows[f"{name}_{ago}"], np.float64) for ago in range(1, INPUT_DAYS + 1)]
    return np.stack(columns, axis=1)


def _sum(rows: Rows, name: str) -> FloatArray:
    total: FloatArray = np.nansum(_block(rows, name), axis=1)
    return total


def _mean(rows: Rows, name: str) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of none that are known: NaN
        mean: FloatArray = np.nanmean(_block(rows, name), axis=1)
    return mean


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
