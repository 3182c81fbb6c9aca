"""Worn-out advertising: people click less than they did a few weeks before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

RECENT_DAYS = 7
BASE_DAYS = 21
LEAST_IMPRESSIONS = 1_000
LEAST_RECENT_DAYS = 4
LEAST_BASE_DAYS = 14
LEAST_DROP = 0.15
LEVEL = 0.01


@dataclass(frozen=True)
class DailyRate:
    """Clicks and impressions of k campaigns over one window, as sums over days.

    Attributes
    ----------
    days : (k,) days with impressions
    clicks : (k,) clicks
    impressions : (k,) impressions
    squares : (k,) sum over days of clicks² / impressions, which holds how the days scatter
    """

    days: FloatArray
    clicks: FloatArray
    impressions: FloatArray
    squares: FloatArray


def ctr_has_fallen(recent: DailyRate, base: DailyRate) -> BoolArray:
    """Tell whose click-through rate lies significantly below its own earlier one.

    One-sided test of two proportions at 1 %. Days of one campaign differ by more than chance
    alone, so the variance is scaled by Pearson's statistic of the days, never below one, and
    the quotient is judged by Student's t. With millions of impressions any difference is
    significant, so the rate must also have fallen by 15 %.

    Parameters
    ----------
    recent : the newest 7 days
    base : the 21 days before them

    Returns
    -------
    (k,) booleans; False where either window has fewer than 1 000 impressions, the recent one
    fewer than 4 or the earlier one fewer than 14 days, or nobody clicked before

    Raises
    ------
    ValueError : the windows do not have the same campaigns

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 4.5.
    """
    if recent.clicks.shape != base.clicks.shape:
        raise ValueError(f"recent has {recent.clicks.size} campaigns, base {base.clicks.size}")
    enough = (
        (recent.impressions >= LEAST_IMPRESSIONS)
        & (base.impressions >= LEAST_IMPRESSIONS)
        & (recent.days >= LEAST_RECENT_DAYS)
        & (base.days >= LEAST_BASE_DAYS)
        & (base.clicks > 0)
    )
    fallen = np.zeros(enough.shape, dtype=np.bool_)
    fallen[enough] = _fallen(_only(recent, enough), _only(base, enough))
    return fallen


def _only(rate: DailyRate, mask: BoolArray) -> DailyRate:
    return DailyRate(rate.days[mask], rate.clicks[mask], rate.impressions[mask], rate.squares[mask])


def _fallen(recent: DailyRate, base: DailyRate) -> BoolArray:
    clicks, shown = recent.clicks + base.clicks, recent.impressions + base.impressions
    pooled = clicks / shown
    # More clicks than impressions are the platform's mistake; nothing follows from them.
    variance = np.maximum(pooled * (1 - pooled), 0.0)
    now, before = recent.clicks / recent.impressions, base.clicks / base.impressions
    freedom = recent.days + base.days - 2
    scatter = sum(rate.squares - rate.clicks**2 / rate.impressions for rate in (recent, base))
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.fmax(scatter / (variance * freedom), 1.0)
        error = np.sqrt(excess * variance * (1 / recent.impressions + 1 / base.impressions))
        is_significant = special.stdtr(freedom, (now - before) / error) < LEVEL
    fallen: BoolArray = is_significant & (now <= before * (1 - LEAST_DROP))
    return fallen
