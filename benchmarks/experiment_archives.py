"""What the statistics say of real tests: ASOS's, followed over time, and Upworthy's headlines.

``python -m benchmarks.experiment_archives --data DIR --write-docs`` renews the tables of
docs/experiments-statistics.md. DIR holds ab_asos_sequential/ and ab_upworthy_headlines/.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.experiment_study import DOCS
from benchmarks.figures import machine, write_between
from experiments.engine.statistics import (
    GATE,
    ArmStatistics,
    Comparisons,
    adjust_p,
    compare_many,
    sample_ratio,
)
from experiments.engine.statistics.methods import TUNING

FloatArray = npt.NDArray[np.float64]

ASOS_MARKS = ("<!-- asos: written by the command -->", "<!-- end of asos -->")
UPWORTHY_MARKS = ("<!-- upworthy: written by the command -->", "<!-- end of upworthy -->")
ASOS = Path("ab_asos_sequential/asos_dev.csv.gz")
UPWORTHY = Path("ab_upworthy_headlines/upworthy_dev.csv.gz")
ALPHA = 0.05
# Weeks in which the publisher's split is known to be off (2013-06-25 to 2014-01-10).
FAULTY_WEEKS = (201_325, 201_402)
_SEED = 1
_REDRAWS = 20


@dataclass(frozen=True)
class Checkpoint:
    """An arm and its control at one moment of a test, counted from its start.

    ``n``, ``mean`` and ``variance`` (None where the publisher has none) are of all units so far.
    """

    test: str
    variant: str
    metric: str
    days: float
    control: tuple[int, float, float | None]
    treatment: tuple[int, float, float | None]


@dataclass(frozen=True)
class Headline:
    """One arm of a headline test."""

    test: str
    week: int
    impressions: int
    clicks: int
    text: str = ""


@dataclass(frozen=True)
class Course:
    """One metric of a variant over the checkpoints of its test."""

    days: FloatArray
    control: ArmStatistics
    treatment: ArmStatistics


def read_checkpoints(file: Path) -> Iterator[Checkpoint]:
    """Read the rows of the ASOS archive."""

    def arm(row: dict[str, str], of: str) -> tuple[int, float, float | None]:
        variance = row[f"variance_{of}"]
        return (
            int(float(row[f"count_{of}"])),
            float(row[f"mean_{of}"]),
            float(variance) if variance else None,
        )

    for row in _rows(file):
        yield Checkpoint(
            row["experiment_id"], row["variant_id"], row["metric_id"],
            float(row["time_since_start"]), arm(row, "c"), arm(row, "t"),
        )  # fmt: skip


def read_headlines(file: Path) -> Iterator[Headline]:
    """Read the arms of the Upworthy archive."""
    for row in _rows(file):
        yield Headline(
            row["clickability_test_id"], int(row["test_week"]),
            int(row["impressions"]), int(row["clicks"]), row.get("headline") or "",
        )  # fmt: skip


def courses_of(checkpoints: Sequence[Checkpoint]) -> list[Course]:
    """Checkpoints by test, variant and metric, in time; those without a variance are left out."""
    known = [one for one in checkpoints if one.control[2] and one.treatment[2]]

    def key(one: Checkpoint) -> tuple[str, str, str]:
        return one.test, one.variant, one.metric

    found = []
    for _, group in groupby(sorted(known, key=lambda one: (key(one), one.days)), key=key):
        rows = list(group)
        days = np.array([row.days for row in rows])
        arms = (_sums([row.control for row in rows]), _sums([row.treatment for row in rows]))
        found.append(Course(days, *arms))
    return found


def _sums(rows: Sequence[tuple[int, float, float | None]]) -> ArmStatistics:
    n, mean, variance = np.array(rows, dtype=float).T
    return ArmStatistics(n, n * mean, variance * (n - 1) + n * mean**2)


@dataclass(frozen=True)
class Calls:
    """What a way to decide did over all courses.

    ``lost`` counts calls that the fixed test at the end does not make, ``turned`` those of them
    whose effect has the other sign in the end.
    """

    name: str
    courses: int
    called: int
    lost: int
    turned: int
    median_day: float
    lasted_days: float

    def line(self) -> str:
        """The row of the table."""
        day = f"{self.median_day:.1f} of {self.lasted_days:.1f}" if self.called else "–"
        share = self.called / self.courses
        return (
            f"| {self.name} | {self.called} ({share:.0%}) | {self.lost} | {self.turned} | {day} |"
        )


def asos(courses: Sequence[Course]) -> list[Calls]:
    """Decide every course in four ways."""

    def fixed(course: Course) -> Comparisons:
        return _compared(course)

    def valid(course: Course) -> Comparisons:
        return _compared(course, method="always_valid", tuning=TUNING)

    def tuned(course: Course) -> Comparisons:
        # What would have been planned: the units that came in the end.
        planned = float(course.control.n[-1] + course.treatment.n[-1])
        return _compared(course, method="always_valid", tuning=planned)

    return [
        _calls("fixed size, at the end only", courses, fixed, slice(-1, None)),
        _calls("fixed size, at every look", courses, fixed),
        _calls(f"always valid, tuned to {TUNING:,.0f}", courses, valid),
        _calls("always valid, tuned to the size", courses, tuned),
    ]


def _compared(course: Course, **words: object) -> Comparisons:
    return compare_many(course.control, course.treatment, metric="mean", effect="absolute", **words)


def _calls(
    name: str,
    courses: Sequence[Course],
    judge: Callable[[Course], Comparisons],
    looks: slice = slice(None),
) -> Calls:
    lost, turned, days, lasted = 0, 0, [], []
    for course in courses:
        found, end = judge(course), _compared(course)
        is_clear = ((found.p_value < ALPHA) & (found.reason == 0))[looks]
        if not is_clear.any():
            continue
        first = int(is_clear.argmax())
        has_turned = (found.effect[looks][first] > 0) != (end.effect[-1] > 0)
        turned += int(has_turned)
        lost += int(has_turned or end.p_value[-1] >= ALPHA)
        days.append(float(course.days[looks][first]))
        lasted.append(float(course.days[-1]))
    middle = [float(np.median(values)) if values else 0.0 for values in (days, lasted)]
    return Calls(name, len(courses), len(days), lost, turned, *middle)


@dataclass(frozen=True)
class Alarms:
    """Tests of some weeks whose split is off at the gate's level."""

    name: str
    tests: int
    alarms: int

    def line(self) -> str:
        """The row of the table."""
        return (
            f"| {self.name} | {self.tests:,} | {self.alarms:,} | {self.alarms / self.tests:.2%} |"
        )


def splits(tests: Sequence[Sequence[Headline]]) -> list[Alarms]:
    """Judge the split of each test, in and out of the weeks known to be faulty."""
    low, high = FAULTY_WEEKS
    is_off = [
        sample_ratio([arm.impressions for arm in test], [1] * len(test)).p_value < GATE
        for test in tests
    ]
    is_faulty = [low <= test[0].week <= high for test in tests]
    return [
        Alarms(name, sum(own), sum(off for off, mine in zip(is_off, own, strict=True) if mine))
        for name, own in (
            (f"weeks {low}–{high}, known to be faulty", is_faulty),
            ("all others", [not one for one in is_faulty]),
        )
    ]


@dataclass(frozen=True)
class Winners:
    """Tests in which some pair of headlines is called different."""

    name: str
    called: float
    called_without_difference: float

    def line(self) -> str:
        """The row of the table."""
        return f"| {self.name} | {self.called:.1%} | {self.called_without_difference:.1%} |"


def winners(tests: Sequence[Sequence[Headline]]) -> list[Winners]:
    """Call tests by their least p-value over all pairs, with and without a correction.

    Beside the real clicks: clicks drawn anew with the test's own rate for every arm, where
    every call is false.
    """
    units = [np.array([arm.impressions for arm in test], dtype=float) for test in tests]
    clicks = [np.array([arm.clicks for arm in test], dtype=float) for test in tests]
    real = _called(units, clicks)
    rng = np.random.default_rng(_SEED)
    null = np.mean(
        [
            _called(units, [
                rng.binomial(n.astype(int), won.sum() / n.sum()).astype(float)
                for n, won in zip(units, clicks, strict=True)
            ])
            for _ in range(_REDRAWS)
        ], axis=0,
    )  # fmt: skip
    names = ("no correction", "Holm within each test", "and Benjamini–Hochberg over all tests")
    return [Winners(name, *both) for name, *both in zip(names, real, null, strict=True)]


def _called(units: Sequence[FloatArray], clicks: Sequence[FloatArray]) -> FloatArray:
    """Shares of tests called: by the least p-value, by Holm's, by both corrections."""
    plain, held = [], []
    for n, won in zip(units, clicks, strict=True):
        first, second = np.triu_indices(n.size, 1)
        pairs = compare_many(
            ArmStatistics(n[first], won[first]), ArmStatistics(n[second], won[second]),
            effect="absolute",
        )  # fmt: skip
        plain.append(pairs.p_value.min())
        held.append(adjust_p(pairs.p_value).min())
    of_all = adjust_p(held, "benjamini-hochberg")
    return np.array([(np.array(p) < ALPHA).mean() for p in (plain, held, of_all)])


def asos_table(calls: Sequence[Calls]) -> str:
    """The table of the ASOS archive."""
    head = [
        "| decided | called | not by the fixed test at the end | sign turned | median day |",
        "|---|---:|---:|---:|---:|",
    ]
    return "\n".join([*head, *(one.line() for one in calls)])


def upworthy_table(alarms: Sequence[Alarms], found: Sequence[Winners]) -> str:
    """Both tables of the Upworthy archive."""
    first = ["| split | tests | p < 0.001 | share |", "|---|---:|---:|---:|"]
    second = ["| calls of a difference at 5 % | tests called | with no difference |"]
    second.append("|---|---:|---:|")
    parts = [*first, *(one.line() for one in alarms), "", *second, *(one.line() for one in found)]
    return "\n".join(parts)


def by_test(headlines: Sequence[Headline]) -> list[list[Headline]]:
    """Arms by test; tests of one arm compare nothing."""
    found = groupby(sorted(headlines, key=lambda arm: arm.test), key=lambda arm: arm.test)
    tests = [list(arms) for _, arms in found]
    return [test for test in tests if len(test) > 1]


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def main() -> None:
    """Analyse both archives, print, and keep the tables if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiment_archives", description=__doc__
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--write-docs", action="store_true", help=f"renew {DOCS.name}")
    options = parser.parse_args()
    courses = courses_of(list(read_checkpoints(options.data / ASOS)))
    tests = by_test(list(read_headlines(options.data / UPWORTHY)))
    sides = asos_table(asos(courses)), upworthy_table(splits(tests), winners(tests))
    print("\n\n".join(sides))
    if options.write_docs:
        day, where = datetime.now(UTC).date().isoformat(), machine()
        command = "python -m benchmarks.experiment_archives --data DIR --write-docs"
        for marks, table in zip((ASOS_MARKS, UPWORTHY_MARKS), sides, strict=True):
            write_between(DOCS, marks, f"`{command}` on {day}: {where}.\n\n{table}")


if __name__ == "__main__":
    main()
