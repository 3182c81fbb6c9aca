"""How organic results move with paid ones: an elasticity on daily counts, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from attribution.engine.journeys import FloatArray
from campaigns.engine.elasticity import elasticity

LEAST_DAYS = 28
LEAST_A_DAY = 2.0
LEAST_VARIATION = 0.1
LEVEL = 0.95


class ThinDataError(ValueError):
    """Too little to say anything; the text says what is missing."""


@dataclass(frozen=True)
class Halo:
    """Elasticity: by how many per cent organic moves when paid moves by one per cent."""

    days: int
    elasticity: float
    low: float
    high: float
    mean_paid: float
    mean_organic: float

    @property
    def per_unit(self) -> float:
        """Organic units that come with one more paid unit, at the mean."""
        return self.units_of(self.elasticity)

    def units_of(self, elasticity: float) -> float:
        """Organic units that come with one more paid unit by an elasticity, at the mean."""
        return elasticity * self.mean_organic / self.mean_paid

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    def expected(self, paid: FloatArray) -> FloatArray:
        """Organic units at paid ones, through the means."""
        curve: FloatArray = self.mean_organic * (paid / self.mean_paid) ** self.elasticity
        return curve


def halo(
    paid: FloatArray, organic: FloatArray, weekdays: FloatArray, *, units: str = "conversions"
) -> Halo:
    """Fit organic units on paid units of the same day, both in logarithms.

    Least squares of log(organic + ½) on log(paid + ½), a straight trend and the weekday; the
    interval allows for neighbouring days being alike (Newey-West, 7 lags).

    Parameters
    ----------
    paid, organic : (n_days,) units of consecutive days
    weekdays : (n_days,) 0 to 6
    units : what is counted, for what is refused

    Returns
    -------
    elasticity with a 95 % interval. It shows moving together, not cause: a season that lifts both
    looks the same

    Raises
    ------
    ThinDataError : fewer than 28 days, fewer than 2 units a day, or paid that hardly varies
    ValueError : arrays of unequal length

    References
    ----------
    Newey, West (1987), Econometrica 55(3), 703-708.
    """
    if not len(paid) == len(organic) == len(weekdays):
        raise ValueError(f"paid, organic and weekdays have {len(paid)}, {len(organic)} and "
                         f"{len(weekdays)} days: they must be the same")  # fmt: skip
    _refuse_thin(paid, organic, units)
    found = elasticity(np.log(paid + 0.5), np.log(organic + 0.5), weekdays)
    reach = float(special.stdtrit(found.freedom, (1 + LEVEL) / 2)) * found.error
    slope = found.value
    return Halo(
        len(paid), slope, slope - reach, slope + reach, float(paid.mean()), float(organic.mean())
    )


def _refuse_thin(paid: FloatArray, organic: FloatArray, units: str) -> None:
    if len(paid) < LEAST_DAYS:
        raise ThinDataError(f"There are {len(paid)} days; {LEAST_DAYS} are the least.")
    for name, counts in (("paid", paid), ("organic", organic)):
        if counts.mean() < LEAST_A_DAY:
            raise ThinDataError(
                f"There are {counts.mean():.1f} {name} {units} a day; {LEAST_A_DAY:.0f} are the"
                " least from which a relation can be told from chance."
            )
    if paid.std() < LEAST_VARIATION * paid.mean():
        raise ThinDataError(
            f"Paid {units} hardly varied from day to day, so nothing can be seen to follow them."
        )
