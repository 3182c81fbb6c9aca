"""Days without ads: who comes by himself, and how the app stands in stores and in talk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.world.ads import whole_numbers
from mlops.simulation.world.events import Effects
from mlops.simulation.world.profile import HALO, MENTIONS, RANK, RATING, REVIEWS, SENTIMENT

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Organic:
    """All arrays are (days,)."""

    installs: IntArray
    halo: FloatArray
    rank: IntArray
    rating: FloatArray
    reviews: IntArray
    mentions: IntArray
    sentiment: FloatArray


def organic_days(
    effects: Effects, *, paid: IntArray, installs: int, rng: np.random.Generator
) -> Organic:
    """Draw the days.

    Parameters
    ----------
    paid : (days,) installs that ads brought; a part of the organic ones follows them
    installs : organic ones of all days together
    """
    days = len(paid)
    low, high = HALO
    usual = (low + high) / 2
    own = (1 - usual) * effects.organic * rng.normal(1, 0.08, days).clip(0.5, 1.5)
    halo = usual * paid / paid.mean() * effects.halo * rng.normal(1, 0.05, days).clip(0.8, 1.2)
    rank = _wander(RANK, days, rng) + effects.rank
    mentions = _wander(MENTIONS, days, rng) * effects.mentions
    return Organic(
        installs=whole_numbers(own + halo, installs),
        halo=np.round(halo / (own + halo), 4),
        rank=np.maximum(np.round(rank), 1).astype(np.int64),
        rating=np.round(_wander(RATING, days, rng), 2),
        reviews=np.round(_wander(REVIEWS, days, rng)).astype(np.int64),
        mentions=np.round(mentions).astype(np.int64),
        sentiment=np.round((_wander(SENTIMENT, days, rng) + effects.sentiment).clip(-1, 1), 3),
    )


def _wander(within: tuple[float, float], days: int, rng: np.random.Generator) -> FloatArray:
    """Drift inside the middle half of a range, slowly."""
    low, high = within
    steps = rng.normal(0, 0.06, days)
    place = np.full(days, rng.uniform(-0.6, 0.6))
    for day in range(1, days):
        place[day] = 0.98 * place[day - 1] + steps[day]
    return np.asarray(low + (high - low) * (0.5 + 0.25 * np.tanh(2 * place)))
