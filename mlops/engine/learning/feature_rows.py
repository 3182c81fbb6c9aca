"""Rows of features as JSON knows them, made columns the same way each time a model is asked.

What is predicted from is what can be stored: a row read back from JSON gives the same columns to
the last bit, so a prediction can be made again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.shapes import Rows

Value = float | str | None
# One row: features by name; ``None`` is an unknown number.
FeatureRow = Mapping[str, Value]
# Of each feature: the texts that the model knows, or ``None`` for a number.
Levels = Mapping[str, Sequence[str] | None]

LONGEST_TEXT = 200
# Trees count in 32 bits and fail beyond those; nothing that is measured is as large.
LARGEST_NUMBER = 1e30


class RowError(ValueError):
    """A row that the model cannot read; ``field`` names where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_rows(
    given: Sequence[Mapping[str, object]], features: Sequence[str], levels: Levels
) -> list[dict[str, Value]]:
    """Check rows from outside against what a model reads.

    Parameters
    ----------
    given : rows as parsed from JSON
    features : names that the model reads
    levels : of each feature its known texts, ``None`` for a number; a feature that is not in it
        may be either

    Returns
    -------
    The rows with each feature in the model's order; numbers as floats, never −0

    Raises
    ------
    RowError : a feature is missing or not one of the model's, a number is none, not finite or
        beyond measure, a text is none or too long; ``None`` is an unknown number and no text
    """
    rows = [_read(row, f"rows[{at}]", features, levels) for at, row in enumerate(given)]
    for name in features:
        if len({isinstance(row[name], str) for row in rows}) > 1:
            raise RowError(f"rows[].{name}", f"Give “{name}” as texts or as numbers, not as both.")
    return rows


def columns_of(rows: Sequence[FeatureRow], features: Sequence[str]) -> Rows:
    """Stand checked rows side by side: (rows,) text or float64 by feature, NaN where unknown."""
    return {name: _column([row[name] for row in rows]) for name in features}


def rows_of(columns: Rows) -> list[dict[str, Value]]:
    """Tell columns row by row; the other way round of `columns_of`."""
    told = {name: _told(values) for name, values in columns.items()}
    return [dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True)]


def _read(
    row: Mapping[str, object], where: str, features: Sequence[str], levels: Levels
) -> dict[str, Value]:
    if unknown := sorted(set(row) - set(features)):
        raise RowError(
            f"{where}.{unknown[0]}",
            f"The model does not read “{unknown[0]}”; it reads {_listed(features)}.",
        )
    read: dict[str, Value] = {}
    for name in features:
        if name not in row:
            raise RowError(f"{where}.{name}", f"Give “{name}”; null where the number is not known.")
        try:
            read[name] = _value(row[name], levels.get(name), is_known=name in levels)
        except ValueError as error:
            raise RowError(f"{where}.{name}", str(error)) from error
    return read


def _value(given: object, levels: Sequence[str] | None, *, is_known: bool) -> Value:
    if isinstance(given, str) and (levels is not None or not is_known):
        return _text(given)
    if levels is not None:
        raise ValueError(f"This is a text, such as {_listed(levels)}.")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError("This is a number; null where it is not known.")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError(
            f"Give a finite number within ±{LARGEST_NUMBER:g}, or null where it is not known."
        )
    # PostgreSQL's JSON knows no −0, and a model may.
    return number + 0.0


def _text(given: str) -> str:
    if len(given) > LONGEST_TEXT:
        raise ValueError(f"Give a text of at most {LONGEST_TEXT} characters.")
    if "\x00" in given or any("\ud800" <= sign <= "\udfff" for sign in given):
        raise ValueError("The text has signs that cannot be stored.")
    return given


def _column(values: Sequence[Value]) -> npt.NDArray[Any]:
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values], dtype=str)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _told(values: npt.NDArray[Any]) -> Iterable[Value]:
    if values.dtype.kind in "OUST":
        return [str(value) for value in values]
    numbers = values.astype(np.float64) + 0.0
    return [None if math.isnan(value) else value for value in numbers.tolist()]


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
