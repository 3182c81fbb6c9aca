"""A world of ads in which budget policies are compared with the truth.

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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlops.engine.allocation import project
from mlops.engine.posterior import MAX_COUNT, SPREADING_COUNT
from mlops.engine.sampler import AdState, BattleHardenedSampler, DelayCurve, fit_delay_curve

FloatArray = npt.NDArray[np.float64]
Policy = Callable[["Run"], FloatArray]

START_BUDGET = 100.0
MAX_CHANGE = 0.5
FLOOR = 1.0
CONVERSION_VALUE = 80.0
LONGEST_DELAY_DAYS = 40
MEMORY_DAYS = 7
WINDOW_DAYS = 14
ORACLE_UNIT = 10.0


@dataclass(frozen=True)
class World:
    """True qualities, drawn before any policy acts.

    Attributes
    ----------
    roas, ctr : (days, ads) final return and click rate on a fresh audience
    cost_per_impression, audience : (ads,) price and number of people
    delay_shares : (delays,) share of conversions that arrive so many days after the spend
    seed : of the draws
    """

    roas: FloatArray
    ctr: FloatArray
    cost_per_impression: FloatArray
    audience: FloatArray
    delay_shares: FloatArray
    seed: int

    @property
    def days(self) -> int:
        """Length of the run."""
        return int(self.roas.shape[0])

    @property
    def ads(self) -> int:
        """Number of arms."""
        return int(self.roas.shape[1])

    def frequency(self, impressions: FloatArray) -> FloatArray:
        """Impressions per person reached, when they fall on the audience at random."""
        pressure = impressions / self.audience
        return pressure / -np.expm1(-np.maximum(pressure, 1e-9))

    def response(self, impressions: FloatArray) -> FloatArray:
        """Share of quality left after a week of so many impressions."""
        worn = np.maximum(0.0, self.frequency(impressions) - 2.0)
        left: FloatArray = np.maximum(0.3, np.exp(-0.15 * worn))
        return left


def make_world(seed: int, *, ads: int = 20, days: int = 60) -> World:
    """Draw a world.

    Parameters
    ----------
    seed : of all draws
    ads, days : size

    Returns
    -------
    World : median final ROAS 1.8 with a log spread of .6 between ads, a daily drift of 4 %
        and a jump every two months or so; click rates go along with returns by half
    """
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.6, ads)
    drift = rng.normal(0, 0.04, (days, ads)).cumsum(axis=0)
    jumps = (rng.normal(0, 0.5, (days, ads)) * (rng.random((days, ads)) < 1 / days)).cumsum(axis=0)
    quality = level + drift + jumps
    own_clicks = rng.normal(0, 0.4, ads)
    delay = stats.gamma(2, scale=2.0)
    edges = delay.cdf(np.arange(LONGEST_DELAY_DAYS + 1))
    shares = np.diff(edges)
    return World(
        roas=1.8 * np.exp(quality),
        ctr=0.015 * np.exp(0.5 * quality + own_clicks),
        cost_per_impression=0.01 * np.exp(rng.normal(0, 0.2, ads)),
        audience=60_000 * np.exp(rng.normal(0, 0.4, ads)),
        delay_shares=shares / shares.sum(),
        seed=seed,
    )


class Run:
    """One policy living through a world; what it may see are the observed figures."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.day = 0
        self.budgets = np.full(world.ads, START_BUDGET)
        self.total = START_BUDGET * world.ads
        self.spend = np.zeros((world.days, world.ads))
        self.impressions = np.zeros((world.days, world.ads))
        self.clicks = np.zeros((world.days, world.ads))
        self.conversions = np.zeros((world.days, world.ads, world.delay_shares.size))
        self.breaches = 0
        self._rng = np.random.default_rng([world.seed, 1])

    def live(self, budgets: FloatArray) -> None:
        """Check a decision against the rules, then spend it for a day."""
        world, day = self.world, self.day
        low, high = self.bounds()
        slack = 1e-6 * self.total
        self.breaches += int(((budgets < low - slack) | (budgets > high + slack)).sum())
        self.breaches += int(budgets.sum() > self.total + slack)
        shown = budgets / world.cost_per_impression
        week = self.recent(self.impressions, MEMORY_DAYS - 1) + shown
        left = world.response(week)
        self.spend[day], self.impressions[day] = budgets, shown
        self.clicks[day] = self._rng.poisson(shown * world.ctr[day] * left)
        number = self._rng.poisson(budgets * world.roas[day] * left / CONVERSION_VALUE)
        self.conversions[day] = self._rng.multinomial(number, world.delay_shares)
        self.budgets = budgets
        self.day += 1

    def recent(self, figures: FloatArray, days: int) -> FloatArray:
        """Sum of the last days that have been lived."""
        total: FloatArray = figures[max(0, self.day - days) : self.day].sum(axis=0)
        return total

    def arrived(self, since: int = 0) -> FloatArray:
        """(ads,) conversions of spend since a day that have arrived by now."""
        total = np.zeros(self.world.ads)
        for day in range(max(0, since), self.day):
            total += self.conversions[day, :, : self.day - day].sum(axis=1)
        return total

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper budgets of today's decision."""
        low = np.maximum(FLOOR, self.budgets * (1 - MAX_CHANGE))
        return low, np.maximum(FLOOR, self.budgets * (1 + MAX_CHANGE))

    def seen_delays(self) -> tuple[FloatArray, FloatArray]:
        """Hours from click to conversion and from click to now, for all arrived."""
        delays, observed = [], []
        for day in range(self.day):
            counts = self.conversions[day].sum(axis=0)[: self.day - day].astype(int)
            hours = np.repeat((np.arange(counts.size) + 0.5) * 24, counts)
            delays.append(hours)
            observed.append(np.full(hours.size, (self.day - day) * 24.0))
        return np.concatenate(delays), np.concatenate(observed)


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


def live_through(world: World, policy: Policy) -> Run:
    """Let a policy decide every day of a world.

    Parameters
    ----------
    world : the same for every policy compared
    policy : budgets of the day from what can be seen

    Returns
    -------
    Run : with everything that happened
    """
    run = Run(world)
    while run.day < world.days:
        run.live(policy(run))
    return run


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
