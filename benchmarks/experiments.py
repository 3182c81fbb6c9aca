"""Statistics of experiments: a thousand metrics of a test with five arms, from their sums."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import special

from benchmarks.figures import Figure, reset_peak_mb
from experiments.engine.statistics import ArmStatistics, compare, compare_many

METRICS = 1_000
ARMS = 5
_GROWTH = (1, 4, 16)
_REPEATS = 7
_METHODS = ("fixed", "always_valid", "bayesian")


def sums(metrics: int, arms: slice) -> ArmStatistics:
    """Draw sums of ratio metrics, control in the first column."""
    rng = np.random.default_rng(metrics)
    n = rng.integers(1_000, 100_000, (metrics, ARMS)).astype(float)
    rate = rng.uniform(0.2, 3.0, (metrics, 1)) * rng.uniform(0.95, 1.05, (metrics, ARMS))
    columns = {
        "n": n,
        "sum": n * rate,
        "sum_squares": n * (rate**2 + rate),
        "denominator_sum": n * 2,
        "denominator_sum_squares": n * 6,
        "sum_product": n * (2 * rate + 0.3),
    }
    return ArmStatistics(**{name: values[:, arms] for name, values in columns.items()})


def run() -> list[Figure]:
    """Time all methods on ratios, which cost most, beside the distribution functions alone."""
    peak_mb = reset_peak_mb()
    growth = []
    for factor in _GROWTH:
        arms = sums(factor * METRICS, slice(0, 1)), sums(factor * METRICS, slice(1, ARMS))
        growth.append((factor * METRICS, _best(partial(_all_methods, *arms))))
    limit = _best(partial(_tails, METRICS * (ARMS - 1)))
    seconds = growth[0][1]
    return [
        Figure(
            f"{METRICS:,} ratio metrics × {ARMS} arms, three methods", 1_000 * seconds, "ms",
            limit_name="ms for t and normal tails alone", limit=1_000 * limit, target="< 1 s",
            is_met=seconds < 1,
            growth=tuple((size, 1_000 * value) for size, value in growth), peak_mb=peak_mb(),
        ),
        Figure("… one comparison by itself", 1e6 * _best(_one), "µs"),
    ]  # fmt: skip


def _all_methods(control: ArmStatistics, treatments: ArmStatistics) -> None:
    for method in _METHODS:
        found = compare_many(control, treatments, metric="ratio", method=method)
        if found.reason.any():
            raise SystemExit(f"{method} has no answer for some of the drawn metrics")


def _tails(count: int) -> npt.NDArray[np.float64]:
    t = np.linspace(-5, 5, count)
    degrees = np.linspace(100, 1e5, count)
    return special.stdtr(degrees, t) + special.stdtrit(degrees, 0.025) + special.ndtr(t)


def _one() -> None:
    compare(ArmStatistics(10_000, 1_000), ArmStatistics(10_000, 1_100))


def _best(call: Callable[[], object]) -> float:
    """Least seconds of some repeats."""
    taken = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return min(taken)
