"""Columns of features as one matrix of numbers, the same way when learning and when serving."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.shapes import FloatArray, Reasons, Rows

# Levels rarer than this share of the rows stand together as "none of the known".
_RARE = 0.002
_MOST_LEVELS = 50
_SKEWED = 2.0


@dataclass(frozen=True)
class Column:
    """One feature: a number with its scale, or a category with its levels."""

    name: str
    levels: tuple[str, ...] | None = None
    is_logarithmic: bool = False  # of a skewed number that is never negative
    middle: float = 0.0
    spread: float = 1.0

    @property
    def width(self) -> int:
        """Tell how many columns of the matrix it takes."""
        return 1 if self.levels is None else len(self.levels)


@dataclass(frozen=True)
class Columns:
    """Features that a model reads, in order."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.columns)

    @property
    def levels(self) -> dict[str, list[str] | None]:
        """Known texts of each category; ``None`` for a number."""
        return {c.name: None if c.levels is None else list(c.levels) for c in self.columns}

    @classmethod
    def learn(cls, rows: Rows) -> Columns:
        """Take scales and levels from the rows that are learnt from.

        Raises
        ------
        ValueError : there are no columns, or one has infinite numbers
        """
        if not rows:
            raise ValueError("rows: there is no feature to learn from.")
        return cls(tuple(_learnt(name, np.asarray(values)) for name, values in rows.items()))

    @classmethod
    def from_json(cls, told: list[dict[str, Any]]) -> Columns:
        """Read what `as_json` wrote."""
        return cls(
            tuple(
                Column(**{**one, "levels": None if one["levels"] is None else tuple(one["levels"])})
                for one in told
            )
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Tell the columns in values that JSON knows."""
        return [asdict(column) for column in self.columns]

    def raw(self, rows: Rows) -> FloatArray:
        """Give numbers as they are, NaN where unknown, and categories as 0 and 1: for trees."""
        return self._matrix(rows, is_scaled=False)

    def scaled(self, rows: Rows) -> FloatArray:
        """Give the matrix in standard scales, the unknown in the middle: for linear and neural."""
        return self._matrix(rows, is_scaled=True)

    def per_feature(self, effects: FloatArray) -> FloatArray:
        """Add the effects of a category's levels up.

        Parameters
        ----------
        effects : (rows, width of the matrix)

        Returns
        -------
        (rows, features)
        """
        starts = np.cumsum([0, *(column.width for column in self.columns[:-1])])
        by_feature: FloatArray = np.add.reduceat(effects, starts, axis=1)
        return by_feature

    def told(self, effects: FloatArray) -> list[Reasons]:
        """Name the effects of each row, the largest first.

        Parameters
        ----------
        effects : (rows, width of the matrix)
        """
        by_feature = self.per_feature(effects)
        order = np.argsort(-np.abs(by_feature), axis=1, kind="stable")
        return [
            [(self.names[i], float(row[i])) for i in ranked]
            for row, ranked in zip(by_feature, order, strict=True)
        ]

    def _matrix(self, rows: Rows, *, is_scaled: bool) -> FloatArray:
        missing = [name for name in self.names if name not in rows]
        if missing:
            raise ValueError(f"rows: the model needs {', '.join(missing)} too.")
        return np.hstack(
            [_encoded(c, np.asarray(rows[c.name]), is_scaled=is_scaled) for c in self.columns]
        )


def take(rows: Rows, chosen: npt.NDArray[np.bool_]) -> Rows:
    """Take some of the rows."""
    return {name: np.asarray(values)[chosen] for name, values in rows.items()}


def is_category(values: npt.NDArray[Any]) -> bool:
    """Tell text from numbers."""
    return values.dtype.kind in "OUST"


def _learnt(name: str, values: npt.NDArray[Any]) -> Column:
    if is_category(values):
        return Column(name, levels=_levels(values.astype(str)))
    numbers = values.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    if np.isinf(known).any():
        raise ValueError(f"rows: {name} has infinite values; leave them out or make them unknown.")
    if not known.size:
        return Column(name)
    is_logarithmic = bool(known.min() >= 0 and _skewness(known) > _SKEWED)
    shown = np.log1p(known) if is_logarithmic else known
    return Column(
        name,
        is_logarithmic=is_logarithmic,
        middle=float(shown.mean()),
        spread=float(shown.std()) or 1.0,
    )


def _levels(values: npt.NDArray[np.str_]) -> tuple[str, ...]:
    levels, counts = np.unique(values, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:_MOST_LEVELS]
    kept = [levels[i] for i in often if counts[i] >= _RARE * values.size]
    return tuple(sorted(str(level) for level in kept)) or (str(levels[often[0]]),)


def _skewness(values: FloatArray) -> float:
    gaps = values - values.mean()
    spread = float(gaps.std())
    return float(np.mean((gaps / spread) ** 3)) if spread else 0.0


def _encoded(column: Column, values: npt.NDArray[Any], *, is_scaled: bool) -> FloatArray:
    if column.levels is not None:
        shown = values.astype(str)[:, None] == np.asarray(column.levels)[None, :]
        return np.where(shown, 1.0, 0.0)
    numbers = values.astype(np.float64)
    if not is_scaled:
        return numbers[:, None]
    if column.is_logarithmic:
        numbers = np.log1p(np.maximum(numbers, 0))
    scaled: FloatArray = np.nan_to_num((numbers - column.middle) / column.spread)
    return scaled[:, None]
