"""How one daily figure moves with another, both in logarithms, beside trend and weekday."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

LAGS: Final = 7
_WEEK: Final = 7

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Elasticity:
    """By how many per cent the outcome moves with one per cent, and the standard error of it."""

    value: float
    error: float
    freedom: int


def elasticity(logs: FloatArray, outcome: FloatArray, weekdays: FloatArray) -> Elasticity:
    """Fit by least squares, with a straight trend and the weekday.

    The error allows for neighbouring days being alike (Newey-West, 7 lags).

    Parameters
    ----------
    logs, outcome : (n_days,) logarithms
    weekdays : (n_days,) 0 to 6

    References
    ----------
    Newey, West (1987), Econometrica 55(3), 703-708.
    """
    dummies = (weekdays[:, None] == np.arange(1, _WEEK)).astype(np.float64)
    trend = np.linspace(-1, 1, len(logs))
    design = np.column_stack([logs, np.ones(len(logs)), trend, dummies[:, dummies.any(axis=0)]])
    beta = np.linalg.lstsq(design, outcome, rcond=None)[0]
    error = _error(design, outcome - design @ beta)
    return Elasticity(float(beta[0]), error, len(logs) - design.shape[1])


def _error(design: FloatArray, residuals: FloatArray) -> float:
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    for lag in range(1, LAGS + 1):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (LAGS + 1)) * (product + product.T)
    bread = np.linalg.pinv(design.T @ design)
    # Small samples: as if each coefficient had cost a day.
    scale = len(residuals) / (len(residuals) - design.shape[1])
    return float(np.sqrt(max((bread @ middle @ bread)[0, 0], 0.0) * scale))
