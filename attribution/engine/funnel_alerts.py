"""When a step of a funnel loses more people than it used to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

#: Of steps that lose no more than before, one in two hundred looks like a fall.
LEVEL: Final = 0.005
_LIMIT: Final = NormalDist().inv_cdf(LEVEL)


@dataclass(frozen=True)
class StepRate:
    """How many came to the step before, and how many of them came on."""

    before: int
    reached: int

    @property
    def rate(self) -> float:
        """Share that came on, 0 where nobody was there."""
        return self.reached / self.before if self.before else 0.0


def z_of(now: StepRate, usual: StepRate) -> float | None:
    """Compare two rates by the pooled two-proportion test.

    Parameters
    ----------
    now, usual : people of two separate periods

    Returns
    -------
    standard errors by which the first lies above the second; None where a period has nobody or
    both rates are 0 or 1

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., 3.2.
    """
    if not now.before or not usual.before:
        return None
    pooled = (now.reached + usual.reached) / (now.before + usual.before)
    variance = pooled * (1 - pooled) * (1 / now.before + 1 / usual.before)
    if variance <= 0:
        return None
    return (now.rate - usual.rate) / math.sqrt(variance)


def has_fallen(now: StepRate, usual: StepRate, drop_pct: float) -> bool:
    """Tell whether a rate fell by so many percent of itself, and not by chance.

    Parameters
    ----------
    now, usual : as in `z_of`
    drop_pct : the least fall that matters, in percent of the usual rate
    """
    z = z_of(now, usual)
    if z is None or z > _LIMIT:
        return False
    return now.rate <= usual.rate * (1 - drop_pct / 100)
