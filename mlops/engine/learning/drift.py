"""How far today's rows have moved from those that a model learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.columns import is_category
from mlops.engine.learning.metrics import (
    bin_of,
    binned,
    calibration_error,
    calibration_noise,
    index_of_counts,
    indices_of_counts,
    quantile_edges,
    shared_among_equals,
)
from mlops.engine.learning.shapes import FloatArray, Rows

#: Where a version's card keeps what it learnt from.
REFERENCE: Final = "reference"
#: And groups of held-out rows by prediction, for a chart of its calibration.
CALIBRATION: Final = "calibration_groups"
MOST_LEVELS: Final = 50
_GROUPS: Final = 10
_DRAWS: Final = 200
Groups = npt.NDArray[np.int64]

#: Off by more than this is more than a probability may be, even where chance would allow less.
LARGEST_PROBABILITY_ERROR: Final = 0.05
#: As much as sums of amounts may be off.
LARGEST_SUM_ERROR: Final = 0.25


@dataclass(frozen=True)
class Histogram:
    """One column in few numbers: counts by bin.

    Attributes
    ----------
    counts : rows by bin; the last bin holds what is unknown, or levels that are not named
    edges : of a number, between its bins
    levels : of a category, by bin
    """

    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] | None = None

    @classmethod
    def learn(cls, values: npt.NDArray[Any]) -> Histogram:
        """Take bins and counts from the rows that are learnt from."""
        if not is_category(values):
            numbers = values.astype(np.float64)
            edges = quantile_edges(numbers)
            return cls(_whole(binned(numbers, edges)), edges=tuple(edges.tolist()))
        found, counts = np.unique(values.astype(str), return_counts=True)
        often = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        levels = tuple(sorted(str(found[i]) for i in often))
        return cls(_whole(_by_level(values, levels)), levels=levels)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Histogram:
        """Read what `as_json` wrote."""
        levels = told.get("levels")
        return cls(
            tuple(told["counts"]),
            tuple(told.get("edges", ())),
            None if levels is None else tuple(levels),
        )

    def as_json(self) -> dict[str, Any]:
        """Tell it in values that JSON knows."""
        bins = {"edges": self.edges} if self.levels is None else {"levels": self.levels}
        return {name: list(found) for name, found in {"counts": self.counts, **bins}.items()}

    def moved(self, values: npt.NDArray[Any]) -> float:
        """Tell the population stability index (PSI) of today's values against it.

        Below 0.1 stable, above 0.25 moved.
        """
        now = np.bincount(self.places(values), minlength=len(self.counts)).astype(np.float64)
        return index_of_counts(np.asarray(self.counts, dtype=np.float64), now)

    def places(self, values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        """Bin of each of today's values."""
        if self.levels is not None:
            return _level_of(values, self.levels)
        return bin_of(values.astype(np.float64), np.asarray(self.edges))


@dataclass(frozen=True)
class Moved:
    """Population stability indices of today against a reference.

    Attributes
    ----------
    features : by name, the one that moved most first
    score : of what the model predicts
    """

    features: dict[str, float]
    score: float

    @property
    def most(self) -> float:
        """The largest of the features'."""
        return next(iter(self.features.values()), 0.0)

    def beyond(self, limit: float, chance: Moved | None = None) -> dict[str, float]:
        """Features that moved further than a limit, and than chance alone may move them."""
        noise = chance.features if chance else {}
        return {
            name: value
            for name, value in self.features.items()
            if value > max(limit, noise.get(name, 0.0))
        }


@dataclass(frozen=True)
class Calibration:
    """How far predictions are off from what came.

    Attributes
    ----------
    error : of probabilities the expected calibration error, of amounts |sum predicted/actual − 1|
    limit : what it may be
    """

    error: float
    limit: float

    @property
    def is_off(self) -> bool:
        """Whether it is more than it may be."""
        return self.error > self.limit


def reference_of(rows: Rows, score: FloatArray) -> dict[str, Any]:
    """Make the reference that a version's card keeps, in values that JSON knows.

    Parameters
    ----------
    rows : what was learnt from
    score : (m,) predictions of held-out rows: of rows learnt from they would be too sure
    """
    return {
        "features": {
            name: Histogram.learn(np.asarray(values)).as_json() for name, values in rows.items()
        },
        "score": Histogram.learn(score).as_json(),
    }


def moved(reference: Mapping[str, Any], rows: Rows, score: FloatArray) -> Moved:
    """Set today's rows against a reference.

    Parameters
    ----------
    reference : as `reference_of` made it
    rows : (n,) columns of today; one that is missing is left out
    score : (n,) what the model predicts of them
    """
    features = {
        name: Histogram.from_json(told).moved(np.asarray(rows[name]))
        for name, told in reference["features"].items()
        if name in rows
    }
    worst_first = dict(sorted(features.items(), key=lambda pair: (-pair[1], pair[0])))
    return Moved(worst_first, Histogram.from_json(reference["score"]).moved(score))


def chance_of(
    reference: Mapping[str, Any], rows: Rows, score: FloatArray, groups: Groups, *, seed: int = 0
) -> Moved:
    """Tell what chance alone may move where rows of one group tell nearly the same.

    Sixty campaigns over two weeks are not 840 rows but sixty: which ones happen to run moves a
    column. Groups are drawn anew; what they then differ from themselves by, 95 times in 100 at
    most, counts twice, as what was learnt from is such a draw, too.

    Parameters
    ----------
    reference, rows, score : as for `moved`
    groups : (n,) each row's
    """
    names, groups = np.unique(groups, return_inverse=True)
    count = names.size
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(count, np.full(count, 1 / count), _DRAWS) if count else None

    def noise(told: Mapping[str, Any], values: npt.NDArray[Any]) -> float:
        """Return what chance alone stays below 19 times of 20; 0 without groups."""
        if draws is None:
            return 0.0
        kept = Histogram.from_json(told)
        bins = len(kept.counts)
        places = groups * bins + kept.places(values)
        counts = np.bincount(places, minlength=count * bins).reshape(count, bins).astype(np.float64)
        drawn = draws @ counts
        drawn = drawn[drawn.sum(axis=1) > 0]
        return 2 * float(np.quantile(indices_of_counts(counts.sum(axis=0), drawn), 0.95))

    features = {
        name: noise(told, np.asarray(rows[name]))
        for name, told in reference["features"].items()
        if name in rows
    }
    return Moved(features, noise(reference["score"], score) if score.size else 0.0)


def moved_since(
    reference: Mapping[str, Any],
    rows: Rows,
    began_on: npt.NDArray[np.datetime64],
    *,
    limit: float,
    least: int,
    groups: Groups | None = None,
) -> date | None:
    """First day of the stretch up to now in which rows are moved, week by week.

    Parameters
    ----------
    reference : as `reference_of` made it
    rows, began_on : (n,) columns and days of rows
    limit : index above which a feature is moved
    least : rows that a week needs to be judged; a week of fewer ends the stretch
    groups : (n,) where rows of one group tell nearly the same, as for `chance_of`

    Returns
    -------
    The day, or ``None`` where not even the newest week is moved
    """
    first: date | None = None
    if not began_on.size:
        return None
    end: date = began_on.max().item()
    while True:
        start = end - timedelta(days=6)
        week = (began_on >= np.datetime64(start)) & (began_on <= np.datetime64(end))
        if week.sum() < least:
            return first
        of_week = {name: np.asarray(values)[week] for name, values in rows.items()}
        chance = None
        if groups is not None:
            chance = chance_of(reference, of_week, np.empty(0), groups[week])
        if not moved(reference, of_week, np.empty(0)).beyond(limit, chance):
            return first
        first, end = start, start - timedelta(days=1)


def calibration_of(actual: FloatArray, predicted: FloatArray, *, is_chance: bool) -> Calibration:
    """Tell how far predictions are off from what came.

    Parameters
    ----------
    actual, predicted : (n,) outcomes and what was predicted of them
    is_chance : outcomes are 0 or 1 and predictions their probabilities; else both are amounts
    """
    if is_chance:
        limit = max(LARGEST_PROBABILITY_ERROR, calibration_noise(predicted, seed=0))
        return Calibration(calibration_error(actual > 0, predicted), limit)
    total = float(actual.sum())
    off = abs(float(predicted.sum()) / total - 1) if total else float(predicted.sum() > 0)
    return Calibration(off, LARGEST_SUM_ERROR)


def calibration_groups(actual: FloatArray, predicted: FloatArray) -> list[tuple[float, float, int]]:
    """Tell mean prediction, mean outcome and rows of ten groups by rank of prediction."""
    order, came = np.argsort(predicted, kind="stable"), shared_among_equals(actual, predicted)
    return [
        (float(predicted[group].mean()), float(came[group].mean()), int(group.size))
        for group in np.array_split(order, min(_GROUPS, order.size))
        if group.size
    ]


def verdict(
    found: Moved, calibration: Calibration | None, *, limit: float, chance: Moved | None = None
) -> tuple[bool, str]:
    """Say whether inputs, scores or calibration have moved, and what."""
    told = []
    if far := found.beyond(limit, chance):
        named = ", ".join(f"{name} {value:.2f}" for name, value in list(far.items())[:3])
        more = f" and {len(far) - 3} more" if len(far) > 3 else ""
        told.append(f"What it reads has moved: {named}{more} (limit {limit:.2f}).")
    if found.score > max(limit, chance.score if chance else 0.0):
        told.append(f"What it predicts has moved: {found.score:.2f} (limit {limit:.2f}).")
    if calibration is not None and calibration.is_off:
        told.append(
            f"Its predictions are off by {calibration.error:.3f} (limit {calibration.limit:.3f})."
        )
    if told:
        return True, " ".join(told)
    most = next(iter(found.features), None)
    named = f"; {most} has moved most ({found.most:.2f})" if most else ""
    if max(found.most, found.score) > limit:
        return False, f"Stable: nothing has moved further than chance may move it{named}."
    return False, f"Stable: nothing has moved beyond {limit:.2f}{named}."


def _by_level(values: npt.NDArray[Any], levels: tuple[str, ...]) -> FloatArray:
    return np.bincount(_level_of(values, levels), minlength=len(levels) + 1).astype(float)


def _level_of(values: npt.NDArray[Any], levels: tuple[str, ...]) -> npt.NDArray[np.intp]:
    named = np.asarray(levels)
    place = np.searchsorted(named, values.astype(str))
    place[place == named.size] = 0
    place[named[place] != values.astype(str)] = named.size
    return place


def _whole(counts: FloatArray) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)
