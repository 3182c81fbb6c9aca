"""Boosted trees of XGBoost that serve: how they are made, written, read and explained.

Its JSON needs no pickle, and it tells what each feature adds (``pred_contribs``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.columns import Columns
from mlops.engine.learning.shapes import Artefact, FloatArray, Reasons, Rows

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

#: Rounds without any gain on the judged rows after which boosting ends.
_PATIENCE: Final = 40
_COMMON: Final = {
    "tree_method": "hist",
    "lambda": 5,
    "subsample": 0.7,
    "nthread": 1,  # one thread adds in one order: the same seed gives the same bytes
}

Told = dict[str, Any]
Model = TypeVar("Model")


@dataclass(frozen=True)
class Trees:
    """Trees with the columns that they read."""

    columns: Columns
    booster: Booster

    def scores(self, rows: Rows) -> FloatArray:
        """Add the trees up, before anything is made of the sum: (rows,)."""
        told = self.booster.predict(matrix(self.columns.raw(rows)), output_margin=True)
        return np.asarray(told, dtype=np.float64)

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell what each feature adds to the score, the largest first."""
        effects = self.booster.predict(matrix(self.columns.raw(rows)), pred_contribs=True)
        return self.columns.told(np.asarray(effects, dtype=np.float64)[:, :-1])

    def artefact(self, kind: str, format_version: int, **more: Any) -> Artefact:
        """Write all that serving needs as one JSON document."""
        told = {
            "format": format_version,
            "kind": kind,
            "columns": self.columns.as_json(),
            "model": json.loads(bytes(self.booster.save_raw("json"))),
            **more,
        }
        return Artefact("xgboost-json", json.dumps(told, sort_keys=True).encode())


def read(
    artefact: Artefact, kind: str, format_version: int, made: Callable[[Trees, Told], Model]
) -> Model:
    """Read what `Trees.artefact` wrote; ``made`` turns it, with the whole document, into a model.

    Raises
    ------
    ValueError : the artefact is of another kind or format
    """
    from xgboost import Booster

    wrong = f"artefact: not a model of {kind} of format {format_version}; train a new version."
    told = json.loads(artefact.data)
    if not isinstance(told, dict) or (told.get("format"), told.get("kind")) != (
        format_version, kind,
    ):  # fmt: skip
        raise ValueError(wrong)
    booster = Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(json.dumps(told["model"]).encode()))
        return made(Trees(Columns.from_json(told["columns"]), booster), told)
    except (KeyError, TypeError) as error:
        raise ValueError(wrong) from error


def matrix(numbers: FloatArray, target: npt.NDArray[Any] | None = None) -> DMatrix:
    """Hand rows over as XGBoost takes them, with what is to be learnt where it is known."""
    from xgboost import DMatrix

    return DMatrix(numbers, None if target is None else target.astype(float), nthread=1)


def boost(
    known: DMatrix,
    *,
    rounds: int,
    seed: int,
    judged: DMatrix | None = None,
    **parameters: Any,
) -> Booster:
    """Boost trees.

    Parameters
    ----------
    rounds : at most, where there are rows to judge on; else just so many
    judged : rows on which boosting ends once it gains nothing
    parameters : of XGBoost, beside those that all models share
    """
    from xgboost import train

    return train(
        {**_COMMON, "seed": seed, **parameters},
        known,
        rounds,
        evals=[] if judged is None else [(judged, "judged")],
        early_stopping_rounds=None if judged is None else _PATIENCE,
        verbose_eval=False,
    )
