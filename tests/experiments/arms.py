"""Arms made of raw units, so that a test can know everything about them."""

from __future__ import annotations

import numpy as np

from experiments.engine.statistics import ArmStatistics


def arm_of(values, below=None, before=None) -> ArmStatistics:
    """Sums over units: of the metric, of what stands below the line, of what was known before."""
    sums = {"n": len(values), "sum": values.sum(), "sum_squares": (values**2).sum()}
    if below is not None:
        sums |= {
            "denominator_sum": below.sum(),
            "denominator_sum_squares": (below**2).sum(),
            "sum_product": (values * below).sum(),
        }
    if before is not None:
        sums |= {
            "covariate_sum": before.sum(),
            "covariate_sum_squares": (before**2).sum(),
            "sum_covariate_product": (values * before).sum(),
        }
    return ArmStatistics(**{name: float(value) for name, value in sums.items()})


def units(seed: int, count: int, *, lift: float = 0.0) -> dict[str, np.ndarray]:
    """Amounts, visits and earlier amounts of people who differ."""
    rng = np.random.default_rng(seed)
    liking = rng.gamma(2.0, 1.0, count)
    visits = 1.0 + rng.poisson(2 * liking)
    before = rng.poisson(3 * liking).astype(float)
    amount = rng.poisson(liking * visits * (1 + lift)).astype(float)
    return {"amount": amount, "visits": visits, "before": before}
