"""The best split of a budget over channels, under least and greatest amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.simulate import Band
from campaigns.engine.response.transforms import FloatArray

PARTS = 400
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

    The curves are averaged over draws first, so what is uncertain counts at its mean. The total is
    cut into 400 parts and these are shared exactly, by dynamic programming, because S-shaped
    curves have no single rising order of marginal returns.

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
    Bellman (1957), Dynamic Programming, ch. 1. Jin et al. (2017), section 6.
    """
    _refuse(model, bounds)
    room = np.minimum(bounds.most, bounds.total) - bounds.least
    spare = bounds.total - float(bounds.least.sum())
    few = model.thinned(DRAWS)
    steps = np.linspace(0.0, 1.0, PARTS + 1)[:, None] * spare
    reach = np.minimum(steps, room)
    values = few.steady(bounds.least + reach).mean(axis=1)
    parts = _shared(np.where(steps <= room + spare / PARTS / 2, values, -np.inf))
    budgets = bounds.least + np.minimum(parts * spare / PARTS, room)
    budgets = _rest_spent(few, budgets, bounds)
    return _told(few, budgets, bounds)


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


def _shared(values: FloatArray) -> FloatArray:
    """How many parts each channel gets so that values, (n_parts + 1, n_channels), sum highest."""
    count = len(values)
    taken = np.arange(count)
    left = taken[:, None] - taken[None, :]
    best, choices = values[:, 0], []
    for each in values[:, 1:].T:
        # Of j parts k go to this channel, the others share j − k.
        sums = np.where(left >= 0, best[left] + each[None, :], -np.inf)
        choices.append(sums.argmax(axis=1))
        best = sums[taken, choices[-1]]
    parts = np.zeros(values.shape[1])
    remaining = int(best.argmax())
    for channel in range(values.shape[1] - 1, 0, -1):
        parts[channel] = choices[channel - 1][remaining]
        remaining -= int(parts[channel])
    parts[0] = remaining
    return parts


def _rest_spent(model: ResponseModel, budgets: FloatArray, bounds: Bounds) -> FloatArray:
    """Give what the parts left over to the channels with room, best return first."""
    budgets = budgets.copy()
    for _ in range(len(budgets)):
        rest = bounds.total - budgets.sum()
        added = np.minimum(bounds.most - budgets, rest)
        if rest <= 1e-9 * bounds.total or added.max() <= 0:
            break
        tried = budgets + np.diag(added)
        gains = model.steady(tried).mean(axis=1).sum(axis=1)
        gains[added <= 0] = -np.inf
        budgets = tried[int(gains.argmax())]
    return budgets


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
