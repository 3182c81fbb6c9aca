"""Budget policies, compared with the truth in a world of ads.

Twenty ads over sixty days. Quality drifts and jumps, audiences tire of what they see too
often, and revenue arrives days after the spend. Every policy decides once a day under the
same rules (one per ad and day at least, half of the budget per decision at most) and meets
the same qualities. The oracle knows today's true return of every ad, fatigue included; what
it earns arrives with the same delay. Counted is what has arrived by the end.

``python -m mlops.simulation.budget`` prints the table of docs/sampler.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from mlops.engine.allocation import project
from mlops.engine.posterior import MAX_COUNT, SPREADING_COUNT
from mlops.engine.sampler import AdState, BattleHardenedSampler, DelayCurve, fit_delay_curve
from mlops.simulation.budget_world import (
    CONVERSION_VALUE,
    MEMORY_DAYS,
    WINDOW_DAYS,
    FloatArray,
    Run,
    live_through,
    make_world,
)

ORACLE_UNIT = 10.0


def equal_split(run: Run) -> FloatArray:
    """Give every ad the same, always."""
    return np.full(run.world.ads, run.total / run.world.ads)


def greedy_roas(run: Run) -> FloatArray:
    """Give the best observed ROAS of the window all it may take, then the next."""
    low, high = run.bounds()
    spend = run.recent(run.spend, WINDOW_DAYS)
    seen = run.arrived(run.day - WINDOW_DAYS)
    roas = np.divide(seen, spend, out=np.zeros_like(spend), where=spend > 0)
    return _fill(low, high, np.argsort(-roas, kind="stable"), run.total)


def _fill(
    low: FloatArray, high: FloatArray, order: npt.NDArray[np.intp], total: float
) -> FloatArray:
    budgets, left = low.copy(), total - low.sum()
    for index in order:
        more = min(high[index] - low[index], left)
        budgets[index] += more
        left -= more
    return budgets


def oracle(run: Run, *, holds: bool) -> FloatArray:
    """Plan the day with the true returns, by dynamic programming over steps of 10.

    With `holds` it counts the fatigue of keeping a budget for a week, else that of today.
    """
    world, (low, high) = run.world, run.bounds()
    steps = int((run.total - low.sum()) / ORACLE_UNIT)
    spends = low[:, None] + ORACLE_UNIT * np.arange(steps + 1)
    shown = spends / world.cost_per_impression[:, None]
    before = run.recent(run.impressions, MEMORY_DAYS - 1)[:, None]
    week = shown * MEMORY_DAYS if holds else before + shown
    worn = np.stack([world.response(column) for column in week.T], axis=1)
    value = np.where(spends <= high[:, None] + 1e-9, spends * worn, -np.inf)
    taken = _best_steps(value * world.roas[run.day][:, None], steps)
    planned = low + ORACLE_UNIT * taken
    return project(planned, low, high, run.total)


def _best_steps(value: FloatArray, steps: int) -> npt.NDArray[np.int64]:
    """Steps per ad that maximise the summed value when `steps` are to be given."""
    shift = np.arange(steps + 1)
    grid = shift[:, None] - shift  # steps left for the ads before, by steps taken here
    best = np.where(shift == 0, 0.0, -np.inf)
    choices = []
    for row in value:
        options = np.where(grid >= 0, best[np.maximum(grid, 0)], -np.inf) + row
        choices.append(options.argmax(axis=1))
        best = options.max(axis=1)
    left = int(np.flatnonzero(np.isfinite(best))[-1])
    taken = np.zeros(len(value), dtype=np.int64)
    for index in range(len(value) - 1, -1, -1):
        taken[index] = choices[index][left]
        left -= taken[index]
    return taken


class Sampling:
    """The sampler as it runs in the product: trailing figures, learned delays, spread shares."""

    def __init__(self, most_evidence: float = SPREADING_COUNT) -> None:
        self._curve: DelayCurve | None = None
        self._most_evidence = most_evidence

    def __call__(self, run: Run) -> FloatArray:
        """Recommend today's budgets."""
        if run.day % MEMORY_DAYS == 0 and run.day:
            self._curve = fit_delay_curve(*run.seen_delays())
        sampler = BattleHardenedSampler(delay_curve=self._curve, most_evidence=self._most_evidence)
        allocation = sampler.select(self._states(run), run.total, seed=run.day)
        return np.array([item.recommended_budget for item in allocation.items])

    @staticmethod
    def _states(run: Run) -> list[AdState]:
        figures = [
            run.recent(rows, WINDOW_DAYS) for rows in (run.impressions, run.clicks, run.spend)
        ]
        seen = run.arrived(run.day - WINDOW_DAYS)
        frequency = run.world.frequency(run.recent(run.impressions, MEMORY_DAYS))
        return [
            AdState(
                ad_id=f"ad{index:02d}",
                impressions=float(figures[0][index]),
                clicks=float(figures[1][index]),
                spend=float(figures[2][index]),
                pipeline_value=float(seen[index]) * CONVERSION_VALUE,
                cash_revenue=None,
                age_hours=run.day * 24.0,
                daily_budget=float(run.budgets[index]),
                frequency=float(frequency[index]),
                conversions=float(seen[index]),
                window_hours=WINDOW_DAYS * 24.0,
            )
            for index in range(run.world.ads)
        ]


@dataclass(frozen=True)
class Comparison:
    """Value arrived by the end, per world and policy, and broken rules of the sampler.

    ``sure`` is the sampler with counts of up to 1,000, as asked over REST.
    """

    oracle: FloatArray
    sampler: FloatArray
    equal: FloatArray
    greedy: FloatArray
    sure: FloatArray
    breaches: int

    @property
    def of_oracle(self) -> float:
        """Sampler's value as a share of the oracle's."""
        return float(self.sampler.sum() / self.oracle.sum())

    @property
    def of_oracle_error(self) -> float:
        """Standard error of it: of a ratio of sums over worlds."""
        spread = self.sampler - self.of_oracle * self.oracle
        return float(spread.std(ddof=1) / np.sqrt(len(spread)) / self.oracle.mean())

    @property
    def above_equal(self) -> float:
        """Sampler's gain over equal split."""
        return float(self.sampler.sum() / self.equal.sum() - 1)

    @property
    def above_greedy(self) -> float:
        """Sampler's gain over greedy ROAS."""
        return float(self.sampler.sum() / self.greedy.sum() - 1)


def compare(seeds: range, *, ads: int = 20, days: int = 60) -> Comparison:
    """Run all policies through the same worlds.

    Parameters
    ----------
    seeds : one world each
    ads, days : size of the worlds

    Returns
    -------
    Comparison : the oracle's value is the better one of its two ways to plan
    """
    rows = []
    breaches = 0
    for seed in seeds:
        world = make_world(seed, ads=ads, days=days)
        sampler = live_through(world, Sampling())
        breaches += sampler.breaches
        plans = [live_through(world, partial(oracle, holds=holds)) for holds in (True, False)]
        rivals = (equal_split, greedy_roas, Sampling(MAX_COUNT))
        others = [live_through(world, policy) for policy in rivals]
        best = max(plans, key=lambda run: run.arrived().sum())
        rows.append([run.arrived().sum() * CONVERSION_VALUE for run in (best, sampler, *others)])
    values = np.array(rows).T
    return Comparison(values[0], values[1], values[2], values[3], values[4], breaches)


def report(comparison: Comparison) -> str:
    """Table of a comparison with the goals beside it."""
    mean = {
        "oracle": comparison.oracle.mean(),
        "sampler": comparison.sampler.mean(),
        "sampler, 1,000": comparison.sure.mean(),
        "greedy ROAS": comparison.greedy.mean(),
        "equal split": comparison.equal.mean(),
    }
    lines = [f"{len(comparison.oracle)} worlds", "policy          mean value   of oracle"]
    lines += [
        f"{name:<14} {value:>12,.0f} {value / mean['oracle']:>10.1%}"
        for name, value in mean.items()
    ]
    goals = [
        ("of oracle", comparison.of_oracle, 0.90),
        ("above equal split", comparison.above_equal, 0.20),
        ("above greedy ROAS", comparison.above_greedy, 0.10),
    ]
    lines += ["", "goal                 reached     asked"]
    lines += [
        f"{name:<18} {got:>9.1%} {asked:>9.0%}  {'met' if got >= asked else 'NOT met'}"
        for name, got, asked in goals
    ]
    lines.append(
        f"{'standard error':<18} {comparison.of_oracle_error:>9.1%}  of the share of the oracle"
    )
    met = "met" if comparison.breaches == 0 else "NOT met"
    lines.append(f"{'broken limits':<18} {comparison.breaches:>9} {0:>9}  {met}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Compare budget policies with the truth.")
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first world")
    options = parser.parse_args()
    sys.stdout.write(report(compare(range(options.seed, options.seed + options.worlds))))


if __name__ == "__main__":
    main()
