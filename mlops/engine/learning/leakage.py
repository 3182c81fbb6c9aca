"""Features that know the answer stop a training before it begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.columns import is_category
from mlops.engine.learning.metrics import auc
from mlops.engine.learning.shapes import FloatArray, Rows
from mlops.engine.learning.splits import folds

LIMIT = 0.99
# Below so many rows of a class, one that sorts them all may do so by chance.
_FEWEST = 20
# Enough to tell .99 from less, and quick with millions of rows.
_LOOKED_AT = 50_000
_FOLDS = 2


class LeakageError(ValueError):
    """A feature tells the target by itself."""

    def __init__(self, feature: str, why: str) -> None:
        super().__init__(
            f"{feature} {why}: it is probably recorded after what is to be predicted. "
            "Take it out of the features, or correct its time, and train again."
        )
        self.feature = feature
        self.why = why


def check_leakage(rows: Rows, target: npt.NDArray[Any], *, seed: int = 0) -> None:
    """Stop if one feature tells the target alone.

    Whether something happened (a boolean target, or an amount above 0) is told by a feature whose
    values, or whose values' own rates in other rows, have an AUC of at least 0.99; an amount by one
    whose rank correlation with the amounts above 0 is at least 0.99.

    Parameters
    ----------
    rows : features of n rows
    target : (n,) booleans, or amounts
    seed : of the rows looked at, where there are many

    Raises
    ------
    LeakageError : names the feature and why
    """
    if target.size > _LOOKED_AT:
        chosen = np.random.default_rng(seed).choice(target.size, _LOOKED_AT, replace=False)
        rows = {name: np.asarray(values)[chosen] for name, values in rows.items()}
        target = target[chosen]
    happened = target if target.dtype == np.bool_ else target > 0
    for name, values in rows.items():
        scores = _scores(np.asarray(values), happened, seed)
        if _are_enough(happened):
            _check_happening(name, happened, scores)
        if target.dtype != np.bool_ and happened.sum() >= _FEWEST and not is_category(values):
            _check_amount(name, np.asarray(values, dtype=np.float64)[happened], target[happened])


def _are_enough(happened: npt.NDArray[np.bool_]) -> bool:
    return int(min(happened.sum(), (~happened).sum())) >= _FEWEST


def _check_happening(name: str, happened: npt.NDArray[np.bool_], scores: list[FloatArray]) -> None:
    area = max(max(one, 1 - one) for one in (auc(happened, score) for score in scores))
    if area >= LIMIT:
        raise LeakageError(name, f"tells the target by itself (AUC {area:.3f})")


def _check_amount(name: str, values: FloatArray, amounts: FloatArray) -> None:
    from scipy.stats import spearmanr

    known = ~np.isnan(values)
    if known.sum() < _FEWEST or np.ptp(values[known]) == 0 or np.ptp(amounts[known]) == 0:
        return
    found = abs(float(spearmanr(values[known], amounts[known]).statistic))
    if found >= LIMIT:
        raise LeakageError(name, f"tells the amount by itself (rank correlation {found:.3f})")


def _scores(
    values: npt.NDArray[Any], happened: npt.NDArray[np.bool_], seed: int
) -> list[FloatArray]:
    """Rates of a feature's levels or bins, each learnt on the other half; and the number itself."""
    if is_category(values):
        return [_rates(np.unique(values.astype(str), return_inverse=True)[1], happened, seed)]
    numbers = values.astype(np.float64)
    unknown = np.isnan(numbers)
    edges = (
        np.unique(np.quantile(numbers[~unknown], np.linspace(0, 1, 51)[1:-1]))
        if (~unknown).any()
        else np.empty(0)
    )
    codes = np.where(unknown, edges.size + 1, np.searchsorted(edges, numbers, side="left"))
    shown = np.where(unknown, -np.inf, numbers)
    ranks = np.unique(shown, return_inverse=True)[1].astype(np.float64)
    return [_rates(codes, happened, seed), ranks]


def _rates(codes: npt.NDArray[np.intp], happened: npt.NDArray[np.bool_], seed: int) -> FloatArray:
    """Share that happened per code, never from the row itself: ids by themselves tell nothing."""
    fold = folds(codes.size, _FOLDS, seed)
    rates = np.empty(codes.size)
    for number in range(_FOLDS):
        learnt, judged = fold != number, fold == number
        width = int(codes.max()) + 1
        seen = np.bincount(codes[learnt], minlength=width)
        hits = np.bincount(codes[learnt], weights=happened[learnt], minlength=width)
        rates[judged] = ((hits + happened[learnt].mean()) / (seen + 1))[codes[judged]]
    return rates
