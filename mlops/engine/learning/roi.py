"""What the money of a campaign will bring: boosted trees on the logarithm, against plain means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlops.engine.learning import metrics
from mlops.engine.learning.boosters import Told, Trees, boost, matrix, read
from mlops.engine.learning.columns import Columns
from mlops.engine.learning.drift import CALIBRATION, REFERENCE, calibration_groups, reference_of
from mlops.engine.learning.leakage import check_leakage
from mlops.engine.learning.roi_rows import AFTER_DAYS, RoiRows
from mlops.engine.learning.shapes import (
    JUDGED_FROM,
    Artefact,
    FloatArray,
    Reasons,
    Rows,
    TooFewError,
    Trained,
)
from mlops.engine.learning.splits import by_time

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

KIND: Final = "roi"
FORMAT_VERSION: Final = 1
#: Shares between which eight of ten campaigns come out.
INTERVAL: Final = (0.1, 0.9)
_FEWEST: Final = 100  # rows to learn from and rows to judge on
_LARGEST_LEAF: Final = 100
# Nobody earns a thousand times what he spent for long; such a week has next to no spend.
_HIGHEST_ROAS: Final = 1_000.0


@dataclass(frozen=True)
class Settings:
    """How a training goes."""

    seed: int = 0
    rounds: int = 600  # at most: the newest of the known rows decide
    progress: Callable[[float], None] = lambda share: None


class RoiModel:
    """Serves the expected ROI of the days to come."""

    def __init__(self, trees: Trees, smearing: float, spread: tuple[float, float]) -> None:
        self.features = trees.columns.names
        self.levels = trees.columns.levels
        self.smearing = smearing
        self._trees = trees
        self._spread = spread

    def predict(self, rows: Rows) -> FloatArray:
        """Tell the expected ROI of each row: (rows,), −1 where nothing comes back."""
        roi: FloatArray = np.exp(self._logs(rows)) * self.smearing - 2
        return roi

    def interval(self, rows: Rows) -> FloatArray:
        """Tell between what ROI eight of ten come out: (rows, 2)."""
        ends: FloatArray = np.exp(self._logs(rows)[:, None] + np.array(self._spread))
        return ends.clip(min=1.0) - 2

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell what each feature adds to ln(1 + ROAS), the largest first."""
        return self._trees.reasons(rows)

    def artefact(self) -> Artefact:
        """Write all that serving needs as one JSON document."""
        return self._trees.artefact(
            KIND, FORMAT_VERSION, smearing=self.smearing, spread=list(self._spread)
        )

    def _logs(self, rows: Rows) -> FloatArray:
        # ROAS is never negative, so its logarithm of 1 and more is not either.
        return self._trees.scores(rows).clip(min=0.0)


def load(artefact: Artefact) -> RoiModel:
    """Read a model that `train` made.

    Raises
    ------
    ValueError : the artefact is of another kind or format
    """

    def made(trees: Trees, told: Told) -> RoiModel:
        low, high = map(float, told["spread"])
        return RoiModel(trees, float(told["smearing"]), (low, high))

    return read(artefact, KIND, FORMAT_VERSION, made)


def train(rows: RoiRows, settings: Settings | None = None) -> Trained:
    """Learn what campaigns bring, and judge it on the newest days against plain guesses.

    Parameters
    ----------
    rows : of campaigns; those whose days are not over are left out
    settings : seed, rounds and a call for progress (0 to 1)

    Raises
    ------
    LeakageError : a feature tells the ROI by itself
    ValueError : too few rows, or all of one day
    """
    settings = settings or Settings()
    known, judged = _split(rows.where(~np.isnan(rows.roi)))
    _check_amount(known, judged)
    check_leakage(known.rows, known.roi + 1, seed=settings.seed)
    model, rounds = fit(known, settings)
    guess = model.predict(judged.rows)
    found = measures(judged.roi, guess)
    plain = {name: measures(judged.roi, guess) for name, guess in guesses(known, judged).items()}
    is_better, verdict = judge(found, plain)
    low, high = model.interval(judged.rows).T
    return Trained(
        kind=KIND,
        artefact=model.artefact(),
        features=model.features,
        levels=model.levels,
        metrics=found,
        baselines=plain,
        is_better=is_better,
        verdict=verdict,
        card={
            "what": f"ROI of a campaign's next {AFTER_DAYS} days.",
            "rounds": rounds,
            "smearing": model.smearing,
            "interval_covers": metrics.coverage(judged.roi, low, high),
            JUDGED_FROM: str(judged.origin.min()),
            REFERENCE: reference_of(known.rows, guess),
            # Of ROAS, which is never negative.
            CALIBRATION: calibration_groups(judged.roi + 1, guess + 1),
        },
        seed=settings.seed,
        rows=len(known),
        held_out=len(judged),
    )


def fit(known: RoiRows, settings: Settings) -> tuple[RoiModel, int]:
    """Fit trees; the newest rows tell how many, how far they miss, and what that adds.

    What is right for the logarithm is too small for the amount: the mean of what the exponent of
    the misses was, on rows not learnt from, corrects it (smearing).

    Returns
    -------
    The model, its rounds

    References
    ----------
    Duan (1983), Smearing estimate: a nonparametric retransformation method, J. of the American
    Statistical Association 78, 605-610.
    """
    columns = Columns.learn(known.rows)
    older, newest = _split(known)
    booster = _boosted(columns, older, settings, newest)
    rounds = booster.best_iteration + 1
    told = booster.predict(matrix(columns.raw(newest.rows)), iteration_range=(0, rounds))
    settings.progress(0.5)
    misses = _logs(newest.roi) - np.asarray(told, dtype=np.float64).clip(min=0.0)
    whole = _boosted(columns, known, Settings(settings.seed, rounds))
    settings.progress(1.0)
    low, high = np.quantile(misses, INTERVAL)
    smearing = float(np.mean(np.exp(misses)))
    return RoiModel(Trees(columns, whole), smearing, (float(low), float(high))), rounds


def measures(actual: FloatArray, predicted: FloatArray) -> dict[str, float]:
    """Measures of a model and of its baselines; the first decides."""
    return {
        "mae": float(np.mean(np.abs(actual - predicted))),
        "rmse": metrics.rmse(actual, predicted),
        "median_error": float(np.median(np.abs(actual - predicted))),
    }


def guesses(known: RoiRows, judged: RoiRows) -> dict[str, FloatArray]:
    """Guess by the channel's mean of the known rows, and by the campaign's own week before."""
    channel = np.asarray(known.rows["channel"]).astype(str)
    overall = float(known.roi.mean())
    means = {name: float(known.roi[channel == name].mean()) for name in np.unique(channel)}
    asked = np.asarray(judged.rows["channel"]).astype(str)
    by_channel = np.array([means.get(name, overall) for name in asked])
    return {
        "channel mean": by_channel,
        "the week before": np.asarray(judged.rows["roas_before"], dtype=np.float64) - 1,
    }


def judge(found: dict[str, float], plain: dict[str, dict[str, float]]) -> tuple[bool, str]:
    """Say whether the model errs less than each plain guess."""
    best = min(plain, key=lambda name: plain[name]["mae"])
    error, its = found["mae"], plain[best]["mae"]
    if error >= its:
        return False, f"{best.capitalize()} errs no more ({its:.3f} against {error:.3f})."
    return True, f"Errs less than the best plain guess ({error:.3f}; {best} {its:.3f})."


def _split(rows: RoiRows) -> tuple[RoiRows, RoiRows]:
    """Older and newest rows; what the older ones tell was over when the newest began."""
    newest = by_time(rows.origin)
    cut = rows.origin[newest].min()
    over = rows.origin + np.timedelta64(AFTER_DAYS, "D") <= cut
    return rows.where(over), rows.where(newest)


def _logs(roi: FloatArray) -> FloatArray:
    """ln(1 + ROAS), of no more than can be."""
    return np.log1p(np.minimum(roi + 1, _HIGHEST_ROAS))


def _check_amount(known: RoiRows, judged: RoiRows) -> None:
    for name, some in (("to learn from", known), ("to judge on", judged)):
        if len(some) < _FEWEST:
            raise TooFewError(
                f"{len(some)} days of campaigns {name}: at least {_FEWEST} are needed whose next"
                f" {AFTER_DAYS} days are over. Take a longer time."
            )


def _boosted(
    columns: Columns, rows: RoiRows, settings: Settings, judged: RoiRows | None = None
) -> Booster:
    def both(some: RoiRows) -> DMatrix:
        return matrix(columns.raw(some.rows), _logs(some.roi))

    return boost(
        both(rows),
        rounds=settings.rounds,
        seed=settings.seed,
        judged=None if judged is None else both(judged),
        objective="reg:squarederror",
        # Rows of neighbouring days tell nearly the same, so many together say little: small trees.
        max_depth=2,
        eta=0.05,
        min_child_weight=min(_LARGEST_LEAF, max(5, len(rows) // 40)),
        colsample_bynode=0.5,
    )
