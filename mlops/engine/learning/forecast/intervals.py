"""Intervals that hold what they say: widened or narrowed by how often they did."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlops.engine.learning.forecast.windows import QUANTILES
from mlops.engine.learning.shapes import FloatArray

#: One of ten lies below the low end, and one above the high end.
_INSIDE: Final = QUANTILES[2]
_LEAST: Final = 0.05
_FEWEST: Final = 20


def learn_widths(told: FloatArray, came: FloatArray) -> FloatArray:
    """By how much the two sides of intervals must be stretched.

    Parameters
    ----------
    told : (rows, targets, 7, 3) low, middle and high, of days that were not learnt from
    came : (rows, targets, 7); NaN where unknown

    Returns
    -------
    (targets, 7, 2) factors of the low and of the high side

    References
    ----------
    Romano, Patterson and Candès (2019), Conformalized quantile regression, Advances in Neural
    Information Processing Systems 32; here by factors and for each side.
    """
    sides = []
    for side in (0, 2):
        reach = np.maximum(np.abs(told[..., side] - told[..., 1]), 1e-9)
        sign = -1.0 if side == 0 else 1.0
        sides.append(_quantile(sign * (came - told[..., 1]) / reach))
    return np.maximum(np.stack(sides, axis=-1), _LEAST)


def with_widths(told: FloatArray, widths: FloatArray) -> FloatArray:
    """Stretch the sides of (rows, targets, 7, 3) intervals."""
    middle = told[..., 1]
    low = middle - (middle - told[..., 0]) * widths[..., 0]
    high = middle + (told[..., 2] - middle) * widths[..., 1]
    return np.stack([low, middle, high], axis=-1)


def _quantile(ratios: FloatArray) -> FloatArray:
    """(targets, 7) what nine of ten rows stay below, of so many with a little to spare."""
    found = np.ones(ratios.shape[1:])
    for place in np.ndindex(*found.shape):
        own = ratios[(slice(None), *place)]
        own = own[~np.isnan(own)]
        if own.size >= _FEWEST:
            share = min(1.0, np.ceil((own.size + 1) * _INSIDE) / own.size)
            found[place] = np.quantile(own, share)
    return found
