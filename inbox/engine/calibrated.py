"""A linear head on vectors of texts whose confidence is the chance that its answer is right.

Fitted twice: on all vectors, and on folds without each fifth of them. What the folds say of the
texts they never saw sets the temperature, and what a score is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Label = str | int

_C: Final = 10.0
_FOLDS: Final = 5
_ITERATIONS: Final = 300
# How much the likeness to all known texts counts beside the lead of the best label. Chosen on the
# validation part of CLINC150: 0 knows strangers less well (AUROC 0.944), 4 mistakes (0.906).
_LIKENESS: Final = 1.5
_SURE: Final = 1e-6
_LOGISTIC: Final = 1.702  # a logistic this steep is nearly the normal distribution
_UNSEEN: Final = -30.0


@dataclass(frozen=True)
class Head:
    """Weights of a linear classifier and what its scores are worth.

    Attributes
    ----------
    labels : at least one, sorted
    weights, bias : (labels, dimensions) and (labels,)
    scale : inverse temperature of the softmax
    likeness : mean and standard deviation of `energy` over texts of the known labels
    slope, offset : of the logistic curve from `score` to the chance of being right
    """

    labels: tuple[Label, ...]
    weights: FloatArray
    bias: FloatArray
    scale: float = 1.0
    likeness: tuple[float, float] = (0.0, 1.0)
    slope: float = 1.0
    offset: float = 0.0

    def logits(self, vectors: npt.NDArray[np.floating]) -> FloatArray:
        """Score each label.

        Parameters
        ----------
        vectors : (n, dimensions)

        Returns
        -------
        (n, labels)
        """
        found: FloatArray = np.asarray(vectors, np.float64) @ self.weights.T + self.bias
        return found

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Chance of each label, given that one of them is right.

        Parameters
        ----------
        logits : (n, labels)

        Returns
        -------
        (n, labels), rows sum to one
        """
        found: FloatArray = np.exp(_log_softmax(logits * self.scale))
        return found

    def confidences(self, logits: FloatArray) -> FloatArray:
        """Chance that the best label is right.

        Parameters
        ----------
        logits : (n, labels)

        Returns
        -------
        (n,) in [0, 1]
        """
        return _logistic(self.slope * self._scores(logits) + self.offset)

    def strangeness(self, logits: FloatArray) -> FloatArray:
        """How unlike all known texts; 0.5 is that of a middling one, above 0.95 few of them are.

        Parameters
        ----------
        logits : (n, labels)

        Returns
        -------
        (n,) in [0, 1]

        References
        ----------
        Liu et al. (2020), Energy-based Out-of-distribution Detection, equation 4.
        """
        return _logistic(-_LOGISTIC * self._likeness(logits))

    def _scores(self, logits: FloatArray) -> FloatArray:
        top = np.clip(self.probabilities(logits).max(axis=1), _SURE, 1 - _SURE)
        found: FloatArray = np.log(top / (1 - top)) + _LIKENESS * self._likeness(logits)
        return found

    def _likeness(self, logits: FloatArray) -> FloatArray:
        mean, deviation = self.likeness
        return (energy(logits) - mean) / deviation


@dataclass(frozen=True)
class Counts:
    """How much texts count, where they do not all count the same.

    Attributes
    ----------
    learnt : (n,) above 0, when weights are fitted
    judged : (n,) at least 0, when confidence is calibrated
    group : (n,) texts of one group go into one fold: who was learned from is not judged
    """

    learnt: FloatArray
    judged: FloatArray
    group: IntArray


def fit_head(
    vectors: npt.NDArray[np.floating],
    labels: Sequence[Label],
    *,
    seed: int = 0,
    counts: Counts | None = None,
) -> Head:
    """Fit weights and calibrate them on folds.

    Parameters
    ----------
    vectors : (n, dimensions)
    labels : (n,), all of one type; of a single kind gives a head that always answers it
    seed : which texts go into which fold
    counts : None: each text counts once and is a group of its own

    Returns
    -------
    Head : with texts too few for folds, not calibrated

    Raises
    ------
    ValueError : no texts, or not as many labels as vectors

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks; Platt (1999), Probabilistic
    Outputs for Support Vector Machines.
    """
    if len(labels) != len(vectors) or not len(labels):
        raise ValueError(f"labels must be one for each text, got {len(labels)} and {len(vectors)}")
    from threadpoolctl import threadpool_limits

    # Threads that wait for each other cost more than they bring, and change the last digits.
    with threadpool_limits(limits=1):
        return _calibrated(vectors, labels, seed, counts)


def _calibrated(
    vectors: npt.NDArray[np.floating], labels: Sequence[Label], seed: int, counts: Counts | None
) -> Head:
    names, kinds = np.unique(np.asarray(labels), return_inverse=True)
    kinds = kinds.astype(np.int64)
    known = tuple(names.tolist())
    every = np.arange(len(known))
    weights, bias = _fitted(vectors, kinds, every, None if counts is None else counts.learnt)
    logits, is_seen = _unseen_logits(vectors, kinds, every, (seed, counts))
    judged = np.ones(len(kinds)) if counts is None else counts.judged
    if not is_seen.any() or not judged[is_seen].sum():
        return Head(known, weights, bias)
    likeness = _likeness_of(logits)
    scale = _scale(logits[is_seen], kinds[is_seen], judged[is_seen])
    raw = Head(known, weights, bias, scale, likeness)
    slope, offset = _curve(raw._scores(logits), logits.argmax(axis=1) == kinds, judged)
    return Head(known, weights, bias, scale, likeness, slope, offset)


def energy(logits: FloatArray) -> FloatArray:
    """Logarithm of the sum of exponentials of each row: low where no label speaks up.

    Parameters
    ----------
    logits : (n, labels)

    Returns
    -------
    (n,)
    """
    top = logits.max(axis=1)
    found: FloatArray = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return found


def _fitted(
    vectors: npt.NDArray[np.floating],
    kinds: IntArray,
    every: IntArray,
    counted: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Weights of all labels; those that do not occur score `_UNSEEN`."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((len(every), vectors.shape[1]))
    bias = np.full(len(every), _UNSEEN)
    present = np.unique(kinds)
    if len(present) == 1:
        bias[present] = 0.0
        return weights, bias
    made = LogisticRegression(C=_C, max_iter=_ITERATIONS).fit(vectors, kinds, sample_weight=counted)
    if len(present) == 2:  # one row for both: half of it each
        weights[present] = np.vstack([-made.coef_, made.coef_]) / 2
        bias[present] = np.concatenate([-made.intercept_, made.intercept_]) / 2
    else:
        weights[present], bias[present] = made.coef_, made.intercept_
    # As exact as they are kept in a file: what is loaded answers like what was fitted.
    return weights.astype(np.float32).astype(float), bias.astype(np.float32).astype(float)


def _unseen_logits(
    vectors: npt.NDArray[np.floating],
    kinds: IntArray,
    every: IntArray,
    spread: tuple[int, Counts | None],
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Logits of each text by a head that was fitted without it, and whether that knew its label."""
    seed, counts = spread
    fold = _folds(kinds, seed)
    if counts is not None:
        _, first, place = np.unique(counts.group, return_index=True, return_inverse=True)
        fold = fold[first][place]
    logits = np.full((len(kinds), len(every)), _UNSEEN)
    is_seen = np.zeros(len(kinds), dtype=np.bool_)
    if len(every) < 2 or len(kinds) < 2 * _FOLDS:
        return logits, is_seen
    for one in range(_FOLDS):
        held, kept = fold == one, fold != one
        counted = None if counts is None else counts.learnt[kept]
        weights, bias = _fitted(vectors[kept], kinds[kept], every, counted)
        logits[held] = np.asarray(vectors[held], np.float64) @ weights.T + bias
        is_seen[held] = np.isin(kinds[held], kinds[kept])
    return logits, is_seen


def _folds(kinds: IntArray, seed: int) -> IntArray:
    """Spread the texts of each label over the folds."""
    order = np.random.default_rng(seed).permutation(len(kinds))
    order = order[np.argsort(kinds[order], kind="stable")]
    fold = np.empty(len(kinds), dtype=np.int64)
    fold[order] = np.arange(len(kinds)) % _FOLDS
    return fold


def _likeness_of(logits: FloatArray) -> tuple[float, float]:
    found = energy(logits)
    return float(found.mean()), float(max(found.std(), _SURE))


def _scale(logits: FloatArray, kinds: IntArray, judged: FloatArray) -> float:
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(kinds))

    def loss(power: float) -> float:
        told = _log_softmax(logits * np.exp(power))[rows, kinds]
        return -float(np.average(told, weights=judged))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _curve(
    scores: FloatArray, is_right: npt.NDArray[np.bool_], judged: FloatArray
) -> tuple[float, float]:
    """Platt's curve, his targets instead of 0 and 1: without a mistake seen, none is not sure."""
    from sklearn.linear_model import LogisticRegression

    right = float(judged[is_right].sum())
    wrong = float(judged.sum()) - right
    target = np.where(is_right, (right + 1) / (right + 2), 1 / (wrong + 2))
    made = LogisticRegression(C=_C, max_iter=_ITERATIONS).fit(
        np.concatenate([scores, scores])[:, None],
        np.repeat([1, 0], len(scores)),
        sample_weight=np.concatenate([judged * target, judged * (1 - target)]),
    )
    slope, offset = float(made.coef_[0, 0]), float(made.intercept_[0])
    if slope > 0:
        return slope, offset
    share = (right + 1) / (right + wrong + 2)  # the scores tell nothing: one chance for all
    return 0.0, float(np.log(share / (1 - share)))


def _log_softmax(logits: FloatArray) -> FloatArray:
    return logits - energy(logits)[:, None]


def _logistic(values: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-np.clip(values, -700, 700)))
    return found
