"""Who will leave: gradient boosted trees, calibrated, with reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from mlops.engine.learning import metrics
from mlops.engine.learning.boosters import Told, Trees, boost, matrix, read
from mlops.engine.learning.calibration import Calibration, calibrate
from mlops.engine.learning.columns import Columns, take
from mlops.engine.learning.drift import CALIBRATION, REFERENCE, calibration_groups, reference_of
from mlops.engine.learning.leakage import check_leakage
from mlops.engine.learning.shapes import Artefact, FloatArray, Reasons, Rows, TooFewError, Trained
from mlops.engine.learning.splits import folds

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

KIND = "churn"
FORMAT_VERSION = 1
LARGEST_CALIBRATION_ERROR = 0.02
_FEWEST = 100  # rows to learn from and rows to judge on
_FEWEST_OF_A_CLASS = 10
_FOLDS = 4
# Small steps find a little more in few rows, and take too long in many.
_MANY_ROWS = 20_000
_SMALL_STEP, _LARGE_STEP = 0.02, 0.1


@dataclass(frozen=True)
class Settings:
    """How a training goes."""

    seed: int = 0
    rounds: int = 800  # at most: the folds decide
    step: float | None = None  # else small with few rows and large with many
    progress: Callable[[float], None] = lambda share: None


class ChurnModel:
    """Serves probabilities of leaving."""

    def __init__(self, trees: Trees, calibration: Calibration) -> None:
        self.features = trees.columns.names
        self.levels = trees.columns.levels
        self.calibration = calibration
        self._trees = trees

    def predict(self, rows: Rows) -> FloatArray:
        """Tell the probability of leaving of each row."""
        return self.calibration(self._trees.scores(rows))

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell what each feature adds to the log-odds of leaving, the largest first."""
        return self._trees.reasons(rows)

    def artefact(self) -> Artefact:
        """Write all that serving needs as one JSON document."""
        return self._trees.artefact(KIND, FORMAT_VERSION, calibration=self.calibration.as_json())


def load(artefact: Artefact) -> ChurnModel:
    """Read a model that `train` made.

    Raises
    ------
    ValueError : the artefact is of another kind or format
    """

    def made(trees: Trees, told: Told) -> ChurnModel:
        return ChurnModel(trees, Calibration.from_json(told["calibration"]))

    return read(artefact, KIND, FORMAT_VERSION, made)


def train(
    rows: Rows,
    churned: npt.NDArray[np.bool_],
    held_out: npt.NDArray[np.bool_],
    settings: Settings | None = None,
) -> Trained:
    """Learn who leaves, and judge it against logistic regression on the held-out rows.

    Parameters
    ----------
    rows : features of n rows, known before the time in which they may leave
    churned : (n,) whether each left
    held_out : (n,) rows to judge on; the others are learnt from
    settings : seed, rounds and a call for progress (0 to 1)

    Raises
    ------
    LeakageError : a feature tells the target by itself
    ValueError : too few rows, or too few that left or stayed
    """
    settings = settings or Settings()
    _check_amount(churned, held_out)
    known, judged = take(rows, ~held_out), take(rows, held_out)
    check_leakage(known, churned[~held_out], seed=settings.seed)
    model, rounds, threshold = fit(known, churned[~held_out], settings)
    probability = model.predict(judged)
    found = _measures(churned[held_out], probability, threshold)
    plain = _logistic(known, churned[~held_out], judged, churned[held_out], threshold)
    noise = metrics.calibration_noise(probability, settings.seed)
    is_better, verdict = judge(found, plain, noise)
    return Trained(
        kind=KIND,
        artefact=model.artefact(),
        features=model.features,
        levels=model.levels,
        metrics=found,
        baselines={"logistic regression": plain},
        is_better=is_better,
        verdict=verdict,
        card={
            "rounds": rounds,
            "calibration": model.calibration.method,
            "threshold": threshold,
            "calibration_error_by_chance": noise,
            "share_churned": float(churned.mean()),
            REFERENCE: reference_of(known, probability),
            CALIBRATION: calibration_groups(churned[held_out].astype(float), probability),
        },
        seed=settings.seed,
        rows=int((~held_out).sum()),
        held_out=int(held_out.sum()),
    )


def fit(
    rows: Rows, churned: npt.NDArray[np.bool_], settings: Settings
) -> tuple[ChurnModel, int, float]:
    """Fit trees and their calibration.

    The folds tell three things, each from rows not learnt from: how many rounds are best, the map
    from score to probability, and the threshold of the best F1.

    Returns
    -------
    The model, its rounds, the threshold
    """
    columns = Columns.learn(rows)
    numbers, seed = columns.raw(rows), settings.seed
    fold = folds(churned.size, _FOLDS, seed)
    margin, rounds = np.empty(churned.size), []
    for number in range(_FOLDS):
        seen, unseen = fold != number, fold == number
        booster = _boosted(
            matrix(numbers[seen], churned[seen]),
            settings,
            matrix(numbers[unseen], churned[unseen]),
        )
        rounds.append(booster.best_iteration + 1)
        margin[unseen] = booster.predict(
            matrix(numbers[unseen]), output_margin=True, iteration_range=(0, rounds[-1])
        )
        settings.progress((number + 1) / (_FOLDS + 1))
    best = int(np.median(rounds))
    calibration = calibrate(margin, churned, seed)
    whole = _boosted(matrix(numbers, churned), replace(settings, rounds=best))
    settings.progress(1.0)
    threshold = metrics.best_threshold(churned, calibration(margin))
    return ChurnModel(Trees(columns, whole), calibration), best, threshold


def judge(found: dict[str, float], plain: dict[str, float], noise: float) -> tuple[bool, str]:
    """Say whether the model beats its baseline with probabilities that hold.

    Parameters
    ----------
    found, plain : measures of the model and of logistic regression
    noise : calibration error that chance alone would give on so many rows
    """
    if found["auc"] <= plain["auc"]:
        return False, (
            f"Logistic regression ranks as well (AUC {plain['auc']:.3f} against "
            f"{found['auc']:.3f}), so the simpler one is enough."
        )
    if found["ece"] > max(LARGEST_CALIBRATION_ERROR, noise):
        return False, (
            f"Its probabilities are off by {found['ece']:.3f} on average, more than "
            f"{LARGEST_CALIBRATION_ERROR:.2f} and more than chance."
        )
    chance = "" if found["ece"] <= LARGEST_CALIBRATION_ERROR else ", no more than by chance"
    return True, (
        f"Ranks better than logistic regression (AUC {found['auc']:.3f} against "
        f"{plain['auc']:.3f}), and its probabilities hold (off by {found['ece']:.3f}{chance})."
    )


def logistic(rows: Rows, churned: npt.NDArray[np.bool_], asked: Rows) -> FloatArray:
    """Tell the probability by logistic regression on standardised columns, the plain baseline."""
    from sklearn.linear_model import LogisticRegression

    columns = Columns.learn(rows)
    line = LogisticRegression(max_iter=1_000).fit(columns.scaled(rows), churned)
    return np.asarray(line.predict_proba(columns.scaled(asked))[:, 1], dtype=np.float64)


def _logistic(
    known: Rows,
    churned: npt.NDArray[np.bool_],
    judged: Rows,
    left: npt.NDArray[np.bool_],
    threshold: float,
) -> dict[str, float]:
    return _measures(left, logistic(known, churned, judged), threshold)


def _measures(
    churned: npt.NDArray[np.bool_], probability: FloatArray, threshold: float
) -> dict[str, float]:
    sure = np.clip(probability, 1e-12, 1 - 1e-12)
    return {
        "auc": metrics.auc(churned, probability),
        "ece": metrics.calibration_error(churned, probability),
        "f1": metrics.f1(churned, probability, threshold),
        "log_loss": -float(
            np.mean(special.xlogy(churned, sure) + special.xlogy(~churned, 1 - sure))
        ),
    }


def _check_amount(churned: npt.NDArray[np.bool_], held_out: npt.NDArray[np.bool_]) -> None:
    for name, some in (("to learn from", ~held_out), ("to judge on", held_out)):
        left, of = int(churned[some].sum()), int(some.sum())
        if of < _FEWEST or min(left, of - left) < _FEWEST_OF_A_CLASS:
            raise TooFewError(
                f"{of} rows {name}, {left} of them churned: at least {_FEWEST} rows with "
                f"{_FEWEST_OF_A_CLASS} of each kind are needed. Take a longer time."
            )


def _boosted(known: DMatrix, settings: Settings, judged: DMatrix | None = None) -> Booster:
    return boost(
        known,
        rounds=settings.rounds,
        seed=settings.seed,
        judged=judged,
        objective="binary:logistic",
        eval_metric="logloss",
        max_depth=3,
        eta=settings.step or (_SMALL_STEP if known.num_row() < _MANY_ROWS else _LARGE_STEP),
        min_child_weight=5,
        colsample_bynode=0.3,
    )
