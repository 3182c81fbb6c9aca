"""Looking at one day of a scan: how far the newest days are from what was usual before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.engine.signals.history import BoolArray, ChannelHistory, FloatArray, IntArray
from campaigns.engine.signals.robust import LEAST_DAYS, Baseline, seasonal_baseline


@dataclass(frozen=True)
class Look:
    """One series as it stands on a day: the newest days against the baseline before them.

    ``away`` is (d,) in logarithms, the newest day last, and NaN where nothing is known.
    """

    baseline: Baseline
    away: FloatArray

    def shift(self, count: int) -> float:
        """Mean distance of the newest days; NaN where none of them is known."""
        newest = self.away[-count:]
        known = newest[np.isfinite(newest)]
        return float(known.mean()) if known.size else np.nan

    def score(self, count: int) -> float:
        """Give the same in standard errors of a robust scatter; 0 where nothing is known."""
        known = int(np.isfinite(self.away[-count:]).sum())
        return self.shift(count) / self.baseline.error(known) if known else 0.0

    def held(self, count: int) -> bool:
        """Whether each of the newest days lies on the side of their mean."""
        newest = self.away[-count:]
        return bool(np.all(newest > 0) or np.all(newest < 0))


@dataclass(frozen=True)
class Lens:
    """How far back to look.

    The newest ``gap`` days are not compared with themselves; the level is that of the
    ``level_days`` before them.
    """

    gap: int
    level_days: int


LEAST_GAP: Final = 2
# For what builds up over a week or two, and for what comes at once.
WIDE: Final = Lens(7, 28)
NEAR: Final = Lens(5, 14)
# For a step in what hardly drifts.
STEADY: Final = Lens(5, 28)


def look_at(
    values: FloatArray, weekdays: IntArray, usable: BoolArray, at: int, lens: Lens = WIDE
) -> Look | None:
    """See a series on day ``at``; ``None`` where too little is known of what is usual.

    Parameters
    ----------
    values : (d,) logarithms
    usable : (d,) days that may count as usual
    """
    seen = slice(0, at + 1)
    before = usable[seen].copy()
    # Where little is known yet, what is new begins later.
    before[-max(LEAST_GAP, min(lens.gap, at + 1 - LEAST_DAYS)) :] = False
    baseline = seasonal_baseline(values[seen], weekdays[seen], before, level_days=lens.level_days)
    if baseline is None:
        return None
    return Look(baseline, baseline.away(values[seen], weekdays[seen]))


def together(
    looks: list[tuple[Look, int]], weekdays: IntArray, usable: BoolArray, lens: Lens = WIDE
) -> Look | None:
    """Several series as one, each in units of its scatter and turned by its sign.

    What they share is not counted twice, because the sum has its own scatter.
    """
    size = looks[0][0].away.size
    index = sum(sign * look.away / look.baseline.sigma for look, sign in looks)
    return look_at(np.asarray(index), weekdays[:size], usable[:size], size - 1, lens)


def log_ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """(d,) logarithms of ratios; NaN where either side is not positive."""
    ratio = np.full(above.shape, np.nan)
    known = (above > 0) & (below > 0)
    ratio[known] = np.log(above[known] / below[known])
    return ratio


def log_of(values: FloatArray) -> FloatArray:
    """(d,) logarithms; NaN where not positive."""
    return log_ratio(values, np.ones_like(values))


def channel_measures(channel: ChannelHistory) -> Mapping[str, FloatArray]:
    """Logarithms of what a channel is judged by, each (d,)."""
    measures = {
        "cpi": log_ratio(channel.spend, channel.installs),
        "installs": log_of(channel.installs),
        "ctr": log_ratio(channel.clicks, channel.impressions),
        "cpm": log_ratio(channel.spend, channel.impressions),
        "spend": log_of(channel.spend),
    }
    if channel.quality.size:
        measures["quality"] = log_of(channel.quality)
    return measures
