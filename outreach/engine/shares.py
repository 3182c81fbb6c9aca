"""A share of counts with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Z_95: Final = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """A share between 0 and 1, and where the true one lies in 95 of 100 cases."""

    rate: float
    low: float
    high: float


def share_of(part: int, whole: int, z: float = Z_95) -> Share:
    """Share of counts with Wilson's interval, which also holds for few and for none.

    Parameters
    ----------
    part : how many, 0 to `whole`
    whole : of how many, at least 1
    z : quantile of the normal distribution; 1.96 for 95 %

    Returns
    -------
    Share

    Raises
    ------
    ValueError : `whole` below 1, or `part` outside of it

    References
    ----------
    Wilson (1927), J. American Statistical Association 22, 209-212.
    """
    if whole < 1:
        raise ValueError(f"whole: {whole}, must be 1 or more")
    if not 0 <= part <= whole:
        raise ValueError(f"part: {part}, must lie between 0 and {whole}")
    rate = part / whole
    weight = 1 + z * z / whole
    middle = (rate + z * z / (2 * whole)) / weight
    half = z * math.sqrt(rate * (1 - rate) / whole + z * z / (4 * whole * whole)) / weight
    low = 0.0 if part == 0 else max(middle - half, 0.0)
    high = 1.0 if part == whole else min(middle + half, 1.0)
    return Share(rate, low, high)
