"""The net's answer by numpy alone, so that serving needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from mlops.engine.learning.forecast.windows import AHEAD_DAYS, TARGETS, Windows
from mlops.engine.learning.shapes import FloatArray

# In standard deviations: beyond, inputs count as this far.
_FURTHEST = 5.0
_AT_ONCE = 4_096
Weights = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Scales:
    """(10,) middle and spread of each input where it was learnt."""

    middle: FloatArray
    spread: FloatArray

    @classmethod
    def learn(cls, inputs: FloatArray) -> Scales:
        """Take them from (rows, 14, 10) inputs."""
        known = ~np.isnan(inputs)
        count = np.maximum(known.sum(axis=(0, 1)), 1)
        middle = np.where(known, inputs, 0.0).sum(axis=(0, 1)) / count
        off = np.where(known, inputs - middle, 0.0) ** 2
        spread = np.sqrt(off.sum(axis=(0, 1)) / count)
        return cls(middle, np.where(spread > 1e-6, spread, 1.0))

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Scale inputs; the unknown stands in the middle."""
        scaled = np.nan_to_num((inputs - self.middle) / self.spread)
        return np.clip(scaled, -_FURTHEST, _FURTHEST)


def corrected(
    weights: Weights, scales: Scales, windows: Windows, smoothed: FloatArray
) -> FloatArray:
    """Forecast by correcting smoothed forecasts.

    Parameters
    ----------
    weights : of torch's LSTM (``input``, ``recurrent``, ``bias``) and its head
    windows : of n rows
    smoothed : (n, targets, 7, 3) squeezed

    Returns
    -------
    (n, targets, 7, 3) low, middle and high, squeezed

    References
    ----------
    Smyl (2020), A hybrid method of exponential smoothing and recurrent neural networks for time
    series forecasting, Int. J. of Forecasting 36(1), 75-85.
    """
    inputs = scales(windows.inputs)
    parts = [
        _told(weights, inputs[start : start + _AT_ONCE])
        for start in range(0, len(inputs), _AT_ONCE)
    ]
    told = np.concatenate(parts) if parts else np.zeros((0, len(TARGETS), AHEAD_DAYS, 3))
    middle = smoothed[..., 1] + told[..., 0]
    reach = smoothed[..., 2] - smoothed[..., 1]
    low, high = (reach * np.exp(np.clip(told[..., part], -3, 3)) for part in (1, 2))
    return np.stack([middle - low, middle, middle + high], axis=-1)


def _told(weights: Weights, inputs: FloatArray) -> FloatArray:
    """(rows, targets, 7, 3) what is added to the middle, and logarithms of factors of the reach."""
    size = weights["recurrent"].shape[1]
    hidden, cell = np.zeros((2, len(inputs), size))
    for day in range(inputs.shape[1]):
        gates = (
            _times(inputs[:, day], weights["input"])
            + _times(hidden, weights["recurrent"])
            + weights["bias"]
        )
        take, keep, new, tell = np.split(gates, 4, axis=1)
        cell = special.expit(keep) * cell + special.expit(take) * np.tanh(new)
        hidden = special.expit(tell) * np.tanh(cell)
    told = _times(hidden, weights["head.weight"]) + weights["head.bias"]
    shaped: FloatArray = told.reshape(-1, len(TARGETS), AHEAD_DAYS, 3)
    return shaped


def _times(inputs: FloatArray, weight: npt.NDArray[np.float32]) -> FloatArray:
    # Not "@": BLAS adds in another order for another number of rows, and a prediction must come
    # out the same to the last bit when its row is asked for alone.
    product: FloatArray = np.einsum("ij,kj->ik", inputs, weight.astype(np.float64))
    return product
