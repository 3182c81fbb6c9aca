"""Measures by which models are judged; every degenerate input has a stated answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.shapes import FloatArray

BINS = 10
# A bin that one side lacks would make the index infinite.
_PSI_FLOOR = 1e-4
_DRAWS = 200


def normalised_gini(actual: FloatArray, predicted: FloatArray) -> float:
    """How well predictions rank: 1 as the actual values do, 0 as chance does, −1 backwards.

    Rows of one prediction share one rank, so the answer is free of the order of the rows.

    Parameters
    ----------
    actual, predicted : (n,) values

    Returns
    -------
    Gini of the actual values in the order of the predictions, over Gini in their own order;
    0 where nothing is to be ranked (no rows, or all actual values alike)

    References
    ----------
    Wang, Liu and Miao (2019), A deep probabilistic model for customer lifetime value prediction,
    section 4.3.
    """
    from scipy.stats import rankdata

    _same_length(actual, predicted)
    if not actual.size:
        return 0.0
    centred = actual - actual.mean()
    best = float(centred @ rankdata(actual))
    return float(centred @ rankdata(predicted)) / best if best > 0 else 0.0


def decile_mape(actual: FloatArray, predicted: FloatArray) -> float:
    """Mean relative error of ten groups' mean values, grouped by rank of prediction.

    Parameters
    ----------
    actual, predicted : (n,) values, not negative

    Returns
    -------
    Mean over groups of the gap between predicted and actual, over actual; a group without actual
    value counts 0 if nothing was predicted either, else 1; NaN without rows
    """
    _same_length(actual, predicted)
    if not actual.size:
        return float("nan")
    order = np.argsort(predicted, kind="stable")
    errors = []
    for group in np.array_split(order, min(BINS, actual.size)):
        told, was = float(predicted[group].mean()), float(actual[group].mean())
        errors.append(abs(told - was) / was if was > 0 else float(told > 0))
    return float(np.mean(errors))


def decile_noise(actual: FloatArray, predicted: FloatArray, seed: int) -> float:
    """Error of the deciles that chance alone stays below 95 times in 100.

    Few rows have most of the value, so the mean of a group is what some of them happen to be.

    Parameters
    ----------
    actual, predicted : (n,) as for `decile_mape`
    seed : of the draws

    Returns
    -------
    Quantile of the mean relative gap between each group's mean and that of as many of its rows
    drawn with replacement; NaN without rows
    """
    _same_length(actual, predicted)
    if not actual.size:
        return float("nan")
    rng = np.random.default_rng(seed)
    errors = np.zeros(_DRAWS)
    groups = np.array_split(np.argsort(predicted, kind="stable"), min(BINS, actual.size))
    for group in groups:
        values = actual[group]
        drawn = np.array(
            [values[rng.integers(0, values.size, values.size)].mean() for _ in range(_DRAWS)]
        )
        gap = np.abs(values.mean() - drawn)
        errors += np.divide(gap, drawn, out=(gap > 0).astype(float), where=drawn > 0)
    return float(np.quantile(errors / len(groups), 0.95))


def total_ratio(actual: FloatArray, predicted: FloatArray) -> float:
    """Sum predicted over sum that came; NaN where nothing came."""
    _same_length(actual, predicted)
    total = float(actual.sum())
    return float(predicted.sum()) / total if total else float("nan")


def rmse(actual: FloatArray, predicted: FloatArray) -> float:
    """Root of the mean squared error; NaN without rows."""
    _same_length(actual, predicted)
    return float(np.sqrt(np.mean((actual - predicted) ** 2))) if actual.size else float("nan")


def auc(happened: npt.NDArray[np.bool_], score: FloatArray) -> float:
    """Chance that a row where it happened scores above one where it did not.

    Parameters
    ----------
    happened, score : (n,)

    Returns
    -------
    Area under the ROC curve, in [0, 1]; 0.5 where all rows are of one class
    """
    from sklearn.metrics import roc_auc_score

    _same_length(happened, score)
    if happened.all() or not happened.any():
        return 0.5
    return float(roc_auc_score(happened, score))


def f1(happened: npt.NDArray[np.bool_], probability: FloatArray, threshold: float) -> float:
    """Harmonic mean of precision and recall at a threshold; 0 where nothing was found."""
    from sklearn.metrics import f1_score

    _same_length(happened, probability)
    return float(f1_score(happened, probability >= threshold, zero_division=0.0))


def best_threshold(happened: npt.NDArray[np.bool_], probability: FloatArray) -> float:
    """Threshold of the highest F1; 0.5 where all rows are of one class."""
    from sklearn.metrics import precision_recall_curve

    _same_length(happened, probability)
    if happened.all() or not happened.any():
        return 0.5
    precision, recall, thresholds = precision_recall_curve(happened, probability)
    both = precision + recall
    score = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return float(thresholds[int(np.argmax(score[:-1]))])


def calibration_error(
    happened: npt.NDArray[np.bool_], probability: FloatArray, bins: int = BINS
) -> float:
    """Tell the expected calibration error (ECE) over bins of equal mass.

    Rows of one probability share what came of them, so the answer is free of the order of the rows
    where a bin ends among them.

    Parameters
    ----------
    happened, probability : (n,)
    bins : groups of equal size, by rank of probability

    Returns
    -------
    Mean over rows of the gap, in their bin, between mean probability and the share that
    happened; NaN without rows

    References
    ----------
    Nixon et al. (2019), Measuring calibration in deep learning (adaptive calibration error).
    """
    _same_length(happened, probability)
    if not probability.size:
        return float("nan")
    groups = np.array_split(np.argsort(probability, kind="stable"), min(bins, probability.size))
    came = shared_among_equals(happened.astype(np.float64), probability)
    gaps = [abs(probability[group].sum() - came[group].sum()) for group in groups]
    return float(np.sum(gaps) / probability.size)


def shared_among_equals(actual: FloatArray, predicted: FloatArray) -> FloatArray:
    """Mean outcome of all rows of the same prediction, for each row.

    Parameters
    ----------
    actual, predicted : (n,) values

    Returns
    -------
    (n,) whose sums over whole groups of equal predictions are those of ``actual``
    """
    _, group, count = np.unique(predicted, return_inverse=True, return_counts=True)
    means: FloatArray = np.bincount(group, weights=actual) / count
    return means[group]


def calibration_noise(probability: FloatArray, seed: int, bins: int = BINS) -> float:
    """ECE that a perfectly calibrated model stays below 95 times in 100, by chance alone.

    Parameters
    ----------
    probability : (n,) taken as the truth
    seed : of the drawn outcomes
    """
    rng = np.random.default_rng(seed)
    drawn = [
        calibration_error(rng.random(probability.size) < probability, probability, bins)
        for _ in range(100)
    ]
    return float(np.quantile(drawn, 0.95))


def mase(actual: FloatArray, predicted: FloatArray, history: FloatArray, season: int = 1) -> float:
    """Mean absolute error over that of the seasonal naive forecast within the history.

    Parameters
    ----------
    actual, predicted : (horizon,)
    history : (n,) what was known when the forecast was made
    season : steps to the value that the naive forecast repeats

    Returns
    -------
    Below 1: better than naive. 0 / 0 is 0, anything else over 0 is infinite.

    Raises
    ------
    ValueError : the history is not longer than one season

    References
    ----------
    Hyndman and Koehler (2006), Int. J. of Forecasting 22(4), 679-688, eq. (8).
    """
    _same_length(actual, predicted)
    if season < 1 or history.size <= season:
        raise ValueError(f"history: {history.size} values are no more than a season of {season}.")
    error = float(np.mean(np.abs(actual - predicted)))
    naive = float(np.mean(np.abs(history[season:] - history[:-season])))
    if naive == 0:
        return 0.0 if error == 0 else float("inf")
    return error / naive


def coverage(actual: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of values within their interval, ends included; NaN without rows."""
    _same_length(actual, low)
    _same_length(actual, high)
    inside = (low <= actual) & (actual <= high)
    return float(inside.mean()) if inside.size else float("nan")


def stability_index(reference: FloatArray, current: FloatArray, bins: int = BINS) -> float:
    """Tell the population stability index (PSI) of a numeric column.

    Parameters
    ----------
    reference : (n,) values that were learnt from; its quantiles are the bins' edges, and what is
        unknown (NaN) is a bin of its own
    current : (m,) values of today
    bins : at most so many; fewer where values repeat

    Returns
    -------
    Below 0.1 stable, above 0.25 moved; 0 where one side has no rows. Shares are floored at 1e-4.
    """
    if not reference.size or not current.size:
        return 0.0
    edges = quantile_edges(reference, bins)
    return index_of_counts(binned(reference, edges), binned(current, edges))


def stability_index_of_levels(
    reference: npt.NDArray[np.str_], current: npt.NDArray[np.str_]
) -> float:
    """Tell the population stability index (PSI) of a column of categories.

    Parameters
    ----------
    reference, current : (n,), (m,) levels; one that the other side lacks counts with the floor
    """
    if not reference.size or not current.size:
        return 0.0
    levels, codes = np.unique(np.concatenate([reference, current]), return_inverse=True)
    count = levels.size
    return index_of_counts(
        np.bincount(codes[: reference.size], minlength=count).astype(float),
        np.bincount(codes[reference.size :], minlength=count).astype(float),
    )


def quantile_edges(values: FloatArray, bins: int = BINS) -> FloatArray:
    """Edges between bins of equal mass, what is unknown left out; fewer where values repeat."""
    known = values[~np.isnan(values)]
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    return np.unique(np.quantile(known, inner)) if known.size else np.empty(0)


def binned(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Count values by bin; (edges + 2,), the last one those that are unknown."""
    return np.bincount(bin_of(values, edges), minlength=edges.size + 2).astype(float)


def bin_of(values: FloatArray, edges: FloatArray) -> npt.NDArray[np.intp]:
    """Bin of each value, the last one for those that are unknown."""
    # A value on an edge belongs below it: where one value is most of a column, it is its own edge.
    codes = np.searchsorted(edges, values, side="left")
    codes[np.isnan(values)] = edges.size + 1
    return codes


def index_of_counts(reference: FloatArray, current: FloatArray) -> float:
    """Tell the population stability index (PSI) of two counts of the same bins.

    Parameters
    ----------
    reference, current : (bins,) rows in each; a bin that one side lacks counts with the floor

    Returns
    -------
    Sum over bins of the gap of shares times the gap of their logarithms; 0 where one side has no
    rows

    References
    ----------
    Siddiqi (2006), Credit risk scorecards, chapter 9.
    """
    return float(indices_of_counts(reference, current[None, :])[0])


def indices_of_counts(reference: FloatArray, current: FloatArray) -> FloatArray:
    """Tell the index of each row of counts: (draws,) of (bins,) and (draws, bins)."""
    total = current.sum(axis=1, keepdims=True)
    if not reference.sum() or not total.all():
        return np.zeros(len(current))
    held = (reference > 0) | (current > 0)
    before = np.maximum(reference / reference.sum(), _PSI_FLOOR)
    now = np.maximum(current / total, _PSI_FLOOR)
    parts = np.where(held, (now - before) * np.log(now / before), 0.0)
    found: FloatArray = parts.sum(axis=1)
    return found


def _same_length(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> None:
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"actual and predicted must be alike, not {one.shape} and {other.shape}.")
