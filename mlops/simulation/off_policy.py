"""Off-policy estimates against the truth: one policy of the sampler logs, another is asked about.

A pool of situations is drawn: ads of different age, luck and quality. In each, both policies share
out the same total by what can be seen. A unit of money is then drawn to an arm with the share that
the logging policy gave it, and brings what the arm truly returns, with noise. The other policy's
value in the pool is known exactly, so each run of some hundred draws tells whether its interval
holds it.

``python -m mlops.simulation.off_policy`` prints the figures of docs/budget.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlops.engine.arms import AdState
from mlops.engine.off_policy import FloatArray, Log, evaluate
from mlops.engine.sampler import BattleHardenedSampler

ARMS: Final = 8
_BUDGET = 100.0
_SPREAD_OF_REWARD = 1.5  # of a lognormal unit of money: most bring little, some bring much
_MODEL_ERROR = 0.3


@dataclass(frozen=True)
class Pool:
    """Situations with both policies' shares and the true return of each arm; (n, arms) each."""

    logged: FloatArray
    other: FloatArray
    returns: FloatArray
    predicted: FloatArray

    @property
    def truth(self) -> float:
        """What the other policy brings on average, per unit of money."""
        return float((self.other * self.returns).sum(axis=1).mean())


def make_pool(seed: int, size: int = 400) -> Pool:
    """Draw situations; the pipeline policy logs, a cautious direct one is asked about."""
    rng = np.random.default_rng(seed)
    logs = BattleHardenedSampler("pipeline", most_evidence=40.0)
    other = BattleHardenedSampler(
        "direct", most_evidence=10.0, max_budget_change=0.3, min_spend_for_kill=400.0
    )
    rows = [_situation(rng) for _ in range(size)]
    shares = [_shares(sampler, [states for states, _ in rows]) for sampler in (logs, other)]
    returns = np.array([true for _, true in rows])
    blurred = returns * np.exp(_MODEL_ERROR * rng.standard_normal(returns.shape))
    return Pool(shares[0], shares[1], returns, blurred)


def _shares(sampler: BattleHardenedSampler, situations: list[list[AdState]]) -> FloatArray:
    """(n, arms) share of the total that each arm gets."""
    total = ARMS * _BUDGET
    found = [sampler.select(states, total, seed=1).items for states in situations]
    return np.array([[item.recommended_budget / total for item in items] for items in found])


def _situation(rng: np.random.Generator) -> tuple[list[AdState], FloatArray]:
    true = 1.8 * np.exp(0.6 * rng.standard_normal(ARMS))
    spend = rng.uniform(150, 1_500, ARMS)
    value = spend * true * np.exp(0.3 * rng.standard_normal(ARMS))
    impressions = np.round(spend * rng.uniform(50, 150, ARMS))
    states = [
        AdState(
            ad_id=f"ad{arm}", impressions=float(impressions[arm]),
            clicks=float(round(impressions[arm] * 0.015)), spend=float(spend[arm]),
            pipeline_value=float(value[arm]), cash_revenue=0.8 * float(value[arm]),
            age_hours=float(rng.uniform(80, 900)), daily_budget=_BUDGET,
        )
        for arm in range(ARMS)
    ]  # fmt: skip
    return states, true


def draw_log(pool: Pool, rng: np.random.Generator, rounds: int) -> Log:
    """Draw situations, and in each where a unit of money goes and what it brings."""
    picked = rng.integers(len(pool.returns), size=rounds)
    logged, other = pool.logged[picked], pool.other[picked]
    logged = logged / logged.sum(axis=1, keepdims=True)
    arms = (logged.cumsum(axis=1) < rng.random((rounds, 1))).sum(axis=1)
    rows = np.arange(rounds)
    noise = rng.lognormal(-(_SPREAD_OF_REWARD**2) / 2, _SPREAD_OF_REWARD, rounds)
    return Log(
        round_of=rows,
        weight=np.ones(rounds),
        reward=pool.returns[picked][rows, arms] * noise,
        propensity=logged[rows, arms],
        target=other[rows, arms],
        predicted=pool.predicted[picked][rows, arms],
        predicted_target=(other * pool.predicted[picked]).sum(axis=1),
        uncovered=np.where(logged > 0, 0.0, other).sum(axis=1),
    )


@dataclass(frozen=True)
class Coverage:
    """In which share of the runs each interval held the truth, and how wide they were."""

    runs: int
    held: dict[str, float]
    error: dict[str, float]
    truth: float
    logged: float


def coverage(*, runs: int, rounds: int, seed: int = 0) -> Coverage:
    """Estimate many times, each on a log of its own.

    Parameters
    ----------
    runs, rounds : logs, and draws in each
    seed : of the pool and of all draws
    """
    pool = make_pool(seed)
    rng = np.random.default_rng([seed, 1])
    found = [evaluate(draw_log(pool, rng, rounds)) for _ in range(runs)]
    names = ("ips", "snips", "doubly_robust")
    truth = pool.truth
    return Coverage(
        runs=runs,
        held={
            name: float(np.mean([getattr(one, name).holds(truth) for one in found]))
            for name in names
        },
        error={
            name: float(np.std([getattr(one, name).value for one in found]) / truth)
            for name in names
        },
        truth=truth,
        logged=float(np.mean([one.logged.value for one in found])),
    )


def report(found: Coverage) -> str:
    """Table of the runs."""
    lines = [
        f"{found.runs} runs; the other policy's true value {found.truth:.3f},"
        f" what was logged {found.logged:.3f}",
        "estimate          holds the truth   standard error",
    ]
    lines += [
        f"{name:<16} {held:>16.1%} {found.error[name]:>16.1%}" for name, held in found.held.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Check off-policy estimates against the truth.")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = coverage(runs=options.runs, rounds=options.rounds, seed=options.seed)
    sys.stdout.write(report(found))


if __name__ == "__main__":
    main()
