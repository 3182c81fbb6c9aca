"""How many units a test needs, what it can find, and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scipy import special

from experiments.engine.statistics.comparison import EFFECTS, Effect
from experiments.engine.statistics.methods import (
    ALTERNATIVES,
    TUNING,
    Alternative,
    mixture_rho_squared,
)

LEAST_DAYS: Final = 7
MOST_DAYS: Final = 14
_MOST_UNITS: Final = 1e15
_HALVINGS: Final = 200


@dataclass(frozen=True)
class Design:
    """What a test shall promise.

    Attributes
    ----------
    alpha : chance to call a difference that is not there
    power : chance to find one that is
    alternative : 'two-sided', 'greater' or 'less'
    effect : whether lifts are 'relative' to the baseline or 'absolute'
    allocation : units of the treatment per unit of the control
    comparisons : of variants with the control; each gets its part of alpha
    """

    alpha: float = 0.05
    power: float = 0.80
    alternative: Alternative = "two-sided"
    effect: Effect = "relative"
    allocation: float = 1.0
    comparisons: int = 1

    def __post_init__(self) -> None:
        for name in ("alpha", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if self.alternative not in ALTERNATIVES or self.effect not in EFFECTS:
            raise ValueError(f"unknown alternative or effect: {self.alternative}, {self.effect}")
        if not (math.isfinite(self.allocation) and self.allocation > 0 and self.comparisons >= 1):
            raise ValueError(
                "allocation must be above 0 and comparisons at least 1,"
                f" got {self.allocation} and {self.comparisons}"
            )

    @property
    def level(self) -> float:
        """Alpha of one comparison, in one tail."""
        tails = 2 if self.alternative == "two-sided" else 1
        return self.alpha / self.comparisons / tails


@dataclass(frozen=True)
class SequentialSize:
    """Units of the control that an always-valid test takes.

    Attributes
    ----------
    typical : half of the tests have called the effect by then, at the latest: the bound is as
        wide as the effect
    at_power : the design's power is reached by then, even if looked at only once
    """

    typical: int
    at_power: int


@dataclass(frozen=True)
class Runtime:
    """Full days that a number of units takes, and whether that is within what is allowed."""

    days: int
    fits: bool


@dataclass(frozen=True)
class _Spread:
    """Difference to find and its variance per unit of the control, without and with it."""

    difference: float
    without: float
    with_it: float


def sample_size(
    baseline: float, lift: float, *, variance: float | None = None, design: Design = Design()
) -> int:
    """Units that the control needs; the treatment needs `design.allocation` times as many.

    Parameters
    ----------
    baseline : the control's proportion, mean or ratio
    lift : smallest one to be found, relative to the baseline or absolute; below 0 for a fall
    variance : of one unit, of a mean or a ratio (`unit_variance`); None for a proportion
    design : what the test shall promise

    Returns
    -------
    whole units, rounded up

    Raises
    ------
    ValueError : no lift, a proportion outside (0, 1), or a variance that is not above 0

    References
    ----------
    Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., eq. 4.14
    and 4.19: the common variance without the effect, each arm's own with it (R's
    power.prop.test).
    """
    spread = _spread(baseline, lift, variance, design)
    return _whole(_needed(spread, design))


def power(
    baseline: float,
    lift: float,
    units: float,
    *,
    variance: float | None = None,
    design: Design = Design(),
) -> float:
    """Chance that a test of some size finds a lift, in the direction that it has.

    Parameters
    ----------
    baseline, lift, variance, design : as in `sample_size`
    units : of the control

    Returns
    -------
    probability; the chance to call the wrong direction is left out

    Raises
    ------
    ValueError : as in `sample_size`, or fewer than 0 units
    """
    if not (math.isfinite(units) and units >= 0):
        raise ValueError(f"units must be at least 0, got {units}")
    spread = _spread(baseline, lift, variance, design)
    z = _reach(design.level) * math.sqrt(spread.without)
    return float(
        special.ndtr((abs(spread.difference) * math.sqrt(units) - z) / math.sqrt(spread.with_it))
    )


def minimum_detectable_effect(
    baseline: float, units: float, *, variance: float | None = None, design: Design = Design()
) -> float | None:
    """Smallest rise that a test of some size finds with the design's power.

    Parameters
    ----------
    baseline, variance, design : as in `sample_size`
    units : of the control, at least 1

    Returns
    -------
    lift, relative or absolute as the design says; None where not even a proportion of 1 is found

    Raises
    ------
    ValueError : as in `sample_size`, or fewer than one unit
    """
    if not (math.isfinite(units) and units >= 1):
        raise ValueError(f"units must be at least 1, got {units}")
    per_lift = abs(baseline) if design.effect == "relative" else 1.0
    _spread(baseline, 1e-9 / per_lift if per_lift else 1.0, variance, design)
    if variance is not None:
        z = _reach(design.level) + float(special.ndtri(design.power))
        return z * math.sqrt(variance * (1 + 1 / design.allocation) / units) / per_lift
    most = (1 - baseline) * (1 - 1e-12) / per_lift

    def is_found(lift: float) -> bool:
        return _needed(_spread(baseline, lift, None, design), design) <= units

    return _first(is_found, 1e-9 * most, most)


def sequential_size(
    baseline: float,
    lift: float,
    *,
    variance: float | None = None,
    design: Design = Design(),
    tuning: float = TUNING,
) -> SequentialSize:
    """Units that an always-valid test takes until its bound clears a lift.

    Parameters
    ----------
    baseline, lift, variance, design : as in `sample_size`
    tuning : of the confidence sequence, in units of both arms

    Returns
    -------
    SequentialSize : units of the control

    Raises
    ------
    ValueError : as in `sample_size`, or a tuning that is not above 0

    References
    ----------
    Waudby-Smith et al., arXiv:2103.06476v7, eq. 9 and 134.
    """
    if not (math.isfinite(tuning) and tuning > 0):
        raise ValueError(f"tuning must be a number of units above 0, got {tuning}")
    spread = _spread(baseline, lift, variance, design)
    needed_z = float(special.ndtri(design.power))

    def is_cleared(units: float, z: float) -> bool:
        error = math.sqrt(spread.with_it / units)
        width = _bound(units * (1 + design.allocation), design, tuning) * error
        return abs(spread.difference) >= width + z * error

    found = [
        _first(lambda units, z=z: is_cleared(units, z), 1.0, _MOST_UNITS)  # type: ignore[misc]
        for z in (0.0, max(0.0, needed_z))
    ]  # fmt: skip
    typical, at_power = (_whole(_MOST_UNITS if one is None else one) for one in found)
    return SequentialSize(typical, at_power)


def runtime(
    units: float, daily_units: float, *, least: int = LEAST_DAYS, most: int = MOST_DAYS
) -> Runtime:
    """Full days until a test has its units.

    Parameters
    ----------
    units : of all arms together
    daily_units : that come into the test a day, above 0
    least, most : days that a test runs at least and at most

    Returns
    -------
    Runtime : never fewer days than `least`; whether they are at most `most`

    Raises
    ------
    ValueError : nobody comes, or a negative number of units
    """
    if not (math.isfinite(daily_units) and daily_units > 0 and units >= 0):
        raise ValueError(f"units {units} and daily_units {daily_units} must be above 0")
    days = max(least, math.ceil(units / daily_units))
    return Runtime(days, days <= most)


def _spread(baseline: float, lift: float, variance: float | None, design: Design) -> _Spread:
    difference = lift * baseline if design.effect == "relative" else lift
    if not math.isfinite(difference) or difference == 0:
        raise ValueError(f"lift must be a number other than 0, got {lift} of {baseline}")
    share = design.allocation
    if variance is not None:
        if not (math.isfinite(variance) and variance > 0):
            raise ValueError(f"variance must be above 0, got {variance}")
        both = variance * (1 + 1 / share)
        return _Spread(difference, both, both)
    target = baseline + difference
    if not (0 < baseline < 1 and 0 <= target <= 1):
        raise ValueError(
            f"baseline {baseline} and target {target} of a proportion must lie in [0, 1]"
        )
    common = (baseline + share * target) / (1 + share)
    return _Spread(
        difference,
        common * (1 - common) * (1 + 1 / share),
        baseline * (1 - baseline) + target * (1 - target) / share,
    )


def _reach(level: float) -> float:
    return float(-special.ndtri(level))


def _needed(spread: _Spread, design: Design) -> float:
    total = _reach(design.level) * math.sqrt(spread.without) + float(
        special.ndtri(design.power)
    ) * math.sqrt(spread.with_it)
    return float((total / spread.difference) ** 2)


def _whole(units: float) -> int:
    # 1e-9: a size that comes out whole must not become one more by rounding.
    return max(1, math.ceil(units * (1 - 1e-12) - 1e-9))


def _bound(units: float, design: Design, tuning: float) -> float:
    """Half width of the always-valid interval, in standard errors."""
    alpha = design.alpha / design.comparisons
    is_two_sided = design.alternative == "two-sided"
    rho2 = mixture_rho_squared(alpha if is_two_sided else 2 * alpha, tuning)
    k = units * rho2 + 1
    ratio = math.sqrt(k) / alpha
    log = math.log(ratio) if is_two_sided else math.log1p(ratio / 2)
    return math.sqrt(2 * k / (units * rho2) * log)


def _first(holds: Callable[[float], bool], low: float, high: float) -> float | None:
    """Smallest value from which on something holds, to twelve digits; None if it never does."""
    if not holds(high):
        return None
    if holds(low):
        return low
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if holds(middle) else (middle, high)
        if high / low - 1 < 1e-13:
            break
    return high
