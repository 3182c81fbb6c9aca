"""Archives of tests as files for `manage.py import_ab_tests`.

``python -m benchmarks.experiment_imports --data DIR --out DIR`` writes asos.csv and upworthy.csv.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from benchmarks.experiment_archives import (
    ASOS,
    UPWORTHY,
    Checkpoint,
    Headline,
    read_checkpoints,
    read_headlines,
)
from experiments.engine.import_columns import COLUMNS

Row = Mapping[str, str]
_ASOS_KINDS = {"1": "binomial"}  # its publisher calls it binary; all others are amounts


def asos_rows(checkpoints: Iterable[Checkpoint]) -> Iterator[Row]:
    """Each treatment against its control; checkpoints without a variance are left out."""
    for one in checkpoints:
        for variant, (n, mean, variance) in (
            ("control", one.control),
            ("treatment", one.treatment),
        ):
            if one.control[2] is None or one.treatment[2] is None:
                continue
            yield {
                "test": f"asos-{one.test}-{one.variant}",
                "name": f"ASOS {one.test}, treatment {one.variant}",
                "variant": variant,
                "metric": f"asos-{one.metric}",
                "kind": _ASOS_KINDS.get(one.metric, "mean"),
                "day": f"{one.days:.6f}",
                "n": str(n),
                "mean": repr(mean),
                "variance": repr(variance),
            }


def upworthy_rows(headlines: Iterable[Headline]) -> Iterator[Row]:
    """Each arm with its clicks, on the Monday of its week; a test of one arm is none."""
    tests: dict[str, list[Headline]] = {}
    for one in headlines:
        tests.setdefault(one.test, []).append(one)
    for test, arms in tests.items():
        if len(arms) < 2:
            continue
        for place, one in enumerate(arms):
            year, week = divmod(one.week, 100)
            yield {
                "test": f"upworthy-{test}",
                "variant": "control" if place == 0 else f"headline-{place}",
                "metric": "click",
                "day": date.fromisocalendar(year, min(max(week, 1), 52), 1).isoformat(),
                "n": str(one.impressions),
                "conversions": str(one.clicks),
                "text": one.text,
            }


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write the importer's columns."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Read the options and write both files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiment_imports")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write_rows(options.out / "asos.csv", asos_rows(read_checkpoints(options.data / ASOS)))
    write_rows(options.out / "upworthy.csv", upworthy_rows(read_headlines(options.data / UPWORTHY)))


if __name__ == "__main__":
    main()
