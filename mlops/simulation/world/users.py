"""One model of users, from which installs, active days, leaving and payments follow.

A user of a channel has a kind. On day *k* after his install he is active with the share that the
channel's retention asks for, given his kind; never after the day on which he leaves. Active days of
one user hang together by a latent habit (a Gaussian copula), so the share active on any day is
exactly that of the curve while some come often and others never again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mlops.simulation.world.ads import Ads
from mlops.simulation.world.events import Effects
from mlops.simulation.world.organic import Organic
from mlops.simulation.world.profile import (
    COUNTRIES,
    DEVICES,
    HABIT,
    HORIZON,
    PURCHASE_SPREAD,
    RETENTION,
    SEGMENTS,
    SOURCES,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SmallArray = NDArray[np.int16]
BoolArray = NDArray[np.bool_]

_CHUNK: Final = 20_000
_MODELS: Final = len(DEVICES["ios"])
_ORGANIC: Final = len(SOURCES) - 1
_GOOGLE: Final = next(n for n, source in enumerate(SOURCES) if source.slug == "google_ads")
#: After the named day those who are still there leave slowly, over so many times as long.
_SLOWLY: Final = 6


@dataclass(frozen=True, slots=True)
class Users:
    """All users in the order of their installs; arrays are (users,)."""

    day: IntArray
    #: Number in ``SOURCES``.
    source: IntArray
    #: -1: organic.
    ad: IntArray
    country: IntArray
    is_ios: BoolArray
    model: IntArray
    segment: IntArray
    habit: NDArray[np.float32]
    #: First day after the install on which he is gone; may lie behind all that is drawn.
    leaves: IntArray


@dataclass(frozen=True, slots=True)
class Activity:
    """Active days in the order of users, then days, to the horizon; arrays are (active days,)."""

    user: NDArray[np.int32]
    #: Days after the install; 0 is the install's own.
    after: SmallArray
    #: Spent on that day, in cents.
    cents: IntArray


def make_users(ads: Ads, organic: Organic, effects: Effects, *, rng: np.random.Generator) -> Users:
    """Draw who came: by ads and without, when, from where, of which kind."""
    day, ad = _arrivals(ads, organic)
    source = np.where(ad < 0, _ORGANIC, ad // (ads.installs.shape[0] // _ORGANIC))
    mixes = np.cumsum([channel.mix for channel in SOURCES], axis=1)
    drawn = rng.random(len(day))
    segment = (drawn[:, None] >= mixes[source][:, :-1]).sum(axis=1)
    ios = np.array([channel.ios for channel in SOURCES])
    return Users(
        day=day,
        source=source,
        ad=ad,
        country=_countries(day, source, effects, rng),
        is_ios=rng.random(len(day)) < ios[source],
        model=rng.integers(0, _MODELS, len(day)),
        segment=segment,
        habit=rng.standard_normal(len(day), dtype=np.float32),
        leaves=_leaving(segment, rng),
    )


def _arrivals(ads: Ads, organic: Organic) -> tuple[IntArray, IntArray]:
    """Days and ads of all installs, day by day."""
    count, days = ads.installs.shape
    by_day = np.vstack([ads.installs, organic.installs]).T
    place = np.repeat(np.arange(days * (count + 1)), by_day.ravel())
    day, ad = np.divmod(place, count + 1)
    return day, np.where(ad == count, -1, ad)


def _countries(
    day: IntArray, source: IntArray, effects: Effects, rng: np.random.Generator
) -> IntArray:
    shares = np.array([share for _, share, *_ in COUNTRIES])
    is_first = np.array([tier == 1 for _, _, tier, *_ in COUNTRIES])
    drawn = rng.random(len(day))
    chosen = np.searchsorted(np.cumsum(shares)[:-1], drawn, side="right")
    for hit in np.flatnonzero(effects.tier_one_volume != 1):
        own = shares * np.where(is_first, effects.tier_one_volume[hit], 1)
        there = (day == hit) & (source == _GOOGLE)
        limits = np.cumsum(own / own.sum())[:-1]
        chosen[there] = np.searchsorted(limits, drawn[there], side="right")
    return chosen


def _leaving(segment: IntArray, rng: np.random.Generator) -> IntArray:
    """Days on which users leave: the named share by the named day, mostly near it."""
    share = np.array([kind.leaves for kind in SEGMENTS])[segment]
    by = np.array([kind.leaves_by for kind in SEGMENTS])[segment]
    count = len(segment)
    early = np.ceil(by * np.sqrt(rng.random(count)))
    late = by + np.ceil(rng.exponential(_SLOWLY * by))
    return np.where(rng.random(count) < share, np.maximum(early, 1), late).astype(np.int64)


def survival(segment: int) -> FloatArray:
    """Share of a kind that has not left by day 0 … horizon."""
    kind, after = SEGMENTS[segment], np.arange(HORIZON + 1)
    early = 1 - kind.leaves * np.minimum(after / kind.leaves_by, 1) ** 2
    late = np.exp(-np.maximum(after - kind.leaves_by, 0) / (_SLOWLY * kind.leaves_by))
    return early * late


def retention() -> FloatArray:
    """Share active on day 0 … horizon where quality is 1: straight lines between logarithms."""
    known, shares = np.log([*RETENTION]), np.log([*RETENTION.values()])
    after = np.log(np.arange(1, HORIZON + 1))
    between = np.interp(after, known, shares)
    slope = (shares[-1] - shares[-2]) / (known[-1] - known[-2])
    beyond = np.maximum(after - known[-1], 0) * slope
    return np.concatenate([[1.0], np.exp(between + beyond)])


def activity_table(effects: Effects) -> FloatArray:
    """Chance to be active, for who has not left: (sources, install days, kinds, days after)."""
    days = effects.retention.shape[1]
    quality = np.array([channel.quality for channel in SOURCES])[:, None]
    shift = np.vstack([effects.retention, np.zeros(days)])
    first_day = quality * RETENTION[1]
    factor = quality * (1 + shift / first_day)
    mixes = np.array([channel.mix for channel in SOURCES])
    weights = np.array([kind.activity for kind in SEGMENTS])
    own = weights / (mixes @ weights)[:, None]
    curve = retention()[1:]
    alive = np.array([survival(kind)[1:] for kind in range(len(SEGMENTS))])
    chances: FloatArray = factor[:, :, None, None] * own[:, None, :, None] * curve / alive
    return chances.clip(max=0.999)


def live(users: Users, effects: Effects, *, rng: np.random.Generator) -> Activity:
    """Let users come back, leave and pay, each to the horizon after his install."""
    table = ndtri(activity_table(effects)).astype(np.float32)
    parts = list(_active_days(users, table, rng))
    user = np.concatenate([part[0] for part in parts])
    after = np.concatenate([part[1] for part in parts])
    first = np.concatenate([part[2] for part in parts])
    return Activity(user, after, _payments(users, user, after, first, effects, rng))


def _active_days(
    users: Users, table: NDArray[np.float32], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int32], SmallArray, SmallArray]]:
    """By chunks: users and days on which they are active; and a day for a first purchase, or 0."""
    flat = table.reshape(-1, HORIZON)
    row = (users.source * table.shape[1] + users.day) * len(SEGMENTS) + users.segment
    after = np.arange(1, HORIZON + 1, dtype=np.int16)
    low, high = np.array([kind.first_purchase for kind in SEGMENTS], np.int16).T
    kept, spread = np.float32(HABIT**0.5), np.float32((1 - HABIT) ** 0.5)
    for start in range(0, len(row), _CHUNK):
        on = slice(start, start + _CHUNK)
        drawn = rng.standard_normal((len(row[on]), HORIZON), dtype=np.float32)
        drawn *= spread
        drawn -= kept * users.habit[on, None]
        active = drawn < flat[row[on]]
        active &= after < users.leaves[on, None]
        kind = users.segment[on]
        may = active[:, :30] & (after[:30] >= low[kind, None]) & (after[:30] <= high[kind, None])
        keys = rng.random(may.shape, dtype=np.float32) * may
        first = np.where(may.any(axis=1), keys.argmax(axis=1) + 1, 0).astype(np.int16)
        came = np.concatenate([np.ones((len(active), 1), np.bool_), active], axis=1)
        who, when = np.nonzero(came)
        yield (who + start).astype(np.int32), when.astype(np.int16), first


def _payments(
    users: Users,
    user: NDArray[np.int32],
    after: SmallArray,
    first: SmallArray,
    effects: Effects,
    rng: np.random.Generator,
) -> IntArray:
    """Cents on each active day: the first purchase of those who pay, and what they buy again."""
    pays = np.zeros(len(first), np.bool_)
    drawn = rng.random(len(first))
    for number, kind in enumerate(SEGMENTS):
        own = users.segment == number
        # Of those who may, so many that of all of the kind the named share pays.
        can = own & (first > 0)
        if can.any():
            pays |= can & (drawn < kind.pays * own.sum() / can.sum())
    again = np.array([kind.buys_again for kind in SEGMENTS])
    of_payer = np.flatnonzero(pays[user] & (after >= first[user]))
    payer, day = user[of_payer], after[of_payer]
    buys = rng.random(len(of_payer)) < again[users.segment[payer]]
    bought = of_payer[(day == first[payer]) | buys]
    buyer = user[bought]
    mean = np.array([kind.mean_purchase for kind in SEGMENTS])[users.segment[buyer]]
    ltv = np.array([channel.ltv for channel in SOURCES])[users.source[buyer]]
    events = np.vstack([effects.ltv, np.ones(effects.ltv.shape[1])])
    mean = mean * ltv * events[users.source[buyer], users.day[buyer]]
    spread = rng.normal(-(PURCHASE_SPREAD**2) / 2, PURCHASE_SPREAD, len(bought))
    cents = np.zeros(len(user), np.int64)
    cents[bought] = np.maximum(np.round(100 * mean * np.exp(spread)), 49)
    return cents
