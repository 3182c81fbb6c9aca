"""The rules: what counts as an event, on one day, from the days up to it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from scipy import special

from campaigns.engine.signals.geography import uneven_regions
from campaigns.engine.signals.history import ChannelHistory, FloatArray
from campaigns.engine.signals.lens import Lens, Look
from campaigns.engine.signals.robust import SCORE, Baseline, slope
from campaigns.engine.signals.synergy import Link, lagged_link
from campaigns.engine.signals.view import Hit, View

BREAKTHROUGH: Final = "creative_breakthrough"
FATIGUE: Final = "creative_fatigue"
EXHAUSTED: Final = "audience_exhausted"
COMPETITOR: Final = "competitor_launch"
OVERRUN: Final = "budget_overrun"
UNDERRUN: Final = "budget_underrun"
VIRAL: Final = "viral_moment"
SYNERGY: Final = "synergy_detected"

CPI_UP: Final = float(np.log(1.20))
CPI_DOWN: Final = float(np.log(0.80))
CTR_DOWN: Final = float(np.log(0.85))
CPM_UP: Final = float(np.log(1.50))
VOLUME_UP: Final = float(np.log(1.10))
ORGANIC_UP: Final = float(np.log(1.30))
OFF_PACE: Final = float(np.log(1.10))
UNDER_PACE: Final = float(np.log(0.90))
# A plan is known; as if from so many days.
PLAN_DAYS: Final = 10_000
OFTEN: Final = 3.5
HALO_UP: Final = float(np.log(1.05))
# 99.9 %: every day and five windows ask anew, so 95 % of each would find one every week.
SYNERGY_SCORE: Final = 3.0
HELD_DAYS: Final = 3
PACE_LEVEL: Final = 10
RISING_DAYS: Final = 7
WINDOWS: Final = (3, 5, 7)
SUDDEN: Final = (1, 2, 3)
# What stands beside another finding must be more than chance, but need not prove it alone.
BESIDE: Final = 1.5
UNEVEN: Final = 0.2
SURELY: Final = 2.0
SURE_OF_PLAN: Final = 1.0

Rule = Callable[[View, ChannelHistory], Hit | None]


def windows_beyond(look: Look | None, windows: Sequence[int] = WINDOWS) -> list[int]:
    """Windows, the shortest first, whose score is beyond the limit."""
    return [] if look is None else [days for days in windows if look.score(days) >= SCORE]


def breakthrough(view: View, _channel: ChannelHistory) -> Hit | None:
    """Cost of an install down by a fifth with more installs, held for three days."""
    cpi, volume = view.look("cpi"), view.look("installs")
    if cpi is None or volume is None:
        return None
    for joint in (view.jointly(cpi=-1, installs=1, ctr=1), view.jointly(cpi=-1, installs=1)):
        for days in windows_beyond(joint):
            is_cheap = cpi.shift(days) <= CPI_DOWN and -cpi.score(days) >= BESIDE
            is_more = volume.shift(days) >= VOLUME_UP and volume.score(days) >= BESIDE
            if joint is not None and joint.held(HELD_DAYS) and is_cheap and is_more:
                changes = view.changes(days, "cpi", "installs", "ctr")
                return Hit(
                    BREAKTHROUGH, "cpi", cpi, -1, joint.score(days), days, changes, -CPI_DOWN
                )
    return None


def fatigue(view: View, _channel: ChannelHistory) -> Hit | None:
    """Cost of an install up by a fifth and still rising while people click less."""
    cpi, ctr, joint = view.look("cpi"), view.look("ctr"), view.jointly(cpi=1, ctr=-1)
    if cpi is None or ctr is None or joint is None or slope(joint.away[-RISING_DAYS:]) <= 0:
        return None
    for days in windows_beyond(joint, (1, 2, 3, 5)):
        if cpi.shift(days) >= CPI_UP and ctr.shift(days) <= CTR_DOWN:
            changes = view.changes(days, "cpi", "ctr", "installs")
            return Hit(FATIGUE, "cpi", cpi, +1, joint.score(days), days, changes, CPI_UP)
    return None


def exhausted(view: View, channel: ChannelHistory) -> Hit | None:
    """See the same people reached too often, or views half as dear again within 3 days."""
    cpm, ctr, days = view.look("cpm"), view.look("ctr"), HELD_DAYS
    if cpm is None or ctr is None:
        return None
    # Dearer views that more people click on are another audience, not a worn one.
    is_dear = cpm.shift(days) >= CPM_UP and cpm.score(days) >= SCORE and ctr.shift(days) <= 0.1
    if not is_dear and _frequency(channel, view.at) <= OFTEN:
        return None
    changes = view.changes(days, "cpm", "cpi", "ctr")
    return Hit(EXHAUSTED, "cpm", cpm, +1, cpm.score(days), days, changes, CPM_UP)


def _frequency(channel: ChannelHistory, at: int) -> float:
    """How often each reached person saw it, median of the newest 3 days; 0 where unknown."""
    if not channel.reach.size:
        return 0.0
    newest = slice(max(0, at + 1 - HELD_DAYS), at + 1)
    reach = channel.reach[newest]
    known = np.isfinite(reach) & (reach > 0)
    if known.sum() < HELD_DAYS:
        return 0.0
    return float(np.median(channel.impressions[newest][known] / reach[known]))


def competitor(view: View, channel: ChannelHistory) -> Hit | None:
    """Cost of an install up by a fifth, and installs gone in some regions but not in others."""
    cpi, ctr = view.look("cpi"), view.look("ctr")
    if cpi is None or (ctr is not None and ctr.shift(HELD_DAYS) <= CTR_DOWN):
        return None
    for days in (2, 3, 4, 5, 7):
        if cpi.shift(days) < CPI_UP or cpi.score(days) < BESIDE:
            continue
        past = view.usable[: view.at + 1].copy()
        past[-days:] = False
        seen = channel.region_installs[:, : view.at + 1]
        uneven = uneven_regions(seen, past=past, newest=days)
        if uneven is None or uneven.p > UNEVEN:
            continue
        score = _both(cpi.score(days), uneven.p)
        if score >= SCORE:
            named = zip(channel.regions, uneven.hit, strict=True)
            regions = tuple(name for name, hit in named if hit)
            changes = view.changes(days, "cpi", "installs", "ctr")
            return Hit(COMPETITOR, "cpi", cpi, +1, score, days, changes, CPI_UP, regions)
    return None


def _both(score: float, p: float) -> float:
    """Two independent tests as one score.

    References
    ----------
    Fisher (1932), Statistical Methods for Research Workers, 4th ed., section 21.1.
    """
    statistic = -2 * (float(special.log_ndtr(-score)) + float(np.log(max(p, 1e-300))))
    return float(-special.ndtri(max(float(special.chdtrc(4, statistic)), 1e-300)))


CHANNEL_RULES: Final[tuple[Rule, ...]] = (breakthrough, fatigue, competitor, exhausted)


def off_plan(view: View) -> Hit | None:
    """Spend a tenth and more above or below the plan."""
    usual = view.look("pace")
    if usual is None or not np.isfinite(view.series["plan"][view.at]):
        return None
    scatter = Baseline(0.0, np.zeros(7), usual.baseline.sigma, PLAN_DAYS)
    look = Look(scatter, view.series["plan"][: view.at + 1])
    for days in (2, 3, 4, 5, 7):
        shift, score = look.shift(days), look.score(days)
        kind, sign, least = (OVERRUN, +1, OFF_PACE) if shift > 0 else (UNDERRUN, -1, -UNDER_PACE)
        sure = (abs(shift) - least) / look.baseline.error(days)
        if abs(score) >= SCORE and sure >= SURE_OF_PLAN:
            changes = view.changes(days, "pace")
            return Hit(kind, "plan", look, sign, abs(score), days, changes, least)
    return None


def sudden_spend(view: View) -> Hit | None:
    """Spend suddenly above what is usual.

    A rise counts in total, or in most channels at once, so that one channel's fall hides nothing.
    """
    for measure in ("pace", "common"):
        for days in (2, 3, 4):
            # Against the days right before, so that a slow drift is no step.
            lens = Lens(days, PACE_LEVEL)
            look, joint = view.look(measure, lens), view.jointly(lens, **{measure: 1, "cost": 1})
            if look is None:
                continue
            score = max(found.score(days) for found in (look, joint) if found is not None)
            sure = max(_sureness(found, days) for found in (look, view.look("cost", lens)))
            if score >= SCORE and sure >= SURELY and look.shift(days) >= OFF_PACE:
                changes = view.changes(days, "pace")
                return Hit(OVERRUN, measure, look, +1, score, days, changes, OFF_PACE)
    return None


def _sureness(look: Look | None, days: int) -> float:
    """Count the standard errors by which a rise is more than a tenth, not just than nothing."""
    if look is None:
        return 0.0
    return (look.shift(days) - OFF_PACE) / look.baseline.error(days)


def viral(view: View) -> Hit | None:
    """More people come by themselves than chance explains."""
    look = view.look("organic")
    for days in windows_beyond(look, SUDDEN):
        if look is not None and look.shift(days) >= ORGANIC_UP:
            changes = view.changes(days, "organic", "mentions")
            return Hit(
                VIRAL, "organic", look, +1, look.score(days), days, changes, ORGANIC_UP, fades=True
            )
    return None


def synergy(view: View, activities: Mapping[str, FloatArray]) -> Hit | None:
    """Each paid install brings more organic ones than it used to, or organic ones follow a channel.

    Where nobody measures how many ads brought, a lagged regression of the organic installs on the
    channels' activity decides.
    """
    link = _link(view, activities)
    look = view.look("halo")
    if look is not None and np.isfinite(look.away[-1]):
        for days in (2, 3, 4, 5, 7):
            if look.score(days) >= SYNERGY_SCORE and look.shift(days) >= HALO_UP:
                changes = view.changes(days, "halo", "organic")
                score = look.score(days)
                return Hit(SYNERGY, "halo", look, +1, score, days, changes, HALO_UP, link=link)
        return None
    organic = view.look("organic")
    if link is None or organic is None:
        return None
    changes = view.changes(RISING_DAYS, "organic")
    score = float(-special.ndtri(link.p / 2))
    return Hit(SYNERGY, "organic", organic, +1, score, RISING_DAYS, changes, 0.0, link=link)


def _link(view: View, activities: Mapping[str, FloatArray]) -> Link | None:
    organic = view.look("organic")
    if organic is None:
        return None
    known = slice(0, view.at + 1)
    usual = view.usable[known]
    seen = {name: np.where(usual, values[known], np.nan) for name, values in activities.items()}
    return lagged_link(np.where(usual, organic.away, np.nan), seen)
