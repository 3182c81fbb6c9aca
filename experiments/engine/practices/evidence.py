"""From many tests to one estimate per rule: what a rule is worth, shrunk, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from experiments.engine.practices.traits import Piece, Rule, keeps, measured

_Z: Final = 1.959963984540054  # two-sided 95 %
LEAST_TESTS: Final = 2
LEAST_UNITS: Final = 1_000
LEAST_LIFT: Final = 0.05
#: A test is counted from so many conversions in each group; below it a log ratio is not normal.
LEAST_CONVERSIONS: Final = 5
#: Standard deviation of true log effects where too few rules are known to estimate it.
USUAL_SPREAD: Final = 0.1


@dataclass(frozen=True)
class Arm:
    """One arm of a finished test: what people saw, how many, how many of them converted."""

    piece: Piece
    units: int
    conversions: int


@dataclass(frozen=True)
class Contrast:
    """One test's word on one rule: arms that keep it against those that do not."""

    log_effect: float
    variance: float
    units: int
    rate_without: float
    rate_with: float


@dataclass(frozen=True)
class Estimate:
    """What a rule is worth, over all tests that speak of it.

    ``effect`` and its 95 % interval are relative (0.08 is +8 %), shrunk; ``raw`` is not shrunk.
    """

    tests: int
    units: int
    raw: float
    effect: float
    low: float
    high: float
    confidence: float
    rate_without: float
    rate_with: float

    @property
    def is_proven(self) -> bool:
        """Two independent tests or a thousand units, and surely above nothing."""
        return (self.tests >= LEAST_TESTS or self.units >= LEAST_UNITS) and self.low > 0


def contrast(rule: Rule, arms: Sequence[Arm]) -> Contrast | None:
    """Compare arms of one test that keep a rule with those that do not.

    ``None`` where all do, none does, or either group has too few conversions. Arms of one group are
    added up, so a test speaks once, however many arms it has. The effect is the log of the ratio of
    rates; its variance 1/x₁ − 1/n₁ + 1/x₂ − 1/n₂.

    References
    ----------
    Katz et al. (1978), Biometrics 34(3), 469-474.
    """
    sides: dict[bool, tuple[int, int]] = {}
    for arm in arms:
        side = keeps(rule, measured(arm.piece))
        if side is not None:
            units, conversions = sides.get(side, (0, 0))
            sides[side] = units + arm.units, conversions + arm.conversions
    if len(sides) < 2 or min(conversions for _, conversions in sides.values()) < LEAST_CONVERSIONS:
        return None
    (n_with, x_with), (n_without, x_without) = sides[True], sides[False]
    rate_with, rate_without = x_with / n_with, x_without / n_without
    return Contrast(
        log_effect=math.log(rate_with / rate_without),
        variance=max(1 / x_with - 1 / n_with + 1 / x_without - 1 / n_without, 1e-12),
        units=n_with + n_without,
        rate_without=rate_without,
        rate_with=rate_with,
    )


def pooled(contrasts: Sequence[Contrast]) -> tuple[float, float]:
    """Mean log effect of independent tests and its variance, by random effects.

    References
    ----------
    DerSimonian & Laird (1986), Controlled Clinical Trials 7(3), 177-188.

    Raises
    ------
    ValueError : there is no test
    """
    if not contrasts:
        raise ValueError("contrasts: at least one test is needed, there are none")
    weights = [1 / one.variance for one in contrasts]
    mean = _weighted(contrasts, weights)
    between = 0.0
    if len(contrasts) > 1:
        q = sum(w * (c.log_effect - mean) ** 2 for c, w in zip(contrasts, weights, strict=True))
        total = sum(weights)
        scale = total - sum(w * w for w in weights) / total
        between = max(0.0, (q - (len(contrasts) - 1)) / scale)
    weights = [1 / (one.variance + between) for one in contrasts]
    return _weighted(contrasts, weights), 1 / sum(weights)


def _weighted(contrasts: Sequence[Contrast], weights: Sequence[float]) -> float:
    pairs = zip(contrasts, weights, strict=True)
    return sum(weight * one.log_effect for one, weight in pairs) / sum(weights)


def estimates(by_rule: Mapping[str, Sequence[Contrast]]) -> dict[str, Estimate]:
    """Estimate of each rule that any test speaks of, all shrunk to no effect by one prior.

    How far true effects spread is estimated from all rules together (method of moments): looked at
    alone, the largest of many is too large.

    References
    ----------
    Efron & Morris (1975), J. American Statistical Association 70(350), 311-319.
    """
    known = {name: (pooled(found), found) for name, found in by_rule.items() if found}
    spread = _spread([mean_and_variance for mean_and_variance, _ in known.values()])
    return {
        name: _estimate(mean, variance, found, spread)
        for name, ((mean, variance), found) in known.items()
    }


def _spread(known: Sequence[tuple[float, float]]) -> float:
    """Variance of true effects around none."""
    if len(known) < 5:
        return USUAL_SPREAD**2
    return max(0.0, sum(mean**2 - variance for mean, variance in known) / len(known))


def _estimate(mean: float, variance: float, found: Sequence[Contrast], spread: float) -> Estimate:
    keep = spread / (spread + variance)
    centre, deviation = keep * mean, math.sqrt(keep * variance)
    units = sum(one.units for one in found)
    return Estimate(
        tests=len(found),
        units=units,
        raw=math.expm1(mean),
        effect=math.expm1(centre),
        low=math.expm1(centre - _Z * deviation),
        high=math.expm1(centre + _Z * deviation),
        confidence=0.5 * math.erfc(-centre / (deviation * math.sqrt(2))) if deviation else 0.5,
        rate_without=sum(one.rate_without * one.units for one in found) / units,
        rate_with=sum(one.rate_with * one.units for one in found) / units,
    )


def foretold(contrasts: Sequence[Contrast]) -> list[float | None]:
    """Say what was to be expected of each test from those before it, relative; in order of time.

    ``None`` for the first. By inverse variance, shrunk as much as is usual: what a practice said
    before a test is judged by the test, so nothing of the test may be in it.
    """
    expected: list[float | None] = []
    weight = total = 0.0
    for one in contrasts:
        if weight:
            keep = USUAL_SPREAD**2 / (USUAL_SPREAD**2 + 1 / weight)
            expected.append(math.expm1(keep * total / weight))
        else:
            expected.append(None)
        weight += 1 / one.variance
        total += one.log_effect / one.variance
    return expected
