"""Draws from a log posterior: its top first, then many chains of Hamiltonian moves side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.transforms import FloatArray

Density = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
Curvature = Callable[[FloatArray], FloatArray]

CHAINS, WARM_UP, KEPT = 32, 50, 80
# Chains that do not agree yet go on, so many times as long.
WELL_MIXED, MOST_MORE = 1.1, 3
LEAST_PATH, MOST_PATH = 0.6, 2.0
MOST_LEAPS = 16
WANTED_ACCEPTANCE = 0.8
ENOUGH, MOST_DAMPING = 1e-4, 1e8


@dataclass(frozen=True)
class Draws:
    """What the chains found.

    Attributes
    ----------
    values : (n_kept, n_chains, n_parameters)
    acceptance : mean share of accepted moves
    step : of the paths, in units of the posterior's own width
    """

    values: FloatArray
    acceptance: float
    step: float

    @property
    def worst_mixing(self) -> float:
        """Greatest split R-hat of a parameter; near 1 where the chains agree."""
        half = len(self.values) // 2
        chains = np.concatenate([self.values[:half], self.values[half : 2 * half]], axis=1)
        within = chains.var(axis=0, ddof=1).mean(axis=0)
        between = chains.mean(axis=0).var(axis=0, ddof=1)
        return float(np.sqrt((half - 1) / half + between / within).max())


def top(density: Density, curvature: Curvature, start: FloatArray, search: int) -> FloatArray:
    """Go uphill from a start to the most likely point.

    Parameters
    ----------
    density : from (n, n_parameters) to log density (n,) and gradient (n, n_parameters)
    curvature : from (n_parameters,) to (n_parameters, n_parameters), positive definite
    start : (n_parameters,)
    search : most steps

    Returns
    -------
    (n_parameters,)

    References
    ----------
    Marquardt (1963), J. of the Society for Industrial and Applied Mathematics 11(2), 431-441.
    """
    point, damping = start, 1e-2
    value, slope = density(point[None])
    for _ in range(search):
        bend = curvature(point)
        step = np.linalg.solve(bend + damping * np.diag(np.diag(bend)), slope[0])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            new_value, new_slope = density((point + step)[None])
        if new_value[0] > value[0]:
            gain, damping = new_value[0] - value[0], damping / 4
            point, value, slope = point + step, new_value, new_slope
            if gain < ENOUGH:
                break
        elif damping > MOST_DAMPING:
            break
        else:
            damping *= 8
    return point


def sample(
    density: Density, centre: FloatArray, precision: FloatArray, rng: np.random.Generator
) -> Draws:
    """Hamiltonian Monte Carlo in coordinates in which the posterior is about round.

    Parameters
    ----------
    density : as in `top`
    centre : (n_parameters,) its top
    precision : (n_parameters, n_parameters) curvature there
    rng : of all draws

    Returns
    -------
    draws after the warm-up, in which the step is fitted to the wanted acceptance; more of them
    where the chains do not agree

    References
    ----------
    Neal (2011), Handbook of Markov Chain Monte Carlo, ch. 5. Hoffman, Sountsov (2022), Tuning-Free
    Generalized Hamiltonian Monte Carlo (chains side by side). Vehtari et al. (2021), Bayesian
    Analysis 16(2), 667-718 (R-hat).
    """
    scale = np.asarray(np.linalg.inv(np.linalg.cholesky(precision)).T, dtype=np.float64)
    start = centre + 0.7 * rng.standard_normal((CHAINS, len(centre))) @ scale.T
    first = _run(density, start, scale, WARM_UP, rng, step=0.35)
    # The later half of the warm-up tells the shape better than the curvature at the top does.
    seen = first.values[WARM_UP // 2 :].reshape(-1, len(centre))
    weight = len(seen) / (len(seen) + 10.0 * len(centre))
    shape = weight * np.cov(seen.T) + (1 - weight) * scale @ scale.T
    better = np.asarray(np.linalg.cholesky(shape), dtype=np.float64)
    second = _run(density, first.values[-1], better, WARM_UP // 2, rng, step=first.step)
    found = _run(density, second.values[-1], better, KEPT, rng, step=second.step, adapts=False)
    for _ in range(MOST_MORE):
        if found.worst_mixing <= WELL_MIXED:
            break
        more = _run(density, found.values[-1], better, KEPT, rng, step=found.step, adapts=False)
        found = Draws(
            np.concatenate([found.values, more.values]),
            (found.acceptance + more.acceptance) / 2,
            found.step,
        )
    return found


def _run(
    density: Density,
    start: FloatArray,
    scale: FloatArray,
    turns: int,
    rng: np.random.Generator,
    *,
    step: float,
    adapts: bool = True,
) -> Draws:
    """Move all chains in the coordinates of a scale; start is (n_chains, n_parameters)."""

    def rounded(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, slope = density(z @ scale.T)
        return value, slope @ scale

    z = np.asarray(np.linalg.solve(scale, start.T).T, dtype=np.float64)
    state = (z, *rounded(z))
    kept, rates = np.empty((turns, *start.shape)), np.empty(turns)
    for turn in range(turns):
        # A path may run out of the numbers; `_move` refuses it.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            state, rates[turn] = _move(rounded, state, step, rng)
        if adapts:
            step *= float(np.exp((rates[turn] - WANTED_ACCEPTANCE) / np.sqrt(turn + 4)))
        kept[turn] = state[0] @ scale.T
    return Draws(kept, float(rates.mean()), step)


def _move(
    density: Density,
    state: tuple[FloatArray, FloatArray, FloatArray],
    step: float,
    rng: np.random.Generator,
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], float]:
    """One move of all chains over a path of random length; the share that was accepted."""
    z, value, slope = state
    momentum = rng.standard_normal(z.shape)
    leaps = int(np.clip(rng.uniform(LEAST_PATH, MOST_PATH) / step, 1, MOST_LEAPS))
    energy = value - 0.5 * (momentum**2).sum(axis=1)
    new, gradient = z.copy(), slope
    for _ in range(leaps):
        momentum = momentum + 0.5 * step * gradient
        new = new + step * momentum
        new_value, gradient = density(new)
        momentum = momentum + 0.5 * step * gradient
    change = new_value - 0.5 * (momentum**2).sum(axis=1) - energy
    # A path that left the numbers is refused.
    chance = np.exp(np.minimum(np.where(np.isfinite(change), change, -np.inf), 0.0))
    taken = rng.random(len(z)) < chance
    keep = taken[:, None]
    moved = (
        np.where(keep, new, z), np.where(taken, new_value, value), np.where(keep, gradient, slope)
    )  # fmt: skip
    return moved, float(chance.mean())
