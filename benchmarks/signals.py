"""Signals on synthetic worlds with events on random days and of random sizes.

A world is read as a workspace would be: days of channels, countries of installs, days without ads,
daily budgets. An event counts as found when a signal of its type and channel is seen from its first
day to three days after it has reached half its effect; a signal open before counts when the event
makes it half as large again. Every other signal is false.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.figures import Figure
from campaigns.engine.signals.history import ChannelHistory, History
from campaigns.engine.signals.scan import Finding, scan
from mlops.simulation.world.ads import CHANNEL_OF_AD, Ads, run_ads
from mlops.simulation.world.events import Event, effects_of, events_of
from mlops.simulation.world.organic import organic_days
from mlops.simulation.world.profile import CHANNELS, COUNTRIES, PAID_SHARE

DAYS: Final = 120
USERS_A_DAY: Final = 500_000 / 90
# None of these worlds was looked at while the rules were made.
FIRST_SEED: Final = 1_000
WITHIN_DAYS: Final = 3
# First day on which the scan judges at all.
FROM_DAY: Final = 12
RECALL: Final = 0.95
FALSE: Final = 1.0
KINDS: Final = {
    "budget_pacing_alert": ("budget_overrun", ""),
    "tiktok_breakthrough": ("creative_breakthrough", "tiktok"),
    "influencer_surge": ("viral_moment", ""),
    "meta_fatigue": ("creative_fatigue", "meta"),
    "cross_channel_synergy": ("synergy_detected", ""),
    "google_efficiency_drop": ("competitor_launch", "google_ads"),
}


@dataclass
class Tally:
    """What was there, what was found, how late, and what was not there."""

    events: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    delays: list[int] = field(default_factory=list)
    false: Counter[str] = field(default_factory=Counter)
    channel_days: int = 0


def run(worlds: int) -> list[Figure]:
    """Recall, false signals and delay over so many worlds."""
    tally, started = Tally(), time.process_time()
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        events, history = read_world(seed)
        count(tally, events, scan(history))
    spent = (time.process_time() - started) / worlds
    recall = sum(tally.found.values()) / sum(tally.events.values())
    false = 30 * sum(tally.false.values()) / tally.channel_days
    by_kind = {kind: tally.found[kind] / tally.events[kind] for kind in tally.events}
    return [
        Figure(
            name=f"events found within {WITHIN_DAYS} days of half their effect, {worlds} worlds",
            value=100 * recall,
            unit="%",
            target=f"≥ {RECALL:.0%}",
            is_met=recall >= RECALL,
            facts={kind: round(share, 3) for kind, share in by_kind.items()},
        ),
        Figure(
            name="false signals in 30 channel-days",
            value=false,
            unit="",
            target=f"≤ {FALSE:g}",
            is_met=false <= FALSE,
            facts={kind: float(number) for kind, number in tally.false.items()},
        ),
        Figure(
            name="median days from half the effect to the signal",
            value=float(np.median(tally.delays)),
            unit="days",
            facts={"largest": float(max(tally.delays))},
        ),
        Figure(name=f"scan of {DAYS} days of 4 channels, processor time", value=spent, unit="s"),
    ]


def read_world(seed: int) -> tuple[tuple[Event, ...], History]:
    """Draw a world with random events, and read what a workspace would have of it."""
    rng = np.random.default_rng([seed, 0])
    events = events_of("random", days=DAYS, seed=seed)
    effects = effects_of(events, DAYS)
    weekdays = np.arange(DAYS) % 7
    users = round(USERS_A_DAY * DAYS)
    paid = round(PAID_SHARE * users)
    ads = run_ads(effects, installs=paid, weekdays=weekdays, rng=rng)
    organic = organic_days(effects, paid=ads.installs.sum(axis=0), installs=users - paid, rng=rng)
    channels = tuple(_channel(ads, place, rng) for place in range(len(CHANNELS)))
    history = History(
        weekdays,
        channels,
        organic.installs.astype(np.float64),
        organic.mentions.astype(np.float64),
        organic.halo,
    )
    return events, history


def _channel(ads: Ads, place: int, rng: np.random.Generator) -> ChannelHistory:
    own = place == CHANNEL_OF_AD
    installs = ads.installs[own].sum(axis=0)
    shares = np.array([share for _, share, *_ in COUNTRIES])[:, None]
    is_first = np.array([tier == 1 for _, _, tier, *_ in COUNTRIES])[:, None]
    weights = shares * np.where(is_first, ads.tier_one[place], 1.0)
    weights /= weights.sum(axis=0)
    regions = [rng.multinomial(number, weights[:, day]) for day, number in enumerate(installs)]
    budgets = ads.budgets.reshape(len(CHANNELS), -1)[place]
    starts = ads.starts.reshape(len(CHANNELS), -1)[place]
    return ChannelHistory(
        key=CHANNELS[place].slug,
        spend=ads.spend[own].sum(axis=0),
        impressions=ads.impressions[own].sum(axis=0).astype(np.float64),
        clicks=ads.clicks[own].sum(axis=0).astype(np.float64),
        installs=installs.astype(np.float64),
        regions=tuple(code for code, *_ in COUNTRIES),
        region_installs=np.array(regions, dtype=np.float64).T,
        planned_spend=np.array([budgets[starts <= day].sum() for day in range(DAYS)]),
    )


def count(tally: Tally, events: tuple[Event, ...], findings: list[Finding]) -> None:
    """Hold the findings of one world against its events."""
    true: set[int] = set()
    for event in events:
        kind, scope = KINDS[event.kind]
        own = [one for one in findings if (one.type, one.scope) == (kind, scope)]
        start = event.day - 1
        # A step has its effect at once; wear reaches half of it half-way.
        half = start + (-(-event.days // 2) - 1 if kind == "creative_fatigue" else 0)
        last = half + WITHIN_DAYS
        true |= {id(one) for one in own if start <= one.detected < start + event.days + 3}
        seen = [one.detected for one in own if start <= one.detected <= last]
        grown = [one for one in own if one.worsened and start <= one.worsened <= last]
        true |= {id(one) for one in grown}
        tally.events[kind] += 1
        if seen or grown:
            tally.found[kind] += 1
            tally.delays += [min(seen or [one.worsened or last for one in grown]) - half]
    tally.false.update(one.type for one in findings if id(one) not in true)
    tally.channel_days += len(CHANNELS) * (DAYS - FROM_DAY)
