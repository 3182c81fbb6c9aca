"""Sample ratio mismatch: whether as many units see each variant as should."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from experiments.engine.statistics.several import adjust_p

FloatArray = npt.NDArray[np.float64]

# Below it results are not shown: something is wrong with the test itself.
GATE: Final = 0.001
_CONCENTRATION: Final = 100.0


@dataclass(frozen=True)
class SampleRatio:
    """Units of each variant held against their weights.

    Attributes
    ----------
    p_value : that the units were split by the weights
    chi_square : its statistic
    expected : units that each variant should have
    """

    p_value: float
    chi_square: float
    expected: tuple[float, ...]

    @property
    def is_mismatch(self) -> bool:
        """Whether results are to be kept back."""
        return self.p_value < GATE


@dataclass(frozen=True)
class RatioWatch:
    """The same test, looked at as often as one likes: one step a day.

    Attributes
    ----------
    shares : (variants,) what each should get, above 0, adding up to one
    counts : units so far
    p_value : the least so far; right at any time
    """

    shares: tuple[float, ...]
    counts: tuple[float, ...]
    p_value: float = 1.0

    def after(self, units: Sequence[float]) -> RatioWatch:
        """Add the units of a day.

        Parameters
        ----------
        units : (variants,) that came since the last look, at least 0

        Returns
        -------
        RatioWatch : with its p-value no larger than before

        Raises
        ------
        ValueError : another number of variants, or a negative one

        References
        ----------
        Lindon, Malek (2022), Anytime-Valid Inference for Multinomial Count Data, NeurIPS, eq. 10;
        the Bayes factor of all counts is the product of the days', so only their sum is kept.
        """
        if len(units) != len(self.shares) or not all(one >= 0 for one in units):
            raise ValueError(f"units must be {len(self.shares)} counts of at least 0, got {units}")
        counts = tuple(a + b for a, b in zip(self.counts, units, strict=True))
        p_value = float(_p_now(np.array(counts), np.array(self.shares)))
        return replace(self, counts=counts, p_value=min(self.p_value, p_value))


@dataclass(frozen=True)
class Imbalance:
    """One part of the traffic in which the split is off: a hint to the cause.

    Attributes
    ----------
    dimension, segment : such as device and mobile
    p_value : of the split within it, raised for the number of segments looked at
    units : in it
    share_of_excess : how much of the whole test's surplus of one variant lies in it
    """

    dimension: str
    segment: str
    p_value: float
    units: float
    share_of_excess: float


def sample_ratio(counts: Sequence[float], weights: Sequence[float]) -> SampleRatio:
    """Test that units came to the variants by their weights.

    Parameters
    ----------
    counts : (variants,) units seen
    weights : (variants,) of any sum; a variant of weight 0 should have nobody

    Returns
    -------
    SampleRatio : p-value 1 while there is nobody, 0 where somebody saw a variant of weight 0

    Raises
    ------
    ValueError : different lengths, negative numbers, or fewer than two variants with a weight

    References
    ----------
    Pearson's chi-square with one degree less than variants. Fabijan et al. (2019), Diagnosing
    Sample Ratio Mismatch in Online Controlled Experiments, KDD.
    """
    seen, due = _checked(counts, weights)
    expected = due * seen.sum()
    has_weight = due > 0
    if seen[~has_weight].sum() > 0:
        return SampleRatio(0.0, math.inf, tuple(expected.tolist()))
    if not seen.sum():
        return SampleRatio(1.0, 0.0, tuple(expected.tolist()))
    off = (seen - expected)[has_weight]
    statistic = float((off**2 / expected[has_weight]).sum())
    p_value = float(special.chdtrc(int(has_weight.sum()) - 1, statistic))
    return SampleRatio(p_value, statistic, tuple(expected.tolist()))


def start_watch(weights: Sequence[float]) -> RatioWatch:
    """Begin to watch a test's split.

    Parameters
    ----------
    weights : (variants,) above 0, of any sum

    Returns
    -------
    RatioWatch : before the first unit

    Raises
    ------
    ValueError : fewer than two variants, or a weight that is not above 0
    """
    _, due = _checked([0.0] * len(weights), weights)
    if not (due > 0).all():
        raise ValueError(f"weights must be above 0, got {weights}")
    return RatioWatch(tuple(due.tolist()), (0.0,) * len(weights))


def watched_p(counts: npt.ArrayLike, weights: Sequence[float]) -> FloatArray:
    """P-values of many watches at once, after each look.

    Parameters
    ----------
    counts : (..., looks, variants) units so far, at each look
    weights : (variants,) above 0, of any sum

    Returns
    -------
    (..., looks) the least p-value so far, as `RatioWatch` has it

    Raises
    ------
    ValueError : another number of variants, or weights as `start_watch` refuses them
    """
    seen, shares = np.asarray(counts, dtype=np.float64), start_watch(weights).shares
    if seen.ndim < 2 or seen.shape[-1] != len(shares):
        raise ValueError(f"counts must end in {len(shares)} variants, got shape {seen.shape}")
    least: FloatArray = np.minimum.accumulate(_p_now(seen, np.array(shares)), axis=-1)
    return least


def likely_causes(
    segments: Mapping[str, Mapping[str, Sequence[float]]], weights: Sequence[float]
) -> list[Imbalance]:
    """Find where a split is off: segments whose own split is, most telling first.

    Parameters
    ----------
    segments : units of each variant by dimension and segment
    weights : (variants,) of any sum

    Returns
    -------
    segments that are off at the gate's level, after Holm's correction for all that were looked at

    Raises
    ------
    ValueError : as in `sample_ratio`
    """
    found = [
        (dimension, segment, counts, sample_ratio(counts, weights))
        for dimension, parts in segments.items()
        for segment, counts in parts.items()
    ]
    if not found:
        return []
    raised = adjust_p([ratio.p_value for *_, ratio in found])
    causes = [
        Imbalance(dimension, segment, float(p), float(sum(counts)), _excess(
            counts, ratio, segments[dimension], weights))
        for (dimension, segment, counts, ratio), p in zip(found, raised, strict=True)
        if p < GATE
    ]  # fmt: skip
    return sorted(causes, key=lambda cause: (cause.p_value, -cause.units))


def _excess(
    counts: Sequence[float],
    ratio: SampleRatio,
    parts: Mapping[str, Sequence[float]],
    weights: Sequence[float],
) -> float:
    """Share of the dimension's whole surplus, of the variant with the largest one."""
    whole = np.sum([np.asarray(part, dtype=np.float64) for part in parts.values()], axis=0)
    surplus = whole - np.array(sample_ratio(whole.tolist(), weights).expected)
    largest = int(np.argmax(surplus))
    if surplus[largest] <= 0:
        return 0.0
    return float((counts[largest] - ratio.expected[largest]) / surplus[largest])


def _p_now(seen: FloatArray, due: FloatArray) -> FloatArray:
    """One over the Bayes factor of a split by any shares against one by these, at most 1."""
    prior = _CONCENTRATION * due
    log = (
        special.gammaln(_CONCENTRATION)
        - special.gammaln(_CONCENTRATION + seen.sum(axis=-1))
        + (special.gammaln(prior + seen) - special.gammaln(prior)).sum(axis=-1)
        - special.xlogy(seen, due).sum(axis=-1)
    )
    p_value: FloatArray = np.exp(np.minimum(0.0, -log))
    return p_value


def _checked(counts: Sequence[float], weights: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    seen, due = np.asarray(counts, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if seen.ndim != 1 or seen.shape != due.shape:
        raise ValueError(f"counts and weights must be as many, got {counts} and {weights}")
    if not (np.isfinite(seen) & (seen >= 0)).all():
        raise ValueError(f"counts must be at least 0, got {counts}")
    if not (np.isfinite(due) & (due >= 0)).all() or (due > 0).sum() < 2:
        raise ValueError(f"weights must be at least 0, two of them above, got {weights}")
    return seen, due / due.sum()
