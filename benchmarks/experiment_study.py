"""Simulation study of the statistics of experiments: errors, coverage, power, CUPED.

``python -m benchmarks.experiment_study --write-docs`` renews the table of
docs/experiments-statistics.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from scipy import special

from benchmarks.figures import DOCS as PERFORMANCE
from benchmarks.figures import Figure, machine, markdown, plain, write_between
from experiments.engine.statistics import (
    GATE,
    ArmStatistics,
    Metric,
    compare_many,
    sequential_size,
    watched_p,
)

FloatArray = npt.NDArray[np.float64]

DOCS = PERFORMANCE.with_name("experiments-statistics.md")
MARKS = ("<!-- study: written by the command -->", "<!-- end of study -->")
TESTS = 20_000
LOOKS, BATCH = 100, 100
_CHUNK = 1_000
_COVERAGE_UNITS = 5_000
_COVERED = (0.945, 0.955)
_CUPED_TESTS_PER_TEST = 10
_CORRELATIONS = (0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Population:
    """Kinds of people: how common each is, and what one of them does.

    Numbers of each kind in a batch are multinomial, so the sums over a batch are exact
    without drawing its people one by one.
    """

    metric: Metric
    share: tuple[float, ...]
    amount: tuple[float, ...]
    visits: tuple[float, ...] = ()

    def sums(self, counts: FloatArray) -> ArmStatistics:
        """Sums of arms in which there are so many of each kind (last axis)."""
        amount, visits = np.array(self.amount), np.array(self.visits)
        known = {
            "n": counts.sum(axis=-1),
            "sum": counts @ amount,
            "sum_squares": counts @ amount**2,
        }
        if self.visits:
            known |= {
                "denominator_sum": counts @ visits,
                "denominator_sum_squares": counts @ visits**2,
                "sum_product": counts @ (amount * visits),
            }
        return ArmStatistics(**known)

    @property
    def value(self) -> float:
        """Truth of the metric."""
        share, amount = np.array(self.share), np.array(self.amount)
        below = share @ np.array(self.visits) if self.visits else 1.0
        return float(share @ amount / below)


CONVERSION = Population("proportion", (0.9, 0.1), (0.0, 1.0))
REVENUE = Population("mean", (0.88, 0.06, 0.04, 0.015, 0.005), (0.0, 15.0, 40.0, 90.0, 250.0))
CLICKS = Population(
    "ratio", (0.30, 0.20, 0.15, 0.12, 0.10, 0.08, 0.05), (0.0, 1.0, 1.0, 0.0, 2.0, 4.0, 3.0),
    (1.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0),
)  # fmt: skip
POPULATIONS = {"conversion": CONVERSION, "revenue": REVENUE, "clicks per visit": CLICKS}


def run(tests: int = TESTS, *, seed: int = 1) -> list[Figure]:
    """All of the study."""
    figures: list[Figure] = []
    for place, (name, people) in enumerate(POPULATIONS.items()):
        figures += errors(name, people, tests, np.random.default_rng([seed, 1, place]))
    for place, (name, people) in enumerate(POPULATIONS.items()):
        figures += coverage(name, people, tests, np.random.default_rng([seed, 2, place]))
    figures += list(cuped(tests * _CUPED_TESTS_PER_TEST, np.random.default_rng([seed, 3])))
    figures += stopping(tests, np.random.default_rng([seed, 4]))
    return [*figures, *splits(tests, np.random.default_rng([seed, 5]))]


def errors(name: str, people: Population, tests: int, rng: np.random.Generator) -> list[Figure]:
    """A/A tests looked at after every batch: how many ever call a winner."""
    called = dict.fromkeys(("always_valid", "relative", "peeking", "end"), 0)
    for chunk in _chunks(tests):
        shape = (2, chunk, LOOKS)
        counts = rng.multinomial(BATCH, people.share, size=shape).astype(float).cumsum(axis=2)
        arms = people.sums(counts[0]), people.sums(counts[1])
        words = {"metric": people.metric, "effect": "absolute"}
        valid = compare_many(*arms, **words, method="always_valid").p_value < 0.05
        lift = compare_many(*arms, metric=people.metric, method="always_valid").p_value < 0.05
        fixed = compare_many(*arms, **words).p_value < 0.05
        called["always_valid"] += int(valid.any(axis=1).sum())
        called["relative"] += int(lift.any(axis=1).sum())
        called["peeking"] += int(fixed.any(axis=1).sum())
        called["end"] += int(fixed[:, -1].sum())
    share = {way: 100 * count / tests for way, count in called.items()}
    most = 100 * _upper(called["always_valid"], tests)
    looked = f"{tests:,} A/A tests, {LOOKS} looks"
    return [
        Figure(
            f"{name}: {looked}, always valid", share["always_valid"], "% called",
            target="≤ 5 %, 99 % upper bound ≤ 5.5 %",
            is_met=share["always_valid"] <= 5 and most <= 5.5, facts={"upper": most},
        ),
        Figure(f"{name}: the same, by the relative effect", share["relative"], "% called"),
        Figure(f"{name}: the same, fixed at every look", share["peeking"], "% called"),
        Figure(f"{name}: the same, fixed at the end", share["end"], "% called"),
    ]  # fmt: skip


def coverage(name: str, people: Population, tests: int, rng: np.random.Generator) -> list[Figure]:
    """95 % intervals at a fixed size hold the truth; B is a tenth better."""
    better = _shifted(people)
    truth = {
        "relative": better.value / people.value - 1, "absolute": better.value - people.value,
    }  # fmt: skip
    held = dict.fromkeys(truth, 0)
    for chunk in _chunks(tests, 20 * _CHUNK):
        arms = tuple(
            one.sums(rng.multinomial(_COVERAGE_UNITS, one.share, size=chunk).astype(float))
            for one in (people, better)
        )
        for effect, value in truth.items():
            found = compare_many(*arms, metric=people.metric, effect=effect)
            held[effect] += int(((found.ci_low <= value) & (value <= found.ci_high)).sum())
    return [
        Figure(
            f"{name}: {effect} 95 % interval holds a lift of a tenth",
            100 * count / tests, "%", target="94.5–95.5 %",
            is_met=_COVERED[0] <= count / tests <= _COVERED[1],
        )
        for effect, count in held.items()
    ]  # fmt: skip


def cuped(tests: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Variance that is left with a covariate, told by the interval and seen between tests."""
    for correlation in _CORRELATIONS:
        arms = [_normal_arm(tests, 500, correlation, rng) for _ in range(2)]
        bare = [ArmStatistics(arm.n, arm.sum, arm.sum_squares) for arm in arms]
        words = {"metric": "mean", "effect": "absolute"}
        adjusted, without = compare_many(*arms, **words), compare_many(*bare, **words)
        left = 1 - correlation**2
        told = float((adjusted.standard_error**2).mean() / (without.standard_error**2).mean())
        seen = float(adjusted.effect.var() / without.effect.var())
        yield Figure(
            f"CUPED, correlation {correlation}: variance left, told (seen {seen:.4f})", told, "",
            limit_name="1 − ρ²", limit=left, target="within 2 %",
            is_met=abs(told / left - 1) <= 0.02 and abs(seen / left - 1) <= 0.02,
            facts={"seen": seen},
        )  # fmt: skip


def stopping(tests: int, rng: np.random.Generator) -> list[Figure]:
    """When an always-valid test of a true lift stops, against what was planned."""
    planned, batch = sequential_size(0.10, 0.10), 500
    looks = -(-planned.at_power // batch)
    first, words = [], {"method": "always_valid", "effect": "absolute"}
    for chunk in _chunks(tests):
        a, b = (rng.binomial(batch, p, (chunk, looks)).cumsum(axis=1) for p in (0.10, 0.11))
        n = batch * np.arange(1.0, looks + 1)
        found = compare_many(ArmStatistics(n, a), ArmStatistics(n, b), **words)
        clear = found.ci_low > 0
        first.append(np.where(clear.any(axis=1), clear.argmax(axis=1), looks))
    stopped = (np.concatenate(first) + 1) * batch
    half, power = float(np.median(stopped)), float((stopped <= looks * batch).mean())
    return [
        Figure(
            "10 % against 11 %, always valid: units per arm at which half are called", half, "",
            limit_name="planned", limit=planned.typical,
        ),
        Figure(
            f"… called by the {planned.at_power:,} planned for 80 %", 100 * power, "%",
            target="≥ 80 %", is_met=power >= 0.8,
        ),
    ]  # fmt: skip


def splits(tests: int, rng: np.random.Generator) -> list[Figure]:
    """How often the split is alarmed, at the gate's level and at any look, right and wrong."""
    alarmed: dict[tuple[float, str], int] = {}
    for share in (0.50, 0.48):
        for chunk in _chunks(tests):
            first = rng.binomial(2 * BATCH, share, (chunk, LOOKS)).cumsum(axis=1)
            so_far = np.stack([first, 2 * BATCH * np.arange(1, LOOKS + 1) - first], axis=-1)
            half = so_far.sum(axis=-1) / 2
            fixed = special.chdtrc(1, 2 * (first - half) ** 2 / half)
            for way, p_value in (("watched", watched_p(so_far, (1, 1))), ("chi", fixed)):
                hits = int((p_value < GATE).any(axis=1).sum())
                alarmed[share, way] = alarmed.get((share, way), 0) + hits
    rate = {key: 100 * count / tests for key, count in alarmed.items()}
    return [
        Figure(
            f"split 50 : 50, {LOOKS} looks: watched, alarms at p < {GATE}", rate[0.5, "watched"],
            "%", target="≤ 0.1 %", is_met=rate[0.5, "watched"] <= 100 * GATE,
        ),
        Figure("… χ² at every look", rate[0.5, "chi"], "%"),
        Figure("split 48 : 52 instead: watched", rate[0.48, "watched"], "% alarmed"),
    ]  # fmt: skip


def _shifted(people: Population) -> Population:
    """Everybody who does something does it a tenth more often."""
    share, active = np.array(people.share), np.array(people.amount) > 0
    if people.metric == "ratio":
        return Population(
            people.metric, people.share, tuple(1.1 * np.array(people.amount)), people.visits
        )
    share = np.where(active, 1.1 * share, share)
    share[~active] *= (1 - share[active].sum()) / share[~active].sum()
    return Population(people.metric, tuple(share), people.amount)


def _normal_arm(
    tests: int, units: int, correlation: float, rng: np.random.Generator
) -> ArmStatistics:
    """Sums over normal units with a covariate; scatter by Bartlett's decomposition, so exact."""
    first, second = rng.chisquare([units - 1, units - 2], (tests, 2)).T ** 0.5
    cross, z1, z2 = rng.normal(size=(3, tests))
    rest = (1 - correlation**2) ** 0.5
    mean_x, mean_y = 20 + z1 / units**0.5, 10 + (correlation * z1 + rest * z2) / units**0.5
    below = correlation * first + rest * cross
    return ArmStatistics(
        n=units,
        sum=units * mean_y,
        sum_squares=below**2 + (rest * second) ** 2 + units * mean_y**2,
        covariate_sum=units * mean_x,
        covariate_sum_squares=first**2 + units * mean_x**2,
        sum_covariate_product=first * below + units * mean_x * mean_y,
    )


def _chunks(tests: int, size: int = _CHUNK) -> Iterator[int]:
    for start in range(0, tests, size):
        yield min(size, tests - start)


def _upper(count: int, of: int, level: float = 0.99) -> float:
    """Clopper and Pearson's one-sided upper bound of a share."""
    return float(special.betaincinv(count + 1, of - count, level)) if count < of else 1.0


def main() -> None:
    """Run the study, print, and keep the table if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiment_study", description=__doc__
    )
    parser.add_argument("--tests", type=int, default=TESTS)
    parser.add_argument("--write-docs", action="store_true", help=f"renew {DOCS.name}")
    options = parser.parse_args()
    where, started = machine(), time.monotonic()
    figures = run(options.tests)
    print(f"{where}\n\n{plain(figures)}\n\n{time.monotonic() - started:.0f} s")
    if options.write_docs:
        day = datetime.now(UTC).date().isoformat()
        command = "python -m benchmarks.experiment_study --write-docs"
        write_between(DOCS, MARKS, f"`{command}` on {day}: {where}.\n\n{markdown(figures)}")


if __name__ == "__main__":
    main()
