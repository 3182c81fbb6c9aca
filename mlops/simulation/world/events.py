"""What happens to the world on some days, and what that does to each channel and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.world.profile import CHANNELS

FloatArray = NDArray[np.float64]
_AT: Final = {channel.slug: number for number, channel in enumerate(CHANNELS)}
#: No click-through rate falls below this.
CTR_FLOOR: Final = 0.003


@dataclass(frozen=True, slots=True)
class Event:
    """From ``day`` (the first of the world is 1) for ``days`` days; sizes by what they act on."""

    kind: str
    day: int
    days: int
    sizes: dict[str, float] = field(default_factory=dict)


#: The events that every demo tells of.
GOLDEN: Final = (
    Event("budget_pacing_alert", 20, 5, {"spend": 1.40}),
    Event(
        "tiktok_breakthrough", 31, 30,
        {"cpi": 0.66, "volume": 1.73, "retention": 0.09, "ctr": 0.015},
    ),
    Event(
        "influencer_surge", 42, 8,
        {"organic": 3.4, "rank": -33.0, "mentions": 4.5, "sentiment": 0.15},
    ),
    Event("meta_fatigue", 46, 15, {"cpi": 1.52, "volume": 0.64, "ctr": -0.014}),
    Event("cross_channel_synergy", 55, 10, {"ltv": 1.18, "halo": 1.12}),
    Event("google_efficiency_drop", 68, 14, {"cpi": 1.52, "volume": 0.80}),
)  # fmt: skip
#: Sizes that are added, not multiplied.
_ADDED: Final = frozenset({"retention", "ctr", "rank", "sentiment"})


@dataclass(frozen=True, slots=True)
class Effects:
    """What the events do, per channel and day (4, days) or per day (days,). 1 or 0: nothing.

    Retention and value belong to the day of the install.
    """

    cpi: FloatArray
    volume: FloatArray
    spend: FloatArray
    ctr: FloatArray
    retention: FloatArray
    ltv: FloatArray
    #: Of the countries of tier 1 alone.
    tier_one_cpi: FloatArray
    tier_one_volume: FloatArray
    organic: FloatArray
    halo: FloatArray
    rank: FloatArray
    mentions: FloatArray
    sentiment: FloatArray


def events_of(choice: str, *, days: int, seed: int) -> tuple[Event, ...]:
    """The events of a world.

    Parameters
    ----------
    choice : ``golden`` (as above, those whose first day the world has), ``random`` (the same
        kinds, on other days, longer or shorter, stronger or weaker) or ``none``
    days : length of the world
    seed : of the random ones

    Raises
    ------
    ValueError : there is no such choice, or the world is too short for random events
    """
    if choice == "none":
        return ()
    if choice == "golden":
        return tuple(event for event in GOLDEN if event.day <= days)
    if choice != "random":
        raise ValueError(f"events must be golden, random or none, not {choice!r}")
    if days < 60:
        raise ValueError(f"random events need a world of 60 days, not {days}")
    rng = np.random.default_rng([seed, 1])
    return tuple(_moved(event, days, rng) for event in GOLDEN)


def _moved(event: Event, days: int, rng: np.random.Generator) -> Event:
    length = max(3, round(event.days * rng.uniform(0.8, 1.2)))
    strength = rng.uniform(0.85, 1.25)
    sizes = {
        name: size * strength if name in _ADDED else float(size**strength)
        for name, size in event.sizes.items()
    }
    # After two weeks of calm, and over before the world is.
    return replace(event, day=int(rng.integers(15, days - length + 1)), days=length, sizes=sizes)


def effects_of(events: Sequence[Event], days: int) -> Effects:
    """Put the events together.

    Parameters
    ----------
    events : any number; effects on the same days multiply, shifts add up
    days : length of the world
    """
    of_channels, of_days = (len(CHANNELS), days), (days,)
    effects = Effects(
        cpi=np.ones(of_channels),
        volume=np.ones(of_channels),
        spend=np.ones(of_channels),
        ctr=np.zeros(of_channels),
        retention=np.zeros(of_channels),
        ltv=np.ones(of_channels),
        tier_one_cpi=np.ones(of_days),
        tier_one_volume=np.ones(of_days),
        organic=np.ones(of_days),
        halo=np.ones(of_days),
        rank=np.zeros(of_days),
        mentions=np.ones(of_days),
        sentiment=np.zeros(of_days),
    )
    for event in events:
        since = event.day - 1
        on = slice(since, min(since + event.days, days))
        passed = np.arange(on.stop - on.start, dtype=np.float64)
        _APPLY[event.kind](effects, event, on, passed)
    return effects


def _pacing(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    effects.spend[:, on] *= event.sizes["spend"]


def _breakthrough(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    tiktok = _AT["tiktok"]
    effects.cpi[tiktok, on] *= event.sizes["cpi"]
    effects.volume[tiktok, on] *= event.sizes["volume"]
    effects.retention[tiktok, on] += event.sizes["retention"]
    effects.ctr[tiktok, on] += event.sizes["ctr"]


def _surge(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    left = np.exp(-passed / (event.days / 3))
    effects.organic[on] *= 1 + (event.sizes["organic"] - 1) * left
    effects.rank[on] += event.sizes["rank"] * left
    effects.mentions[on] *= 1 + (event.sizes["mentions"] - 1) * left
    effects.sentiment[on] += event.sizes["sentiment"] * left


def _fatigue(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    """Creatives wear, a little more every day, until new ones come on the day after."""
    meta, reached = _AT["meta"], (passed + 1) / event.days
    effects.cpi[meta, on] *= 1 + (event.sizes["cpi"] - 1) * reached
    effects.volume[meta, on] *= 1 + (event.sizes["volume"] - 1) * reached
    effects.ctr[meta, on] += event.sizes["ctr"] * reached


def _synergy(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    effects.ltv[_AT["meta"], on] *= event.sizes["ltv"]
    effects.halo[on] *= event.sizes["halo"]


def _efficiency_drop(effects: Effects, event: Event, on: slice, passed: FloatArray) -> None:
    effects.tier_one_cpi[on] *= event.sizes["cpi"]
    effects.tier_one_volume[on] *= event.sizes["volume"]


_APPLY: Final = {
    "budget_pacing_alert": _pacing,
    "tiktok_breakthrough": _breakthrough,
    "influencer_surge": _surge,
    "meta_fatigue": _fatigue,
    "cross_channel_synergy": _synergy,
    "google_efficiency_drop": _efficiency_drop,
}
