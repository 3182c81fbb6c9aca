"""Budgets in simulated markets: the solver against its limits, a learnt policy against the solver.

``python -m benchmarks.budget --write-docs`` renews the table of docs/budget.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import numpy as np

from benchmarks.figures import DOCS as PERFORMANCE
from benchmarks.figures import Figure, machine, markdown, plain, write_between
from campaigns.engine.response.solver import Curves, solve
from mlops.engine.budget.contest import LEARNT, MONTHS, RESOLVED, SOLVER, Contest, held, may_serve
from mlops.engine.budget.market import FARTHEST, FloatArray, Market
from mlops.engine.budget.training import policy_of

DOCS = PERFORMANCE.with_name("budget.md")
MARKS = ("<!-- budget: written by the command -->", "<!-- end of budget -->")
PROBLEMS = 200
MARKETS = 5
_STEPS = 60_000
_PARTS = 300
_NAMES = ("meta", "google_ads", "tiktok", "radio")


def hill(rng: np.random.Generator, count: int, slopes: tuple[float, float]) -> Curves:
    """Draw Hill curves; concave up to a slope of 1, S-shaped above."""
    top, half = rng.uniform(10, 90, count), rng.uniform(50, 800, count)
    slope = rng.uniform(*slopes, count)
    return lambda spend: top * spend**slope / (half**slope + spend**slope)


def concave(seed: int) -> float:
    """Return the share of what no split can pass that a random concave problem reaches."""
    rng = np.random.default_rng([1, seed])
    count = int(rng.integers(2, 9))
    curves = hill(rng, count, (0.4, 1.0))
    least, most = rng.uniform(0, 60, count), rng.uniform(150, 900, count)
    total = float(rng.uniform(least.sum(), most.sum()))
    found = _kept(solve(curves, total, least, most), total, least, most)
    return float(curves(found[None]).sum()) / _ceiling(curves, total, least, most)


def _ceiling(curves: Curves, total: float, least: FloatArray, most: FloatArray) -> float:
    """Lagrange's bound: at any price of money, the total at it and what is earned beyond it."""
    spend = least + np.linspace(0, 1, 4_001)[:, None] * (np.minimum(most, total) - least)
    values, prices = curves(spend), np.geomspace(1e-6, 10, 2_000)[:, None]
    surplus = np.zeros(len(prices))
    for channel in range(values.shape[1]):
        surplus += (values[:, channel] - prices * spend[:, channel]).max(axis=1)
    return float((prices[:, 0] * total + surplus).min())


def s_shaped(seed: int) -> float:
    """Return what a random S-shaped problem reaches over the best of 45,451 splits."""
    rng = np.random.default_rng([2, seed])
    curves = hill(rng, 3, (0.8, 4.0))
    least, most = rng.uniform(0, 60, 3), rng.uniform(400, 900, 3)
    total = float(rng.uniform(600, 1_100))
    found = _kept(solve(curves, total, least, most), total, least, most)
    parts = [
        (one, two, _PARTS - one - two)
        for one, two in product(range(_PARTS + 1), repeat=2)
        if one + two <= _PARTS
    ]
    tried = least + np.array(parts) / _PARTS * (total - least.sum())
    allowed = tried[(tried <= most + 1e-9).all(axis=1)]
    return float(curves(found[None]).sum() / curves(allowed).sum(axis=1).max())


def _kept(found: FloatArray, total: float, least: FloatArray, most: FloatArray) -> FloatArray:
    is_kept = ((found >= least - 1e-9) & (found <= most + 1e-9)).all()
    if not is_kept or abs(found.sum() - total) > 1e-6 * total:
        raise SystemExit(f"the solver broke its bounds: {found}")
    return found


def market(seed: int) -> Market:
    """Draw four channels of 500 to 3,000 a day that return 0.7 to 2.2 at present."""
    rng = np.random.default_rng([3, seed])
    present, roas = rng.uniform(500, 3_000, 4), rng.uniform(0.7, 2.2, 4)
    half, slope = rng.uniform(0.3, 3, 4), rng.uniform(0.8, 1.3, 4)
    stock = np.linspace(0, FARTHEST, 801)[:, None]
    revenue = present * roas * (1 + half**slope) * stock**slope / (half**slope + stock**slope)
    order = np.argsort(-present)
    return Market(
        groups=tuple((_NAMES[place],) for place in range(4)),
        shares=dict.fromkeys(_NAMES, 1.0),
        present=present[order],
        revenue=revenue[:, order],
        installs=revenue[:, order] / 8,
    )


def contest(seed: int, steps: int, months: int) -> tuple[Contest, float]:
    """Train a policy in a market and let it compete there; and the seconds of the training."""
    from mlops.engine.budget import dqn

    world, started = market(seed), time.process_time()
    net = dqn.learn(world, dqn.Settings(seed=seed, steps=steps))
    seconds = time.process_time() - started
    return held(world, policy_of(net), months=months), seconds


def run(markets: int, *, steps: int = _STEPS, months: int = MONTHS) -> list[Figure]:
    """Measure the solver, then every way to decide in some markets."""
    problems = PROBLEMS if markets >= MARKETS else 10
    figures = [
        _worst("solver over the optimum, concave", concave, problems, 0.999),
        _worst("solver over the best of 45,451 splits, S-shaped", s_shaped, problems, 0.99),
    ]
    found = [contest(seed, steps, months) for seed in range(markets)]
    contests = [one for one, _ in found]
    for name in contests[0].calm:
        figures += _shares(name, contests)
    figures.append(
        Figure(
            name=f"markets of {markets} in which the learnt policy may serve",
            value=float(sum(may_serve(one)[0] for one in contests)),
            unit="",
            target="it wins, or does not serve",
        )
    )
    seconds = float(np.mean([seconds for _, seconds in found]))
    return [*figures, Figure(f"training of {steps:,} days lived", seconds, "s of CPU")]


def _worst(name: str, reach: Callable[[int], float], problems: int, goal: float) -> Figure:
    worst = min(reach(seed) for seed in range(problems))
    return Figure(
        f"{name}, worst of {problems} problems", 100 * worst, "%",
        target=f"≥ {100 * goal:.1f} %", is_met=worst >= goal,
    )  # fmt: skip


def _shares(name: str, contests: list[Contest]) -> list[Figure]:
    if name == SOLVER:
        return []
    calm = float(np.mean([one.of_solver_calm(name) for one in contests]))
    rough = float(np.mean([one.of_solver_rough(name) for one in contests]))
    is_learnt = name == LEARNT
    best = max(1.0, float(np.mean([one.of_solver_rough(RESOLVED) for one in contests])))
    return [
        Figure(
            f"{name}, curves hold, over the solver", 100 * calm, "%",
            target="≥ 95 %" if is_learnt else "", is_met=calm >= 0.95 if is_learnt else None,
        ),
        Figure(
            f"{name}, fatigue and shocks, over the solver", 100 * rough, "%",
            target="> 100 %" if is_learnt else "", is_met=rough > best if is_learnt else None,
        ),
    ]  # fmt: skip


def main() -> None:
    """Measure, print, and keep the table if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--markets", type=int, default=MARKETS)
    parser.add_argument("--write-docs", action="store_true", help="renew docs/budget.md")
    options = parser.parse_args()
    figures, where = run(options.markets), machine()
    print(f"{where}\n\n{plain(figures)}")
    if options.write_docs:
        day = datetime.now(UTC).date().isoformat()
        command = "python -m benchmarks.budget --write-docs"
        write_between(DOCS, MARKS, f"`{command}` on {day}: {where}.\n\n{markdown(figures)}")


if __name__ == "__main__":
    main()
