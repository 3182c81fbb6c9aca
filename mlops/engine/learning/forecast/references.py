"""What a forecaster is held against: last value, seasonal naive, ETS and MSTL (statsmodels)."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from mlops.engine.learning.forecast.windows import AHEAD_DAYS
from mlops.engine.learning.shapes import FloatArray

LAST, NAIVE, ETS, MSTL = "last value", "seasonal naive", "ETS", "MSTL"
NAMES: Final = (LAST, NAIVE, ETS, MSTL)
_EIGHTY: Final = 1.2816
_LONGEST: Final = 365
_WEEK: Final = 7


def references(history: FloatArray) -> dict[str, FloatArray]:
    """Forecast one series by each.

    Parameters
    ----------
    history : (days,) squeezed figures, all that are known at the time, at least 14 with a value;
        NaN where unknown, which is filled by a straight line

    Returns
    -------
    (7, 3) low, middle and high by name, squeezed
    """
    values = _filled(history[-_LONGEST:])
    ahead = np.sqrt(np.arange(1, AHEAD_DAYS + 1))
    return {
        LAST: _around(np.full(AHEAD_DAYS, values[-1]), np.diff(values).std() * ahead),
        NAIVE: _around(values[-_WEEK:], (values[_WEEK:] - values[:-_WEEK]).std()),
        ETS: _ets(values, seasonal="add"),
        MSTL: _mstl(values),
    }


def _ets(values: FloatArray, *, seasonal: str | None) -> FloatArray:
    """Exponential smoothing with additive errors, fitted to the one series.

    References
    ----------
    Hyndman, Koehler, Snyder and Grose (2002), A state space framework for automatic forecasting
    using exponential smoothing methods, Int. J. of Forecasting 18(3), 439-454.
    """
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    if np.ptp(values) == 0:
        return _around(np.full(AHEAD_DAYS, values[-1]), 0.0)
    periods = _WEEK if seasonal else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: what it found is judged
        fitted = ExponentialSmoothing(
            values, seasonal=seasonal, seasonal_periods=periods,
            initialization_method="estimated",
        ).fit()  # fmt: skip
        told = np.asarray(fitted.forecast(AHEAD_DAYS), dtype=np.float64)
    return _around(told, float(np.sqrt(fitted.sse / values.size)))


def _mstl(values: FloatArray) -> FloatArray:
    """Decomposition by loess; what is not seasonal goes on by exponential smoothing.

    References
    ----------
    Bandara, Hyndman and Bergmeir (2021), MSTL: a seasonal-trend decomposition algorithm for time
    series with multiple seasonal patterns, arXiv:2107.13462.
    """
    from statsmodels.tsa.seasonal import MSTL as Decomposition

    parts = Decomposition(values, periods=(_WEEK,)).fit()
    week = np.asarray(parts.seasonal, dtype=np.float64).reshape(values.size)
    return _ets(values - week, seasonal=None) + week[-_WEEK:, None]


def _around(middle: FloatArray, spread: FloatArray | float) -> FloatArray:
    reach = _EIGHTY * np.broadcast_to(np.asarray(spread, dtype=np.float64), middle.shape)
    return np.stack([middle - reach, middle, middle + reach], axis=1)


def _filled(history: FloatArray) -> FloatArray:
    known = ~np.isnan(history)
    days = np.arange(history.size)
    first = int(np.argmax(known))
    return np.interp(days[first:], days[known], history[known])
