"""From shares to budgets: projection onto the simplex with bounds, rounding to money."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_ROUNDING_SLACK = 1e-9


def project(wanted: FloatArray, low: FloatArray, high: FloatArray, total: float) -> FloatArray:
    """Point nearest to `wanted` with the given sum inside the bounds.

    Where the bounds cannot meet the total they win: the result is then all lower or all
    upper bounds, and its sum differs from the total.

    Parameters
    ----------
    wanted : (n,) amounts
    low, high : (n,) bounds, low <= high
    total : sum to reach

    Returns
    -------
    (n,) amounts, clip(wanted + shift, low, high) with the one shift that meets the total

    Raises
    ------
    ValueError : a lower bound above its upper bound

    References
    ----------
    Held, Wolfe, Crowder (1974), Mathematical Programming 6, 62-88.
    """
    if (low > high).any():
        raise ValueError(f"low is above high at {np.flatnonzero(low > high).tolist()}")
    if low.sum() >= total:
        return low.copy()
    if high.sum() <= total:
        return high.copy()
    # The sum is piecewise linear and rising in the shift; its kinks are where a bound
    # starts or stops to hold, so the answer is one interpolation between two kinks.
    kinks = np.unique(np.concatenate([low - wanted, high - wanted]))
    sums = np.clip(wanted + kinks[:, None], low, high).sum(axis=1)
    right = int(np.clip(np.searchsorted(sums, total), 1, len(kinks) - 1))
    rise = sums[right] - sums[right - 1]
    share = (total - sums[right - 1]) / rise if rise > 0 else 0.0
    shift = kinks[right - 1] + share * (kinks[right] - kinks[right - 1])
    projected: FloatArray = np.clip(wanted + shift, low, high)
    return projected


def round_to_step(
    amounts: FloatArray,
    current: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    step: float,
) -> FloatArray:
    """Round to multiples of the money step; what rounding leaves goes to the largest item.

    Parameters
    ----------
    amounts : (n,) inside the bounds
    current : (n,) present budgets, kept where no multiple lies inside the bounds
    bounds : low and high, (n,) each
    step : smallest amount the platform accepts, above 0

    Returns
    -------
    (n,) multiples of `step` inside the bounds whose sum is at most one step below the
    sum of `amounts` where the bounds leave room
    """
    low = np.ceil(bounds[0] / step - _ROUNDING_SLACK)
    high = np.floor(bounds[1] / step + _ROUNDING_SLACK)
    has_multiple = low <= high
    units = np.where(
        has_multiple, np.clip(np.floor(amounts / step + _ROUNDING_SLACK), low, high), 0
    )
    rounded = np.where(has_multiple, units * step, current)
    left = float(np.floor((amounts.sum() - rounded.sum()) / step + _ROUNDING_SLACK))
    for index in np.argsort(-amounts, kind="stable"):
        if left == 0 or not has_multiple[index]:
            continue
        moved = float(np.clip(left, low[index] - units[index], high[index] - units[index]))
        units[index] += moved
        left -= moved
    return np.where(has_multiple, units * step, current)
