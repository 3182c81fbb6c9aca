"""What the coming days of campaigns are likely to return, from their own days and their channel's.

Each campaign's return is a ratio of sums in which newer days count more. Few days say little, so
it is drawn towards the ratio of its channel by empirical Bayes: the less certain its own figure and
the more alike the channel's campaigns, the further (the random-effects estimate of DerSimonian and
Laird, Controlled Clinical Trials 7, 1986). The interval holds what is not known of the campaign and
the noise of the coming days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

VERSION: Final = "plain-1"
HORIZON_DAYS: Final = 7
HALF_LIFE_DAYS: Final = 7.0
LEAST_DAYS: Final = 7  # with spend, of a campaign
HIGH_RISK: Final = 1.0  # predicted ROAS below
MEDIUM_RISK: Final = 2.0
# Of a normal distribution: between them lie 80 %.
_Z80: Final = 1.2815515655446004

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outlook:
    """Predicted revenue / spend of the coming days, with the 10th and 90th percentile.

    ``own_weight`` (0 to 1) is how much of it the campaign's own days say, the rest its channel's.
    """

    roas: float
    low: float
    high: float
    own_weight: float

    @property
    def risk(self) -> str:
        """``high`` where less comes back than is spent, ``medium`` below twice, else ``low``."""
        return risk_of(self.roas)


def risk_of(roas: float) -> str:
    """Risk of a predicted ROAS."""
    if roas < HIGH_RISK:
        return "high"
    return "medium" if roas < MEDIUM_RISK else "low"


def outlooks(spend: FloatArray, revenue: FloatArray, channels: IntArray) -> list[Outlook | None]:
    """Predict each campaign; ``None`` for one with fewer than ``LEAST_DAYS`` days of spend.

    Parameters
    ----------
    spend, revenue : (n, d), money of consecutive days, the last one last
    channels : (n,), number of the channel of each campaign

    Returns
    -------
    n outlooks over ``HORIZON_DAYS`` days
    """
    age = np.arange(spend.shape[1])[::-1]
    weights = 0.5 ** (age / HALF_LIFE_DAYS)
    total, returned = spend @ weights, revenue @ weights
    is_known = (spend > 0).sum(axis=1) >= LEAST_DAYS
    ratio = np.divide(returned, total, out=np.zeros_like(total), where=total > 0)
    residuals = revenue - ratio[:, None] * spend
    # Variance of each ratio, and that of the sum of the coming days over their spend.
    within = np.divide((residuals**2) @ weights**2, total**2, out=np.zeros_like(total),
                       where=total > 0)  # fmt: skip
    a_day = (residuals**2) @ weights / weights.sum()
    coming = HORIZON_DAYS * (total / weights.sum())
    noise = np.divide(HORIZON_DAYS * a_day, coming**2, out=np.zeros_like(total), where=coming > 0)
    found: list[Outlook | None] = [None] * len(spend)
    for channel in np.unique(channels[is_known]):
        own = np.flatnonzero(is_known & (channels == channel))
        middle, weight = _shrunk(ratio[own], within[own], total[own])
        spread = _Z80 * np.sqrt(weight * within[own] + noise[own])
        for place, roas, wide, share in zip(own, middle, spread, weight, strict=True):
            low, high = max(0.0, roas - wide), roas + wide
            found[place] = Outlook(float(roas), float(low), float(high), float(share))
    return found


def _shrunk(
    ratio: FloatArray, within: FloatArray, spend: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ratios drawn towards that of all, and how much of each is its own."""
    common = float(ratio @ spend / spend.sum())
    between = _between(ratio, within)
    if len(ratio) < 2 or not (between + within).all():
        return ratio, np.ones_like(ratio)
    weight = between / (between + within)
    return weight * ratio + (1 - weight) * common, weight


def _between(ratio: FloatArray, within: FloatArray) -> float:
    """Variance of the true ratios by the method of moments; none where noise explains all."""
    if len(ratio) < 2 or not within.all():
        return float(np.var(ratio))
    precision = 1 / within
    middle = precision @ ratio / precision.sum()
    scatter = float(precision @ (ratio - middle) ** 2)
    scale = float(precision.sum() - (precision**2).sum() / precision.sum())
    return max(0.0, (scatter - (len(ratio) - 1)) / scale) if scale > 0 else 0.0
