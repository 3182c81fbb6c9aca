"""Small synthetic worlds: four channels, ten countries, and events that nobody announces.

Base costs, volumes, scatter and the events' effects are those that the product states of its
synthetic world; when events happen and how large they are is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from campaigns.engine.signals.history import ChannelHistory, History

FloatArray = npt.NDArray[np.float64]

REGIONS = ("US", "UK", "CA", "BR", "DE", "AU", "MX", "FR", "IN", "JP")
SHARES = np.array([0.40, 0.12, 0.08, 0.08, 0.07, 0.06, 0.06, 0.05, 0.05, 0.03])
IS_TIER_2 = np.isin(REGIONS, ("BR", "MX", "IN"))
# base CPI, scatter of a campaign's CPI, installs, weekend factor, fatigue days, CTR, CVR
CHANNELS = {
    "meta": (2.5, 0.4, 5000, 0.85, 14, 0.012, 0.12),
    "google_ads": (3.2, 0.3, 3500, 0.90, 21, 0.025, 0.18),
    "tiktok": (1.8, 0.6, 8000, 1.15, 7, 0.010, 0.09),
    "programmatic": (4.5, 0.5, 1500, 0.95, 30, 0.005, 0.08),
}
CAMPAIGNS = 15
LENGTHS = {
    "budget_overrun": 5,
    "creative_breakthrough": 30,
    "viral_moment": 8,
    "creative_fatigue": 15,
    "synergy_detected": 10,
    "competitor_launch": 14,
}


@dataclass(frozen=True)
class Event:
    """What really happened: from ``start``, reaching half its effect on ``half``."""

    type: str
    channel: str
    start: int
    length: int
    size: float
    half: int


def random_events(
    rng: np.random.Generator, *, days: int, sizes: tuple[float, float]
) -> list[Event]:
    """One event of each type; channels have one cost event each, days and sizes are drawn."""
    channels = list(rng.permutation(list(CHANNELS)))
    events = []
    for kind, length in LENGTHS.items():
        start = int(rng.integers(21, max(22, days - min(length, 12))))
        half = start + (length // 2 if kind == "creative_fatigue" else 0)
        channel = "" if kind in {"budget_overrun", "viral_moment"} else str(channels.pop())
        events.append(Event(kind, channel, start, length, float(rng.uniform(*sizes)), half))
    return events


def make_history(seed: int, events: list[Event], *, days: int = 90, scale: float = 0.3) -> History:
    """Draw the days of a world with these events; the first day is a Monday."""
    rng = np.random.default_rng(seed)
    weekdays = np.arange(days) % 7
    organic, mentions = _organic(rng, events, days, scale)
    channels = tuple(_channel(key, rng, events, weekdays, scale) for key in CHANNELS)
    return History(weekdays, channels, organic, mentions)


def _on(event: Event, days: int) -> npt.NDArray[np.bool_]:
    at = np.arange(days)
    return (at >= event.start) & (at < event.start + event.length)


def _channel(
    key: str, rng: np.random.Generator, events: list[Event], weekdays: npt.NDArray, scale: float
) -> ChannelHistory:
    base, scatter, installs, weekend, worn, ctr, cvr = CHANNELS[key]
    days = weekdays.size
    effect = _effects(key, events, days)
    season = np.where(weekdays >= 5, weekend, 1.0)
    volume = np.maximum(
        10, installs * scale * season * effect["volume"] * rng.normal(1, 0.2, days).clip(0.2)
    )
    age = (rng.integers(0, 2 * worn, (CAMPAIGNS, 1)) + np.arange(days)) % (2 * worn)
    cpi = (
        base * season * (1 + 0.5 * age / worn) * (1 + 0.3 * rng.uniform(0.02, 0.1, (CAMPAIGNS, 1)))
        * np.where(rng.random((CAMPAIGNS, days)) < 0.05, 1.3, 1.0)
        * (1 + 0.1 * np.sin(2 * np.pi * np.arange(days) / 30))
        * effect["cpi"] * rng.normal(1, scatter, (CAMPAIGNS, days))
    ).clip(0.5, 20)  # fmt: skip
    share = rng.dirichlet(np.full(CAMPAIGNS, 20.0))[:, None]
    tiers = np.where(IS_TIER_2[:, None], 1.0, effect["tier_1_volume"])
    tier_cpi = np.where(IS_TIER_2[:, None], 1.0, effect["tier_1_cpi"])
    regional = rng.poisson(SHARES[:, None] * tiers * volume)
    whole = regional.sum(axis=0)
    weight = (regional * tier_cpi).sum(axis=0) / np.maximum(whole, 1)
    clicks = rng.poisson(whole / cvr)
    rate = np.maximum(ctr + effect["ctr"], ctr / 5)
    quality = 2.3 * effect["quality"] * rng.normal(1, 13 / 2.3 / np.sqrt(whole))
    return ChannelHistory(
        key=key,
        spend=(share * cpi).sum(axis=0) * whole * weight,
        impressions=rng.poisson(clicks / rate).astype(float),
        clicks=clicks.astype(float),
        installs=whole.astype(float),
        regions=REGIONS,
        region_installs=regional.astype(float),
        quality=quality,
    )


def _effects(key: str, events: list[Event], days: int) -> dict[str, FloatArray]:
    one = {
        name: np.ones(days) for name in ("cpi", "volume", "quality", "tier_1_cpi", "tier_1_volume")
    }
    one["ctr"] = np.zeros(days)
    for event in events:
        on = _on(event, days)
        if event.type == "budget_overrun":
            one["cpi"][on] *= 1.40**event.size
        if event.channel != key:
            continue
        if event.type == "creative_breakthrough":
            one["cpi"][on] *= 0.66**event.size
            one["volume"][on] *= 1.73**event.size
            one["ctr"][on] += 0.015 * event.size
        elif event.type == "creative_fatigue":
            ramp = np.clip((np.arange(days) - event.start + 1) / event.length, 0, 1)[on]
            one["cpi"][on] *= 1.52 ** (event.size * ramp)
            one["volume"][on] *= 0.64 ** (event.size * ramp)
            one["ctr"][on] -= 0.014 * event.size * ramp
        elif event.type == "competitor_launch":
            one["tier_1_cpi"][on] *= 1.52**event.size
            one["tier_1_volume"][on] *= 0.80**event.size
        elif event.type == "synergy_detected":
            one["quality"][on] *= 1 + 0.18 * event.size
    return one


def _organic(
    rng: np.random.Generator, events: list[Event], days: int, scale: float
) -> tuple[FloatArray, FloatArray]:
    installs = 2500 * scale * rng.normal(1, 0.1, days)
    mentions = rng.uniform(1000, 5000, days)
    for event in events:
        on = _on(event, days)
        if event.type == "viral_moment":
            since = np.arange(days)[on] - event.start
            decay = np.exp(-since / (event.length / 3))
            installs[on] *= 1 + (3.4**event.size - 1) * decay
            mentions[on] *= 1 + (4.5**event.size - 1) * decay
        elif event.type == "synergy_detected":
            installs[on] *= 1 + 0.12 * event.size
    return rng.poisson(np.maximum(installs, 0)).astype(float), mentions
