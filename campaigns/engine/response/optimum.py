"""The best split of a budget over channels, under least and greatest amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.simulate import Band
from campaigns.engine.response.solver import Curves, solve
from campaigns.engine.response.transforms import FloatArray

DRAWS = 300


@dataclass(frozen=True)
class Bounds:
    """What a split must keep to.

    Attributes
    ----------
    total : money per step, above 0
    least, most : (n_channels,) money per step; most may be infinite
    """

    total: float
    least: FloatArray
    most: FloatArray


@dataclass(frozen=True)
class Optimum:
    """The best split that was found.

    Attributes
    ----------
    budgets : (n_channels,) money per step
    unallocated : money per step that the greatest amounts leave over
    units : units per step of all channels, where it is kept up
    gain : the same less the present split's
    better : share of the draws in which it beats the present split
    at_least, at_most : names of the channels that stand at a bound
    """

    budgets: FloatArray
    unallocated: float
    units: Band
    gain: Band
    better: float
    at_least: tuple[str, ...]
    at_most: tuple[str, ...]


def best_split(model: ResponseModel, bounds: Bounds) -> Optimum:
    """Find the split with the greatest expected response where it is kept up.

    The curves are averaged over draws first, so what is uncertain counts at its mean; what they
    sum to is then as great as it can be (`solver.solve`).

    Parameters
    ----------
    model : curves of one outcome; its present spend is what the split is compared with
    bounds : of the split

    Returns
    -------
    split within bounds; where the greatest amounts do not take the total, the rest is unallocated

    Raises
    ------
    ValueError : bounds of another length, below 0, crossed, or least amounts above the total

    References
    ----------
    Jin et al. (2017), section 6.
    """
    _refuse(model, bounds)
    few = model.thinned(DRAWS)
    budgets = solve(expected_curves(few), bounds.total, bounds.least, bounds.most)
    return _told(few, budgets, bounds)


def expected_curves(model: ResponseModel) -> Curves:
    """Units per step that each channel is expected to bring where its spend is kept up."""
    return lambda spend: np.asarray(model.steady(spend).mean(axis=1))


def _refuse(model: ResponseModel, bounds: Bounds) -> None:
    for name in ("least", "most"):
        if getattr(bounds, name).shape != model.usual.shape:
            raise ValueError(f"{name} has {getattr(bounds, name).size} channels, the curves "
                             f"{model.usual.size}")  # fmt: skip
    if not 0 < bounds.total < np.inf:
        raise ValueError(f"total is {bounds.total}: it must be above 0")
    if not (bounds.least >= 0).all() or not (bounds.least <= bounds.most).all():
        raise ValueError("Each channel's least amount must be 0 or more and at most its greatest")
    if bounds.least.sum() > bounds.total * (1 + 1e-9):
        raise ValueError(
            f"The least amounts add up to {bounds.least.sum():.2f}, more than the total of"
            f" {bounds.total:.2f}: lower one of them or raise the total"
        )


def _told(model: ResponseModel, budgets: FloatArray, bounds: Bounds) -> Optimum:
    units, present = model.steady(np.stack([budgets, model.present])).sum(axis=2)
    close = 1e-6 * bounds.total
    named = np.array(model.channels)
    return Optimum(
        budgets=budgets,
        unallocated=max(bounds.total - float(budgets.sum()), 0.0),
        units=Band.of(units),
        gain=Band.of(units - present),
        better=float((units > present).mean()),
        at_least=tuple(named[budgets <= bounds.least + close].tolist()),
        at_most=tuple(named[budgets >= bounds.most - close].tolist()),
    )
