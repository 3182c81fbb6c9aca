"""How organic results move with paid ones: an elasticity on daily counts, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from attribution.engine.journeys import FloatArray

LEAST_DAYS = 28
LEAST_A_DAY = 2.0
LEAST_VARIATION = 0.1
LAGS = 7
LEVEL = 0.95
_WEEK = 7


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
    logs = np.log(paid + 0.5)
    trend = np.linspace(-1, 1, len(paid))
    dummies = (weekdays[:, None] == np.arange(1, _WEEK)[None, :]).astype(np.float64)
    dummies = dummies[:, dummies.any(axis=0)]
    design = np.column_stack([logs, np.ones(len(paid)), trend, dummies])
    outcome = np.log(organic + 0.5)
    beta, *_ = np.linalg.lstsq(design, outcome, rcond=None)
    error = _standard_error(design, outcome - design @ beta)
    freedom = len(paid) - design.shape[1]
    reach = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * error
    slope = float(beta[0])
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


def _standard_error(design: FloatArray, residuals: FloatArray) -> float:
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    for lag in range(1, LAGS + 1):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (LAGS + 1)) * (product + product.T)
    bread = np.linalg.pinv(design.T @ design)
    # Small samples: as if each coefficient had cost a day.
    scale = len(residuals) / (len(residuals) - design.shape[1])
    return float(np.sqrt(max((bread @ middle @ bread)[0, 0], 0.0) * scale))
