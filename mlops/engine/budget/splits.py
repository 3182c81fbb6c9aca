"""Splits of a budget over channels: the plain ones, and the best one by the exact solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from campaigns.engine.response.optimum import Bounds
from campaigns.engine.response.solver import Curves, solve
from mlops.engine.allocation import project

FloatArray = npt.NDArray[np.float64]
# Curves, bounds and present spend -> spend; all money per step.
Split = Callable[[Curves, Bounds, FloatArray], FloatArray]

SOLVER: Final = "exact solver"
PRESENT: Final = "present plan"
_STEP = 0.005  # of the spend, over which a marginal return is told


def present(curves: Curves, bounds: Bounds, now: FloatArray) -> FloatArray:
    """Go on in the present proportions."""
    return _within(now, bounds)


def equal(curves: Curves, bounds: Bounds, now: FloatArray) -> FloatArray:
    """Give every channel the same."""
    return _within(np.ones_like(now), bounds)


def proportional(curves: Curves, bounds: Bounds, now: FloatArray) -> FloatArray:
    """Give each channel by what its present spend returns per money (its ROI)."""
    spent = np.maximum(now, 1e-9)
    returns = np.where(now > 0, curves(spent[None])[0] / spent, 0.0)
    return _within(returns if returns.sum() > 0 else np.ones_like(now), bounds)


def greedy(curves: Curves, bounds: Bounds, now: FloatArray) -> FloatArray:
    """Fill the channel with the best present return up to its bound, then the next."""
    spent = np.maximum(now, 1e-9)
    returns = curves(spent[None])[0] / spent
    budgets, left = bounds.least.copy(), bounds.total - float(bounds.least.sum())
    for channel in np.argsort(-returns, kind="stable"):
        more = min(float(bounds.most[channel] - budgets[channel]), left)
        budgets[channel] += more
        left -= more
    return np.asarray(budgets)


def exact(curves: Curves, bounds: Bounds, now: FloatArray) -> FloatArray:
    """Solve for the greatest sum of the curves."""
    return solve(curves, bounds.total, bounds.least, bounds.most)


def _within(weights: FloatArray, bounds: Bounds) -> FloatArray:
    wanted = bounds.total * weights / max(float(weights.sum()), 1e-12)
    return project(wanted, bounds.least, np.minimum(bounds.most, bounds.total), bounds.total)


SPLITS: Final[Mapping[str, Split]] = MappingProxyType(
    {
        SOLVER: exact,
        PRESENT: present,
        "equal split": equal,
        "proportional to ROI": proportional,
        "greedy by ROI": greedy,
    }
)


def marginal_returns(curves: Curves, spend: FloatArray) -> FloatArray:
    """Units that one more of money brings in each channel.

    Parameters
    ----------
    curves : of the channels
    spend : (n_channels,) money

    Returns
    -------
    (n_channels,) units per money, over half a per cent more
    """
    step = np.maximum(_STEP * spend, 1e-6 * max(float(spend.sum()), 1.0))
    before, after = curves(np.stack([spend, spend + step]))
    return np.asarray((after - before) / step)
