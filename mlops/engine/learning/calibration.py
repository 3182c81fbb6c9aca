"""Probabilities that hold what they say: maps from a model's score, chosen on rows it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from mlops.engine.learning.metrics import calibration_error
from mlops.engine.learning.shapes import FloatArray
from mlops.engine.learning.splits import folds

Method = Literal["none", "platt", "isotonic"]
_METHODS: tuple[Method, ...] = ("none", "platt", "isotonic")
_FOLDS = 5
# Isotonic regression knows 0 and 1 where it saw few rows; nothing is that sure.
_SUREST = 1e-4
_HUGE = 1e6


@dataclass(frozen=True)
class Calibration:
    """A rising map from log-odds to probability."""

    method: Method
    points: tuple[float, ...]  # isotonic: log-odds of the knots; platt: slope and offset
    values: tuple[float, ...] = ()  # isotonic: probabilities at the knots

    def __call__(self, margin: FloatArray) -> FloatArray:
        """Probability of each log-odds."""
        if self.method == "isotonic":
            return np.interp(margin, self.points, self.values)
        slope, offset = self.points if self.method == "platt" else (1.0, 0.0)
        return np.asarray(special.expit(slope * margin + offset), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Tell the map in values that JSON knows."""
        return {"method": self.method, "points": list(self.points), "values": list(self.values)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Calibration:
        """Read what `as_json` wrote."""
        return cls(told["method"], tuple(told["points"]), tuple(told["values"]))


def calibrate(margin: FloatArray, happened: npt.NDArray[np.bool_], seed: int) -> Calibration:
    """Choose and fit the map with the least calibration error on rows that it was not fitted to.

    Parameters
    ----------
    margin : (n,) log-odds that a model gave rows it had not learnt from
    happened : (n,)
    seed : of the folds on which the maps are compared
    """
    if margin.size < 2 * _FOLDS or happened.all() or not happened.any():
        return Calibration("none", ())
    fold = folds(margin.size, _FOLDS, seed)
    errors = {method: _error(method, margin, happened, fold) for method in _METHODS}
    return _fit(min(_METHODS, key=lambda method: errors[method]), margin, happened)


def _error(
    method: Method,
    margin: FloatArray,
    happened: npt.NDArray[np.bool_],
    fold: npt.NDArray[np.intp],
) -> float:
    told = np.empty(margin.size)
    for number in range(_FOLDS):
        learnt, judged = fold != number, fold == number
        told[judged] = _fit(method, margin[learnt], happened[learnt])(margin[judged])
    return calibration_error(happened, told)


def _fit(method: Method, margin: FloatArray, happened: npt.NDArray[np.bool_]) -> Calibration:
    if method == "none" or happened.all() or not happened.any():
        return Calibration("none", ())
    if method == "platt":
        from sklearn.linear_model import LogisticRegression

        line = LogisticRegression(C=_HUGE).fit(margin[:, None], happened)
        return Calibration("platt", (float(line.coef_[0, 0]), float(line.intercept_[0])))
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=_SUREST, y_max=1 - _SUREST).fit(margin, happened)
    return Calibration(
        "isotonic",
        tuple(float(x) for x in steps.X_thresholds_),
        tuple(float(y) for y in steps.y_thresholds_),
    )
