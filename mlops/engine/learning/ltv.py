"""What a user will bring: a net that tells whether and how much, against plain baselines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from mlops.engine.learning import bgnbd, metrics
from mlops.engine.learning.columns import Columns, take
from mlops.engine.learning.drift import CALIBRATION, REFERENCE, calibration_groups, reference_of
from mlops.engine.learning.leakage import check_leakage
from mlops.engine.learning.shapes import Artefact, FloatArray, Reasons, Rows, TooFewError, Trained
from mlops.engine.learning.splits import folds
from workspaces import formats

KIND = "ltv"
FORMAT_VERSION = 1
TOTAL_WITHIN = (0.85, 1.15)
LARGEST_DECILE_ERROR = 0.20
# Where chance alone gives more than this, the deciles say nothing of the model.
LARGEST_DECILE_NOISE = 0.50
_FEWEST = 200
_FEWEST_VALUES = 30
_FOLDS = 5
_MANY_ROWS = 50_000
_DROPOUT = 0.1  # of few rows; many need none, and their lowest deciles are off by more with it
# In standard deviations: beyond, inputs count as this far. Few pay in their first week, so that
# what they pay lies far out.
_FURTHEST = 15.0
_LEAST_SPREAD = 1e-3  # as in training
_HEADER = "countersign"

Net = list[tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Settings:
    """How a training goes."""

    seed: int = 0
    epochs: int = 200  # at most
    patience: int = 15
    groups: tuple[str, ...] = ("channel", "country")  # of the baseline of means
    progress: Callable[[float], None] = lambda share: None


@dataclass(frozen=True)
class Told:
    """Purchases of all users, where they are known, and the time that the target spans."""

    bought: bgnbd.Purchases
    horizon: float


class LtvModel:
    """Serves expected values; needs numpy only."""

    def __init__(self, columns: Columns, nets: list[Net], scale: float, ceiling: float) -> None:
        self.features = columns.names
        self.levels = columns.levels
        self.scale = scale
        self.ceiling = ceiling
        self._columns = columns
        self._nets = nets

    def predict(self, rows: Rows) -> FloatArray:
        """Tell the value that each row will bring."""
        return self._value(self._inputs(rows))

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell by how much each value would differ if a feature were unknown, largest first."""
        inputs = self._inputs(rows)
        value, effects, start = self._value(inputs), np.zeros_like(inputs), 0
        for column in self._columns.columns:
            without = inputs.copy()
            without[:, start : start + column.width] = 0.0
            effects[:, start] = value - self._value(without)
            start += column.width
        return self._columns.told(effects)

    def artefact(self) -> Artefact:
        """Write weights as safetensors, with all else in the header."""
        from safetensors.numpy import save

        weights = {
            f"{member}.{layer}.{part}": array.astype(np.float32)
            for member, net in enumerate(self._nets)
            for layer, pair in enumerate(net)
            for part, array in zip(("weight", "bias"), pair, strict=True)
        }
        told = {
            "format": FORMAT_VERSION,
            "kind": KIND,
            "columns": self._columns.as_json(),
            "members": len(self._nets),
            "layers": len(self._nets[0]),
            "scale": self.scale,
            "ceiling": self.ceiling,
        }
        # One entry: the header's entries are written in no order of ours.
        header = {_HEADER: json.dumps(told, sort_keys=True)}
        return Artefact("safetensors", save(weights, metadata=header))

    def _inputs(self, rows: Rows) -> FloatArray:
        return _inputs(self._columns, rows)

    def _value(self, inputs: FloatArray) -> FloatArray:
        told = [_expected(net, inputs) for net in self._nets]
        value: FloatArray = np.minimum(np.mean(told, axis=0) * self.scale, self.ceiling)
        return value


def load(artefact: Artefact) -> LtvModel:
    """Read a model that `train` made.

    Raises
    ------
    ValueError : the artefact is of another kind or format
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    wrong = f"artefact: not an {KIND} model of format {FORMAT_VERSION}; train a new version."
    try:
        weights, told = read(artefact.data), _header(artefact.data)
        if told["format"] != FORMAT_VERSION:
            raise ValueError(wrong)
        nets = [
            [
                (
                    weights[f"{member}.{layer}.weight"].astype(np.float64),
                    weights[f"{member}.{layer}.bias"].astype(np.float64),
                )
                for layer in range(told["layers"])
            ]
            for member in range(told["members"])
        ]
        return LtvModel(Columns.from_json(told["columns"]), nets, told["scale"], told["ceiling"])
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(wrong) from error


def train(
    rows: Rows,
    value: FloatArray,
    held_out: npt.NDArray[np.bool_],
    settings: Settings | None = None,
    told: Told | None = None,
) -> Trained:
    """Learn what users bring, and judge it against plain baselines on the held-out rows.

    Parameters
    ----------
    rows : features of n users, known before the time that the value spans
    value : (n,) money that each brought, not negative
    held_out : (n,) users to judge on; the others are learnt from
    settings : seed, epochs, groups and a call for progress (0 to 1)
    told : purchases of the n users before that time, for one more baseline

    Raises
    ------
    LeakageError : a feature tells the value by itself
    ValueError : negative values, or too few users or too few that brought any
    """
    settings = settings or Settings()
    _check_amount(value, held_out)
    known, judged = take(rows, ~held_out), take(rows, held_out)
    check_leakage(known, value[~held_out], seed=settings.seed)
    model = fit(known, value[~held_out], settings)
    actual = value[held_out]
    guess = model.predict(judged)
    found, noise = measures(actual, guess), metrics.decile_noise(actual, guess, settings.seed)
    plain = {
        name: measures(actual, told_by_it)
        for name, told_by_it in _baselines(known, value[~held_out], judged, settings).items()
    }
    if told is not None:
        expected = bgnbd.expected_value(told.bought, told.horizon)[held_out]
        plain["BG/NBD + Gamma-Gamma"] = measures(actual, expected)
    is_better, verdict = judge(found, plain, noise)
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
            "scale": model.scale,
            "share_with_value": float((value > 0).mean()),
            "decile_error_by_chance": noise,
            REFERENCE: reference_of(known, guess),
            CALIBRATION: calibration_groups(actual, guess),
        },
        seed=settings.seed,
        rows=int((~held_out).sum()),
        held_out=int(held_out.sum()),
    )


def fit(rows: Rows, value: FloatArray, settings: Settings) -> LtvModel:
    """Fit the nets, each stopped by the rows it does not learn from, which also set the scale.

    Parameters
    ----------
    rows, value : of the users that are learnt from
    settings : as for `train`
    """
    from mlops.engine.learning import ziln

    columns = Columns.learn(rows)
    inputs = _inputs(columns, rows)
    fold = folds(value.size, _FOLDS, settings.seed)
    is_large = value.size >= _MANY_ROWS
    nets, expected = [], np.zeros(value.size)
    for member in range(_FOLDS):
        kept = fold == member
        weights = ziln.train(
            ziln.Sample(inputs[~kept], value[~kept]),
            ziln.Sample(inputs[kept], value[kept]),
            seed=settings.seed + member,
            epochs=settings.epochs,
            # An epoch of many rows is many steps, and the rows that stop it scatter little.
            patience=max(1, settings.patience // 3) if is_large else settings.patience,
            dropout=0.0 if is_large else _DROPOUT,
        )
        nets.append(_layers(weights))
        expected[kept] = _expected(nets[-1], inputs[kept])
        settings.progress((member + 1) / _FOLDS)
    # The mean of a lognormal hangs on the square of its spread: sums are right only when checked.
    scale = float(value.sum() / expected.sum())
    return LtvModel(columns, nets, scale, ceiling=float(value.max()))


def measures(actual: FloatArray, predicted: FloatArray) -> dict[str, float]:
    """Measures of a model and of its baselines; the last two are shown and decide nothing."""
    return {
        "gini": metrics.normalised_gini(actual, predicted),
        "total_ratio": metrics.total_ratio(actual, predicted),
        "decile_mape": metrics.decile_mape(actual, predicted),
        "rmse": metrics.rmse(actual, predicted),
        "mae": float(np.mean(np.abs(actual - predicted))),
    }


def judge(
    found: dict[str, float], plain: dict[str, dict[str, float]], noise: float
) -> tuple[bool, str]:
    """Say whether a model ranks as well as its best baseline, and its sums and deciles hold.

    Parameters
    ----------
    found, plain : measures of the model and of each baseline
    noise : error of the deciles that chance alone would give on these rows
    """
    best = max(plain, key=lambda name: plain[name]["gini"])
    if found["gini"] < plain[best]["gini"]:
        return False, (
            f"{best} ranks better (Gini {plain[best]['gini']:.3f} against {found['gini']:.3f})."
        )
    if not TOTAL_WITHIN[0] <= found["total_ratio"] <= TOTAL_WITHIN[1]:
        return False, f"It predicts {found['total_ratio']:.2f} times what came in all."
    error = found["decile_mape"]
    if error > max(LARGEST_DECILE_ERROR, min(noise, LARGEST_DECILE_NOISE)):
        return False, (
            f"Its deciles are off by {formats.share(error)} on average, more than"
            f" {formats.share(LARGEST_DECILE_ERROR)};"
            f" chance alone gives up to {formats.share(noise)} on so few users with value"
            f"{', too much to tell' if noise > LARGEST_DECILE_NOISE else ''}."
        )
    chance = "" if error <= LARGEST_DECILE_ERROR else ", no more than chance gives on so few users"
    return True, (
        f"Ranks as well as the best baseline or better (Gini {found['gini']:.3f}; {best} "
        f"{plain[best]['gini']:.3f}), predicts {found['total_ratio']:.2f} times what came in all, "
        f"and its deciles are off by {formats.share(error)}{chance}."
    )


def boosting(known: Rows, value: FloatArray, asked: Rows, seed: int) -> FloatArray:
    """Tell the value by gradient boosted trees, the strongest of the plain baselines."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    columns = Columns.learn(known)
    # Poisson deviance: right in sum, and at home with many zeros.
    trees = HistGradientBoostingRegressor(
        loss="poisson", learning_rate=0.05, max_leaf_nodes=15, early_stopping=True,
        random_state=seed,
    )  # fmt: skip
    trees.fit(columns.raw(known), value)
    return np.asarray(trees.predict(columns.raw(asked)), dtype=np.float64)


def _baselines(
    known: Rows, value: FloatArray, asked: Rows, settings: Settings
) -> dict[str, FloatArray]:
    groups = tuple(name for name in settings.groups if name in known)
    name = f"mean by {' × '.join(groups)}" if groups else "mean"
    return {
        name: _means(known, value, asked, groups),
        "gradient boosting": boosting(known, value, asked, settings.seed),
    }


def _means(known: Rows, value: FloatArray, asked: Rows, groups: tuple[str, ...]) -> FloatArray:
    mean = float(value.mean())
    if not groups:
        return np.full(len(next(iter(asked.values()))), mean)
    keys = list(zip(*(np.asarray(known[name]).astype(str) for name in groups), strict=True))
    sums: dict[tuple[Any, ...], list[float]] = {}
    for key, one in zip(keys, value, strict=True):
        total = sums.setdefault(key, [0.0, 0.0])
        total[0] += one
        total[1] += 1
    wanted = zip(*(np.asarray(asked[name]).astype(str) for name in groups), strict=True)
    found = [sums.get(key, [mean, 1.0]) for key in wanted]
    return np.array([total / count for total, count in found])


def _expected(net: Net, inputs: FloatArray) -> FloatArray:
    hidden = inputs
    for weight, bias in net[:-1]:
        hidden = np.maximum(_times(hidden, weight) + bias, 0.0)
    weight, bias = net[-1]
    told = _times(hidden, weight) + bias
    spread = np.logaddexp(0.0, told[:, 2]) + _LEAST_SPREAD
    # Far beyond any money, only so that nothing overflows before the ceiling.
    logs = np.minimum(told[:, 1] + spread**2 / 2, 50.0)
    return np.asarray(special.expit(told[:, 0]) * np.exp(logs), dtype=np.float64)


def _times(inputs: FloatArray, weight: FloatArray) -> FloatArray:
    # Not "@": BLAS adds in another order for another number of rows, and a prediction must come
    # out the same to the last bit when its row is asked for alone.
    product: FloatArray = np.einsum("ij,kj->ik", inputs, weight)
    return product


def _layers(weights: dict[str, npt.NDArray[np.float32]]) -> Net:
    return [
        (
            weights[f"{layer}.weight"].astype(np.float64),
            weights[f"{layer}.bias"].astype(np.float64),
        )
        for layer in range(len(weights) // 2)
    ]


def _inputs(columns: Columns, rows: Rows) -> FloatArray:
    return np.clip(columns.scaled(rows), -_FURTHEST, _FURTHEST)


def _header(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[:8], "little")
    told: dict[str, Any] = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][_HEADER])
    return told


def _check_amount(value: FloatArray, held_out: npt.NDArray[np.bool_]) -> None:
    if not np.isfinite(value).all() or (value < 0).any():
        raise ValueError("value: every user's value must be known and not negative.")
    for name, some in (("to learn from", ~held_out), ("to judge on", held_out)):
        paid, of = int((value[some] > 0).sum()), int(some.sum())
        if of < _FEWEST or paid < _FEWEST_VALUES:
            raise TooFewError(
                f"{of} users {name}, {paid} of them with value: at least {_FEWEST} users and "
                f"{_FEWEST_VALUES} with value are needed. Take a longer time."
            )
