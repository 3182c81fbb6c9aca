"""Whether the events of a synthetic world can be seen in its tables, at their size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlops.services.world.findings import Finding, Subject, judged, skipped
from mlops.simulation.world.ads import TIER_ONE
from mlops.simulation.world.events import CTR_FLOOR, Effects, Event, effects_of
from mlops.simulation.world.profile import CHANNELS, SEGMENTS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_AT: Final = {channel.slug: number for number, channel in enumerate(CHANNELS)}
#: How far an effect may be from its size: a share of it, and so many standard errors.
_SHARE, _ERRORS = 0.25, 2.5
#: Where that leaves less than this between an effect and none, nothing is said.
_ROOM: Final = 0.2

_DAYS: Final = """
SELECT c.channel, p.day, sum(p.spend), sum(p.installs), sum(p.clicks), sum(p.impressions)
  FROM campaigns_dailyperformance p JOIN campaigns_campaign c ON c.id = p.campaign_id
 WHERE p.workspace_id = %(workspace)s AND p.source = 'synthetic' GROUP BY 1, 2
"""
_ORGANIC: Final = """
SELECT day, organic_installs, halo_share, store_rank, social_mentions, sentiment
  FROM campaigns_dailyorganicmetric WHERE workspace_id = %(workspace)s
"""
_STAYED: Final = """
SELECT installed_on, count(active_on_day_1), count(*) FILTER (WHERE active_on_day_1)
  FROM attribution_userinstall WHERE workspace_id = %(workspace)s AND channel = 'tiktok'
 GROUP BY 1
"""
_PURCHASES: Final = """
SELECT i.installed_on, t.segment, count(*), sum(ln(s.revenue)), sum(ln(s.revenue) ^ 2)
  FROM attribution_usersession s
  JOIN attribution_userinstall i ON i.id = s.install_id
  JOIN mlops_worldtruth t ON t.install_id = i.id
 WHERE s.workspace_id = %(workspace)s AND s.revenue > 0 AND i.channel = 'meta' GROUP BY 1, 2
"""
_TIERS: Final = """
SELECT installed_on, count(*) FILTER (WHERE country <> ALL(%(tier_two)s)), count(*)
  FROM attribution_userinstall WHERE workspace_id = %(workspace)s AND channel = 'google_ads'
 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Series:
    """Days of the world as the tables have them; (4, days) and (days,)."""

    spend: FloatArray
    installs: FloatArray
    clicks: FloatArray
    impressions: FloatArray
    organic: FloatArray
    halo: FloatArray
    rank: FloatArray
    mentions: FloatArray
    sentiment: FloatArray


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect: found, as it should be, and how uncertain; logarithms or differences."""

    name: str
    found: float
    expected: float
    error: float


@dataclass(frozen=True, slots=True)
class Scene:
    """One event among the others."""

    subject: Subject
    event: Event
    series: Series
    #: Of this event alone, and of all the others.
    own: Effects
    others: Effects
    on: BoolArray
    weekdays: NDArray[np.int64]


def event_checks(subject: Subject) -> Iterator[Finding]:
    """One finding per event and effect; nothing where the data are no synthetic world's."""
    world = subject.world
    if world is None:
        return
    events = [Event(**event) for event in world.events]
    series = _read(subject, world.days)
    weekdays = (world.starts_on.weekday() + np.arange(world.days)) % 7
    for event in events:
        rest = [other for other in events if other is not event]
        days = np.arange(1, world.days + 1)
        on = (days >= event.day) & (days < event.day + event.days)
        scene = Scene(
            subject, event, series, effects_of([event], world.days),
            effects_of(rest, world.days), on, weekdays,
        )  # fmt: skip
        for measured in _MEASURES[event.kind](scene):
            yield _judge(event, measured)


def _judge(event: Event, measured: Measured) -> Finding:
    check = f"event {event.kind}: {measured.name}"
    room = _SHARE * abs(measured.expected) + _ERRORS * measured.error
    detail = f"{measured.found:+.3f}, scripted {measured.expected:+.3f} ± {measured.error:.3f}"
    if not np.isfinite(measured.found) or room > (1 - _ROOM) * abs(measured.expected):
        return skipped(check, f"{detail}: too little data")
    return judged(check, is_good=abs(measured.found - measured.expected) <= room, detail=detail)


def _read(subject: Subject, days: int) -> Series:
    start = subject.world.starts_on if subject.world else subject.last
    sums = np.zeros((4, len(CHANNELS), days))
    for channel, day, *values in subject.rows(_DAYS):
        place = (day - start).days
        if channel in _AT and 0 <= place < days:
            sums[:, _AT[channel], place] += np.array(values, float)
    organic = np.full((5, days), np.nan)
    for day, *values in subject.rows(_ORGANIC):
        if 0 <= (place := (day - start).days) < days:
            organic[:, place] = np.array(values, float)
    return Series(*sums, *organic)


def _ratio(
    name: str, scene: Scene, seen: FloatArray, own: FloatArray, rest: FloatArray
) -> Measured:
    """Logarithm of the mean in the event over that of all other days, other events taken out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        calm = np.log(seen / rest)
    usable = np.isfinite(calm)
    inside, outside = calm[scene.on & usable], calm[~scene.on & usable]
    if len(inside) < 2 or len(outside) < 5:
        return Measured(name, np.nan, 1.0, 1.0)
    expected = float(np.log(own[scene.on & usable]).mean())
    # Days that follow each other are alike: fewer independent ones than there are.
    error = 1.5 * float(outside.std()) / len(inside) ** 0.5
    return Measured(name, float(inside.mean() - outside.mean()), expected, error)


def _cost(effects: Effects, channel: int) -> FloatArray:
    """What events do to spend per install of a channel."""
    factor: FloatArray = effects.cpi[channel] * effects.spend[channel]
    if channel == _AT["google_ads"]:
        weight = TIER_ONE * effects.tier_one_volume
        weight = weight / (weight + 1 - TIER_ONE)
        factor = factor * (weight * effects.tier_one_cpi + 1 - weight)
    return factor


def _volume(effects: Effects, channel: int) -> FloatArray:
    factor: FloatArray = effects.volume[channel]
    if channel == _AT["google_ads"]:
        factor = factor * (TIER_ONE * effects.tier_one_volume + 1 - TIER_ONE)
    return factor


def _cpi_of(scene: Scene, slug: str, name: str) -> Measured:
    at, series = _AT[slug], scene.series
    season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(len(scene.on)) / 30)
    weekend = np.where(scene.weekdays >= 5, CHANNELS[at].weekend, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = series.spend[at] / series.installs[at] / season / weekend
    return _ratio(name, scene, seen, _cost(scene.own, at), _cost(scene.others, at))


def _volume_of(scene: Scene, slug: str) -> Measured:
    at = _AT[slug]
    weekend = np.where(scene.weekdays >= 5, CHANNELS[at].weekend, 1.0)
    seen = scene.series.installs[at] / weekend
    return _ratio("volume", scene, seen, _volume(scene.own, at), _volume(scene.others, at))


def _ctr_of(scene: Scene, slug: str) -> Measured:
    at, channel = _AT[slug], CHANNELS[_AT[slug]]
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = scene.series.clicks[at] / scene.series.impressions[at] - scene.others.ctr[at]
    floored = np.maximum(channel.ctr + scene.own.ctr[at], CTR_FLOOR) - channel.ctr
    return _shift("CTR", scene, seen, floored)


def _shift(name: str, scene: Scene, seen: FloatArray, own: FloatArray) -> Measured:
    """Difference of the means."""
    usable = np.isfinite(seen)
    inside, outside = seen[scene.on & usable], seen[~scene.on & usable]
    if len(inside) < 2 or len(outside) < 5:
        return Measured(name, np.nan, 1.0, 1.0)
    error = 1.5 * float(outside.std()) / len(inside) ** 0.5
    found = float(inside.mean() - outside.mean())
    return Measured(name, found, float(own[scene.on & usable].mean()), error)


def _pacing(scene: Scene) -> Iterator[Measured]:
    parts = [_cpi_of(scene, channel.slug, "spend") for channel in CHANNELS]
    errors = [part.error for part in parts]
    yield Measured(
        "spend", float(np.mean([part.found for part in parts])),
        float(np.mean([part.expected for part in parts])),
        float(np.linalg.norm(errors)) / len(parts),
    )  # fmt: skip


def _breakthrough(scene: Scene) -> Iterator[Measured]:
    yield _cpi_of(scene, "tiktok", "CPI")
    yield _volume_of(scene, "tiktok")
    yield _ctr_of(scene, "tiktok")
    known, active = np.zeros((2, 2))
    for day, users, stayed in scene.subject.rows(_STAYED):
        inside = int(_is_on(scene, day))
        known[inside] += users
        active[inside] += stayed
    if not known.all():
        return
    share = active / known
    error = float(np.sqrt((share * (1 - share) / known).sum()))
    # The shift belongs to the first day after the install; in the end it is a share of those.
    yield Measured("retention", float(share[1] - share[0]), scene.event.sizes["retention"], error)


def _is_on(scene: Scene, day: Any) -> bool:
    world = scene.subject.world
    if world is None:
        return False
    first = world.starts_on + timedelta(days=scene.event.day - 1)
    return bool(first <= day < first + timedelta(days=scene.event.days))


def _surge(scene: Scene) -> Iterator[Measured]:
    series, own, rest = scene.series, scene.own, scene.others
    alone = series.organic * (1 - series.halo)
    yield _ratio("organic installs", scene, alone, own.organic, rest.organic)
    yield _near("mentions", scene, np.log(series.mentions), np.log(own.mentions))
    yield _near("rank", scene, series.rank, own.rank)
    yield _near("sentiment", scene, series.sentiment, own.sentiment)


def _near(name: str, scene: Scene, seen: FloatArray, own: FloatArray) -> Measured:
    """Size of an effect that fades, against the days just before: what drifts is alike there."""
    first = scene.event.day - 1
    before, inside = seen[max(0, first - 3) : first], slice(first, first + scene.event.days)
    shape = own[inside]
    if len(before) < 2 or not np.isfinite(seen[inside]).all() or not np.isfinite(before).all():
        return Measured(name, np.nan, 1.0, 1.0)
    found = float((seen[inside] - before.mean()) @ shape / (shape @ shape))
    steps = np.diff(seen[~scene.on])
    error = float(np.median(np.abs(steps)) * 1.48 * 2 / np.abs(shape).max())
    return Measured(f"{name}, as a share of what was scripted", found, 1.0, error)


def _fatigue(scene: Scene) -> Iterator[Measured]:
    yield _cpi_of(scene, "meta", "CPI")
    yield _volume_of(scene, "meta")
    yield _ctr_of(scene, "meta")


def _synergy(scene: Scene) -> Iterator[Measured]:
    series = scene.series
    halo = series.organic * series.halo / series.installs.sum(axis=0)
    yield _ratio("halo", scene, halo, scene.own.halo, scene.others.halo)
    yield _worth(scene)


def _worth(scene: Scene) -> Measured:
    """Purchases of Meta's users, kind by kind, of those days against others."""
    sums = np.zeros((len(SEGMENTS), 2, 3))
    kinds = {kind.name: number for number, kind in enumerate(SEGMENTS)}
    for day, segment, *values in scene.subject.rows(_PURCHASES):
        sums[kinds[segment], int(_is_on(scene, day))] += np.array(values, float)
    counts = sums[:, :, 0]
    if (counts.sum(axis=0) < 10).any():
        return Measured("value of Meta's users", np.nan, 1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums[:, :, 1] / counts
        spread = sums[:, :, 2] / counts - means**2
        errors = (spread / counts).sum(axis=1)
    usable = (counts >= 5).all(axis=1)
    weights = 1 / np.maximum(errors[usable], 1e-9)
    gaps = means[usable, 1] - means[usable, 0]
    found = float((weights * gaps).sum() / weights.sum()) if usable.any() else np.nan
    expected = float(np.log(scene.event.sizes["ltv"]))
    error = float(weights.sum() ** -0.5) if usable.any() else 1.0
    return Measured("value of Meta's users", found, expected, error)


def _efficiency_drop(scene: Scene) -> Iterator[Measured]:
    yield _cpi_of(scene, "google_ads", "CPI")
    from mlops.simulation.world.profile import COUNTRIES

    tier_two = [code for code, _, tier, *_ in COUNTRIES if tier == 2]
    counts = np.zeros((2, 2))
    for day, first, users in scene.subject.rows(_TIERS, tier_two=tier_two):
        counts[int(_is_on(scene, day))] += (first, users)
    if (counts < 20).any():
        return
    odds = counts[:, 0] / (counts[:, 1] - counts[:, 0])
    expected = float(np.log(scene.event.sizes["volume"]))
    error = float(np.sqrt((1 / counts[:, 0] + 1 / (counts[:, 1] - counts[:, 0])).sum()))
    found = float(np.log(odds[1] / odds[0]))
    yield Measured("tier 1 against tier 2", found, expected, error)


_MEASURES: Final[dict[str, Callable[[Scene], Iterator[Measured]]]] = {
    "budget_pacing_alert": _pacing,
    "tiktok_breakthrough": _breakthrough,
    "influencer_surge": _surge,
    "meta_fatigue": _fatigue,
    "cross_channel_synergy": _synergy,
    "google_efficiency_drop": _efficiency_drop,
}
