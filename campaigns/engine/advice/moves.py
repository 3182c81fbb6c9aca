"""From recommended shares to budgets: everything in a channel moves by one factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Smaller moves are noise, and each costs a person a look.
LEAST_CHANGE: Final = 0.03


def factors(
    *, current: Mapping[str, float], wanted: Mapping[str, float], budgets: Mapping[str, float]
) -> dict[str, float]:
    """Factor by which the budgets of each channel move; the sum of all budgets stays.

    A channel whose share of the spend is to grow by a tenth gets budgets that are a tenth larger.
    Budgets are not shared out exactly as the spend is, so all factors are then scaled until the
    sum is what it was.

    Parameters
    ----------
    current, wanted : channel -> share of the spend now, and as recommended
    budgets : channel -> sum of its live daily budgets, one currency

    Returns
    -------
    channel -> factor, without those that would move by less than 3 %

    Raises
    ------
    ValueError : a channel of `current` has no share in `wanted`
    """
    if missing := sorted(set(current) - set(wanted)):
        raise ValueError(f"wanted has no share for {missing[0]!r}")
    moved = {
        channel: wanted[channel] / share
        for channel, share in current.items()
        if share > 0 and budgets.get(channel, 0.0) > 0
    }
    before = sum(budgets[channel] for channel in moved)
    after = sum(budgets[channel] * factor for channel, factor in moved.items())
    if after <= 0:
        return {}
    scale = before / after
    return {
        channel: factor * scale
        for channel, factor in moved.items()
        if abs(factor * scale - 1) >= LEAST_CHANGE
    }
