"""Patterns of the Upworthy archive: learnt from its older tests, held against its newer ones.

``python -m benchmarks.practices --data FOLDER`` with the folder that holds ``upworthy_dev.csv.gz``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine.practices.evidence import Arm, Contrast, Estimate, contrast, estimates
from experiments.engine.practices.known import SEARCHED
from experiments.engine.practices.traits import Piece, Rule

# Its publisher reports a faulty randomisation between these weeks (YYYYWW).
_FAULTY = range(201325, 201403)
_CLEAR = 1.959963984540054


@dataclass(frozen=True)
class Line:
    """A rule: what the older half says, and how often newer tests with a clear result agree."""

    title: str
    estimate: Estimate
    clear: int
    right: int


def main() -> None:
    """Print the table and the share that was foretold right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    tests = read_tests(parser.parse_args().data / "upworthy_dev.csv.gz")
    lines = judge(tests)
    print(f"{len(tests)} tests; learnt from the older half, judged on the newer\n")
    print("| practice | tests | effect, shrunk | 95 % interval | proven | clear later | right |")
    print("|---|---:|---:|---:|---|---:|---:|")
    for line in lines:
        one = line.estimate
        print(
            f"| {line.title} | {one.tests} | {one.effect:+.1%} | {one.low:+.1%} to {one.high:+.1%}"
            f" | {'yes' if one.is_proven else 'no'} | {line.clear} | {line.right} |"
        )
    proven = [line for line in lines if line.estimate.is_proven]
    clear, right = sum(one.clear for one in proven), sum(one.right for one in proven)
    if clear:
        print(f"\nProven practices foretold {right} of {clear} clear tests ({right / clear:.0%}).")


def read_tests(path: Path) -> list[list[Arm]]:
    """Tests with sound randomisation, oldest first."""
    arms: dict[tuple[int, str], list[Arm]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            week = int(row["test_week"])
            if week not in _FAULTY:
                piece = Piece(headline=row["headline"])
                arm = Arm(piece, int(row["impressions"]), int(row["clicks"]))
                arms.setdefault((week, row["clickability_test_id"]), []).append(arm)
    return [arms[key] for key in sorted(arms)]


def judge(tests: Sequence[Sequence[Arm]]) -> list[Line]:
    """Estimate every rule on the older half and count agreement on the newer."""
    half = len(tests) // 2
    older = {known.key: _contrasts(known.rule, tests[:half]) for known in SEARCHED}
    found = estimates(older)
    lines = []
    for known in SEARCHED:
        if known.key in found:
            clear = [
                one
                for one in _contrasts(known.rule, tests[half:])
                if abs(one.log_effect) > _CLEAR * math.sqrt(one.variance)
            ]
            agree = [one for one in clear if (one.log_effect > 0) == (found[known.key].effect > 0)]
            lines.append(Line(known.title, found[known.key], len(clear), len(agree)))
    return sorted(lines, key=lambda line: -line.estimate.effect)


def _contrasts(rule: Rule, tests: Sequence[Sequence[Arm]]) -> list[Contrast]:
    said = (contrast(rule, arms) for arms in tests)
    return [one for one in said if one is not None]


if __name__ == "__main__":
    main()
