"""Bandit mode: shares by Thompson sampling, and what the variants bring, without its bias."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]

_DRAWS: Final = 20_000
UNIFORM_SLICE: Final = 0.10
LEAST_SHARE: Final = 0.05


@dataclass(frozen=True)
class Arm:
    """What is known of a variant.

    Attributes
    ----------
    n : units
    sum, sum_squares : of the metric over them; a proportion needs no squares
    """

    n: float
    sum: float
    sum_squares: float | None = None


@dataclass(frozen=True)
class Shares:
    """How the next units are split.

    Attributes
    ----------
    shares : (variants,) adding up to one: the probability with which each unit gets a variant,
        so its propensity, to be kept with its exposure
    chance_best : (variants,) that a variant is the best, which they come from
    seed : of the draws
    """

    shares: tuple[float, ...]
    chance_best: tuple[float, ...]
    seed: int


@dataclass(frozen=True)
class Period:
    """Units of one variant that came while shares stood still.

    Attributes
    ----------
    variant : its place
    share : with which a unit got it
    n, sum, sum_squares : of the metric over these units
    """

    variant: int
    share: float
    n: float
    sum: float
    sum_squares: float


@dataclass(frozen=True)
class Estimate:
    """Mean of a variant among all who came, with its interval.

    Attributes
    ----------
    value, low, high : the mean
    standard_error : of it
    effective_units : units of a uniform split that are worth as much
    """

    value: float
    low: float
    high: float
    standard_error: float
    effective_units: float


def thompson_shares(
    arms: Sequence[Arm],
    *,
    seed: int,
    uniform_slice: float = UNIFORM_SLICE,
    least_share: float = LEAST_SHARE,
) -> Shares:
    """Split the next units by how likely each variant is the best.

    A slice is always split evenly, so every variant stays measured and a change is noticed.

    Parameters
    ----------
    arms : at least two; without squares they are proportions (Beta(1, 1) before the data), with
        them means (normal, any mean as likely; an even share for all while one has no spread)
    seed : of the draws
    uniform_slice : share of the units that is split evenly, in [0, 1]
    least_share : of every variant, at most one over their number

    Returns
    -------
    Shares : never below `least_share`

    Raises
    ------
    ValueError : fewer than two arms, some with squares and some without, or a share out of range

    References
    ----------
    Russo et al. (2018), A Tutorial on Thompson Sampling, section 3.
    """
    count = len(arms)
    if count < 2:
        raise ValueError(f"arms must be at least two, got {count}")
    if not 0 <= uniform_slice <= 1 or not 0 <= least_share <= 1 / count:
        raise ValueError(
            f"uniform_slice must lie in [0, 1] and least_share in [0, 1 / {count}],"
            f" got {uniform_slice} and {least_share}"
        )
    best = _chance_best(arms, np.random.default_rng(seed))
    shares = (1 - uniform_slice) * best + uniform_slice / count
    return Shares(tuple(_at_least(shares, least_share).tolist()), tuple(best.tolist()), seed)


def weighted_means(
    periods: Sequence[Period], variants: int, *, alpha: float = 0.05
) -> list[Estimate | None]:
    """Mean of each variant among all who came, each unit weighed by one over its propensity.

    Without the weights, a variant that was shown more on good days would look better than it is.

    Parameters
    ----------
    periods : rows of variant, share and sums
    variants : how many there are
    alpha : one minus the level of the intervals

    Returns
    -------
    (variants,) estimates; None for a variant with fewer than two units in effect

    Raises
    ------
    ValueError : an unknown variant, a share outside (0, 1], or alpha outside (0, 1)

    References
    ----------
    Hajek (1971) in Foundations of Statistical Inference, 236; linearised variance as in
    Lunceford, Davidian (2004), Statistics in Medicine 23(19), eq. 18.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    for row in periods:
        if not 0 <= row.variant < variants or not 0 < row.share <= 1:
            raise ValueError(f"a period needs a variant below {variants} and a share: {row}")
    z = float(-special.ndtri(alpha / 2))
    return [_weighted([row for row in periods if row.variant == one], z) for one in range(variants)]


def _chance_best(arms: Sequence[Arm], rng: np.random.Generator) -> FloatArray:
    has_squares = {arm.sum_squares is not None for arm in arms}
    if len(has_squares) > 1:
        raise ValueError("arms must all have sum_squares, or none")
    n = np.array([arm.n for arm in arms], dtype=np.float64)
    total = np.array([arm.sum for arm in arms], dtype=np.float64)
    if not has_squares.pop():
        if not ((total >= 0) & (total <= n)).all():
            raise ValueError("arms must have successes in [0, units]")
        drawn = rng.beta(1 + total, 1 + n - total, size=(_DRAWS, len(arms)))
    else:
        squares = np.array([arm.sum_squares for arm in arms], dtype=np.float64)
        spread = squares - total**2 / np.maximum(n, 1)
        if (n < 2).any() or (spread <= 1e-12 * squares).any():
            return np.full(len(arms), 1 / len(arms))
        drawn = rng.normal(total / n, np.sqrt(spread / (n - 1) / n), size=(_DRAWS, len(arms)))
    counts = np.bincount(drawn.argmax(axis=1), minlength=len(arms))
    chance: FloatArray = counts / _DRAWS
    return chance


def _at_least(shares: FloatArray, least: float) -> FloatArray:
    """Raise what is below the least share; the others give in proportion to what is above it."""
    above = np.maximum(shares - least, 0.0)
    free = 1 - least * shares.size
    if above.sum() <= 0:
        return np.full(shares.size, 1 / shares.size)
    raised: FloatArray = least + above / above.sum() * free
    return raised


def _weighted(rows: Sequence[Period], z: float) -> Estimate | None:
    weight = math.fsum(row.n / row.share for row in rows)
    squared = math.fsum(row.n / row.share**2 for row in rows)
    if weight <= 0 or weight**2 / squared < 2:
        return None
    mean = math.fsum(row.sum / row.share for row in rows) / weight
    off = math.fsum(
        (row.sum_squares - 2 * mean * row.sum + mean**2 * row.n) / row.share**2 for row in rows
    )
    error = math.sqrt(max(0.0, off)) / weight
    return Estimate(mean, mean - z * error, mean + z * error, error, weight**2 / squared)
