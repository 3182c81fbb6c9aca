"""How many units a test needs, and how long its pages take to bring them.

One way for all metrics: a rate is a mean whose variance follows from it, of any other the variance
of one unit is told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from experiments.engine.statistics import Design, runtime, sample_size, sequential_size
from experiments.models import WHOLE, ABTest, Method
from experiments.selectors.traffic import traffic_of


@dataclass(frozen=True)
class Sizing:
    """Units that a test needs; ``days`` is empty where nobody knows how many come."""

    units: int  # of each variant
    total_units: int
    typical_units: int | None  # of each, by which half of the always-valid tests have called it
    days: int | None
    fits: bool | None


def sizing_of(
    *,
    baseline: float,
    minimum_effect: float,
    alpha: float = 0.05,
    power: float = 0.80,
    variants: int = 2,
    variance: float | None = None,
    method: str = Method.ALWAYS_VALID,
    daily_units: float | None = None,
    min_days: int = 7,
    max_days: int = 14,
) -> Sizing:
    """Size a test of an even split.

    Raises
    ------
    ValueError : a number is out of its range; the text names it
    """
    design = Design(alpha=alpha, power=power, comparisons=variants - 1)
    units = sample_size(baseline, minimum_effect, variance=variance, design=design)
    typical = None
    if method == Method.ALWAYS_VALID:
        sequential = sequential_size(baseline, minimum_effect, variance=variance, design=design)
        units, typical = sequential.at_power, sequential.typical
    total = units * variants
    if not daily_units:
        return Sizing(units, total, typical, None, None)
    found = runtime(total, daily_units, least=min_days, most=max_days)
    return Sizing(units, total, typical, found.days, found.fits)


def sizing_for(test: ABTest, now: datetime) -> Sizing | None:
    """Size a draft by what its pages saw lately; ``None`` where that says nothing."""
    traffic = traffic_of(test, now)
    if not traffic.baseline or test.variants.count() < 2:
        return None
    try:
        return sizing_of(
            baseline=traffic.baseline,
            variance=traffic.variance,
            minimum_effect=test.minimum_effect_bp / WHOLE,
            alpha=test.alpha_bp / WHOLE,
            power=test.power_bp / WHOLE,
            variants=test.variants.count(),
            method=test.method,
            daily_units=traffic.daily_units,
            min_days=test.min_days,
            max_days=test.max_days,
        )
    except ValueError:  # no rate grows by so much
        return None
