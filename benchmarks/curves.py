"""Response curves on advertisers whose truth is known: errors, intervals, seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.curve_sets import known_on, meridian, robyn
from benchmarks.curve_worlds import World, made
from benchmarks.figures import Figure, quantile, reset_peak_mb
from campaigns.engine.response.compare import INSTALLS, REVENUE, compare
from campaigns.engine.response.fit import fit_response, prior_model
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.optimum import Bounds, best_split
from campaigns.engine.response.quality import contributions
from campaigns.engine.response.series import Series
from campaigns.engine.response.simulate import Plan, bring

BAND = (0.1, 0.9)
HORIZON_DAYS = 28
SHIFT = 0.3
_REPEATS = 5
_SPLITS = 1e6


@dataclass(frozen=True)
class Found:
    """What one fit says beside the truth; each covered figure is whether it lies in P10–P90."""

    error: float
    total_covered: bool
    channels_covered: float
    future_covered: bool
    shift_covered: bool
    mape: float
    mixing: float
    cpu_s: float
    optimum: float
    brute_force: float


def look(world: World, seed: int) -> Found:
    """Fit one world and compare."""
    started = time.process_time()
    model = fit_response(world.series, seed=seed)
    cpu_s = time.process_time() - started
    told, true = contributions(model, world.series), world.paid.sum(axis=0)
    horizon = HORIZON_DAYS // world.series.step_days
    present = Plan.present(model, horizon)
    shifted = Plan(_shifted(model, seed), horizon)
    before, after = (bring(model, plan).paid.sum(axis=1) for plan in (present, shifted))
    true_before, true_after = (world.brings(p.budgets, horizon).sum() for p in (present, shifted))
    return Found(
        error=float(np.median(told.sum(axis=1)) / true.sum() - 1),
        total_covered=_covers(told.sum(axis=1), true.sum()),
        channels_covered=float(
            np.mean([_covers(t, one) for t, one in zip(told.T, true, strict=True)])
        ),
        future_covered=_covers(before, true_before),
        shift_covered=_covers(after - before, true_after - true_before),
        mape=model.quality.mape or 0.0,
        mixing=model.quality.mixing or 0.0,
        cpu_s=cpu_s,
        optimum=_reached(world, model, _true_best(world, model)),
        brute_force=_reached(world, model, _brute_force(world, _bounds(model))),
    )


def _covers(draws: np.ndarray, truth: float) -> bool:
    low, high = np.quantile(draws, BAND)
    return bool(low <= truth <= high)


def _shifted(model: ResponseModel, seed: int) -> np.ndarray:
    """Thirty per cent of one channel's money goes to another."""
    giver, taker = np.random.default_rng(seed).permutation(len(model.present))[:2]
    budgets = model.present.copy()
    moved = SHIFT * budgets[giver]
    budgets[giver] -= moved
    budgets[taker] += moved
    return budgets


def _bounds(model: ResponseModel) -> Bounds:
    present = model.present
    return Bounds(float(present.sum()), 0.5 * present, 1.5 * present)


def _reached(world: World, model: ResponseModel, ideal: float) -> float:
    """True response of the split that the fit suggests, over the best one."""
    return float(world.steady(best_split(model, _bounds(model)).budgets).sum() / ideal)


def _true_best(world: World, model: ResponseModel) -> float:
    """Response of the split that is suggested where the truth is known."""
    ideal = best_split(_true_model(world, model), _bounds(model)).budgets
    return float(world.steady(ideal).sum())


def _brute_force(world: World, bounds: Bounds) -> float:
    """Greatest true response of all splits into whole parts; about a million are tried."""
    others = len(bounds.least) - 1
    parts = int(_SPLITS ** (1 / others)) - 1
    shares = np.indices((parts + 1,) * others).reshape(others, -1).T
    shares = shares[shares.sum(axis=1) <= parts]
    whole = np.column_stack([shares, parts - shares.sum(axis=1)])
    budgets = bounds.least + whole / parts * (bounds.total - bounds.least.sum())
    allowed = budgets[(budgets <= bounds.most * (1 + 1e-9)).all(axis=1)]
    return float(world.steady(allowed).sum(axis=1).max())


def _true_model(world: World, model: ResponseModel) -> ResponseModel:
    curves = np.stack(
        [
            np.log(world.at_usual / model.scale),
            np.log(world.decay / (1 - world.decay)),
            np.log(world.half),
            np.log(world.slope),
        ],
        axis=-1,
    )[None]
    one = model.thinned(1)
    return replace(one, curves=curves, usual=world.usual)


def run(worlds: int) -> list[Figure]:
    """Errors and intervals over many worlds, then the seconds of a fit and of a plan."""
    watch = reset_peak_mb()
    few = max(worlds // 2, 1)
    kinds = {
        f"{worlds} worlds": [look(made(seed), seed) for seed in range(worlds)],
        f"{few} on Robyn's spend": [look(known_on(robyn(), s), s) for s in range(few)],
        f"{few} on Meridian's spend": [look(known_on(meridian(), s), s) for s in range(few)],
    }
    figures = [figure for where, found in kinds.items() for figure in truth_figures(found, where)]
    figures += [_held_out("Robyn", robyn()), _held_out("Meridian", meridian())]
    return [*figures, _plan_figure(), replace(_fit_figure(), peak_mb=watch())]


def truth_figures(found: list[Found], where: str) -> list[Figure]:
    """What the fits of known worlds amount to."""
    errors = [abs(one.error) for one in found]
    within = 100 * float(np.mean([error <= 0.10 for error in errors]))
    shown = [
        Figure(
            name=f"total response, median error, {where}",
            value=100 * quantile(errors, 0.5),
            unit="%",
            target="≤ 10 %",
            is_met=quantile(errors, 0.5) <= 0.10,
            facts={
                "worlds_within_10_pct": within,
                "bias_pct": 100 * float(np.mean([one.error for one in found])),
                "error_p90_pct": 100 * quantile(errors, 0.9),
                "median_holdout_mape_pct": 100 * quantile([one.mape for one in found], 0.5),
                "greatest_mixing": max(one.mixing for one in found),
                "worst_optimum_pct": 100 * min(one.optimum for one in found),
            },
        ),
        Figure(f"total within ±10 %, {where}", within, "% of worlds"),
        Figure(
            f"suggested split, true response against the true best, {where}",
            100 * float(np.mean([one.optimum for one in found])),
            "%",
        ),
        Figure(
            name=f"suggested split, true response against brute force on the truth, {where}",
            value=100 * float(np.mean([one.brute_force for one in found])),
            unit="%",
            target="≥ 98 %",
            is_met=float(np.mean([one.brute_force for one in found])) >= 0.98,
            facts={
                "worlds_within_2_pct": 100
                * float(np.mean([one.brute_force >= 0.98 for one in found])),
                "worst_pct": 100 * min(one.brute_force for one in found),
            },
        ),
    ]
    return [*shown, *(_coverage(found, name, where) for name in _COVERED)]


_COVERED = {
    "channels_covered": "80 % interval covers a channel's response",
    "total_covered": "80 % interval covers the total response",
    "future_covered": "80 % interval covers the next 28 days' response",
    "shift_covered": "80 % interval covers what a shift changes",
}


def _coverage(found: list[Found], name: str, where: str) -> Figure:
    shares = np.array([float(getattr(one, name)) for one in found])
    share = 100 * float(shares.mean())
    return Figure(
        name=f"{_COVERED[name]}, {where}",
        value=share,
        unit="%",
        target="76–84 %",
        is_met=76 <= share <= 84,
        facts={"standard_error": 100 * float(shares.std() / np.sqrt(len(shares)))},
    )


def _held_out(name: str, series: Series) -> Figure:
    quality = fit_response(series).quality
    return Figure(
        name=f"{name}'s set, MAPE of the last {quality.steps} weeks held out",
        value=100 * (quality.mape or 0.0),
        unit="%",
        limit_name="% by repeating the last week",
        limit=100 * (quality.naive_mape or 0.0),
        facts={"total_error_pct": 100 * (quality.total_error or 0.0)},
    )


def _plan_figure() -> Figure:
    series = made(0, channels=10).series
    # How the draws came about does not change what it costs to use them.
    both = {name: prior_model(series, ("",)) for name in (INSTALLS, REVENUE)}
    present = Plan.present(both[INSTALLS], 90)
    plan = replace(present, budgets=1.1 * present.budgets)
    seconds = []
    for _ in range(_REPEATS):
        started = time.process_time()
        compare(both, plan, present)
        seconds.append(time.process_time() - started)
    value = 1_000 * float(np.median(seconds))
    name = "a plan beside the present one, 10 channels × 1,000 draws × 90 days, two outcomes"
    return Figure(name, value, "ms CPU", target="≤ 300 ms", is_met=value <= 300)


def _fit_figure() -> Figure:
    started = time.process_time()
    model = fit_response(made(0, channels=10, steps=400).series)
    value = time.process_time() - started
    return Figure(
        name="a fit, 10 channels × 400 days",
        value=value,
        unit="s CPU",
        target="≤ 20 s",
        is_met=value <= 20,
        facts={"mixing": model.quality.mixing or 0.0},
    )
