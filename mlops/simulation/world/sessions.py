"""Sessions of the active days: how many in all, and each of them, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.world.ads import whole_numbers
from mlops.simulation.world.profile import SEGMENTS, SOURCES
from mlops.simulation.world.users import Activity, Users

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_DAY_S: Final = 86_400
_CHUNK: Final = 250_000
#: More than this of a day nobody spends in the app; sessions are shortened then.
_MOST_OF_DAY: Final = 0.8
_PEAK, _WAKING, _NIGHT = 3.0, 1.0, 0.15
#: What people use, in the order of how many do; a session has one of these.
FEATURES: Final = (
    ("feed",), ("feed", "search"), ("feed", "chat"), ("search",), ("feed", "chat", "shop"),
    ("chat",), ("feed", "search", "shop"), ("settings",),
)  # fmt: skip
MOST_VIEWS: Final = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """How many sessions each active day has; arrays over active days inside the world."""

    user: NDArray[np.int32]
    #: Day of the world.
    day: IntArray
    cents: IntArray
    sessions: IntArray
    #: Seconds of every session, in order.
    seconds: NDArray[np.int32]
    #: What the sessions beyond the first of a day were multiplied by.
    factor: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sessions of some users, in order; arrays are (sessions,)."""

    user: NDArray[np.int32]
    #: Number of the session among the user's own, from 0.
    number: IntArray
    day: IntArray
    #: Seconds after the day began.
    start: IntArray
    seconds: NDArray[np.int32]
    cents: IntArray
    views: IntArray
    #: Number in ``FEATURES``.
    features: IntArray
    quality: IntArray


def plan_sessions(
    users: Users, activity: Activity, *, days: int, total: int, rng: np.random.Generator
) -> Plan:
    """Bring the sessions of the active days inside the world to a total.

    Raises
    ------
    ValueError : fewer sessions are asked for than there are active days
    """
    day = users.day[activity.user] + activity.after
    inside = day < days
    user, day, cents = activity.user[inside], day[inside], activity.cents[inside]
    low, high = np.array([kind.sessions for kind in SEGMENTS]).T
    kind = users.segment[user]
    more = rng.integers(low[kind], high[kind] + 1) - 1
    left = total - len(user)
    if left < 0 or (left > 0 and not more.any()):
        raise ValueError(
            f"these users are active on {len(user):,} days, so there are at least as many"
            f" sessions; {total:,} were asked for"
        )
    extra = whole_numbers(more.astype(np.float64), left) if left else np.zeros_like(more)
    sessions = 1 + extra
    return Plan(
        user, day, cents, sessions, _seconds(kind, sessions, rng), left / max(1, int(more.sum()))
    )


def _seconds(kind: IntArray, sessions: IntArray, rng: np.random.Generator) -> NDArray[np.int32]:
    low, high = (60 * np.array([kind.minutes for kind in SEGMENTS])).T
    of = np.repeat(kind, sessions)
    drawn = low[of] + rng.random(len(of)) * (high - low)[of]
    seconds: NDArray[np.int32] = drawn.astype(np.int32)
    first = np.cumsum(sessions) - sessions
    spent = np.add.reduceat(seconds.astype(np.int64), first)
    crowded = spent > _MOST_OF_DAY * _DAY_S
    if crowded.any():
        factor = np.where(crowded, _MOST_OF_DAY * _DAY_S / spent, 1.0)
        seconds = (seconds * np.repeat(factor, sessions)).astype(np.int32)
    return seconds.clip(min=1)


def session_chunks(users: Users, plan: Plan, *, seed: int) -> Iterator[Chunk]:
    """Draw the sessions, a quarter of a million at a time; none of a user's overlap."""
    ends = np.cumsum(plan.sessions)
    limits = [0, *np.searchsorted(ends, np.arange(_CHUNK, ends[-1], _CHUNK)), len(ends)]
    before = _before(plan)
    for number, (start, stop) in enumerate(pairwise(limits)):
        if start < stop:
            rng = np.random.default_rng([seed, 2, number])
            yield _chunk(users, plan, slice(start, stop), before, rng)


def _before(plan: Plan) -> IntArray:
    """Sessions of the same user before each active day."""
    reached = np.cumsum(plan.sessions) - plan.sessions
    is_first = np.concatenate([[True], plan.user[1:] != plan.user[:-1]])
    return reached - np.maximum.accumulate(np.where(is_first, reached, 0))


def _chunk(
    users: Users, plan: Plan, on: slice, before: IntArray, rng: np.random.Generator
) -> Chunk:
    sessions = plan.sessions[on]
    place = np.repeat(np.arange(len(sessions)), sessions)
    first = np.cumsum(sessions) - sessions
    number = np.arange(len(place)) - first[place]
    begin = int(plan.sessions[: on.start].sum())
    seconds = plan.seconds[begin : begin + len(place)]
    user = plan.user[on][place]
    cents = np.where(number == 0, plan.cents[on][place], 0)
    minutes = seconds / 60
    views = 1 + minutes * rng.uniform(0.3, 0.9, len(place))
    quality = 15 + 14 * np.log1p(minutes) + rng.normal(0, 8, len(place)) + 15 * (cents > 0)
    return Chunk(
        user=user,
        number=before[on][place] + number,
        day=plan.day[on][place],
        start=_starts(users.source[user], place, first, seconds, rng),
        seconds=seconds,
        cents=cents,
        views=np.minimum(views, MOST_VIEWS).astype(np.int64),
        features=np.minimum(rng.exponential(2, len(place)), len(FEATURES) - 1).astype(np.int64),
        quality=np.clip(np.round(quality), 0, 100).astype(np.int64),
    )


def _starts(
    source: IntArray,
    place: IntArray,
    first: IntArray,
    seconds: NDArray[np.int32],
    rng: np.random.Generator,
) -> IntArray:
    """Starts in the day: the day's free time is cut at the channel's hours, sessions between."""
    cuts = rng.random(len(source))
    for number, hours in enumerate(_hours()):
        own = source == number
        cuts[own] = np.interp(cuts[own], hours, np.arange(25) / 24)
    # A number per active day before it keeps the days apart while all are sorted at once.
    cuts = np.sort(place.astype(np.float64) + cuts.clip(max=1 - 1e-9)) - place
    before = np.cumsum(seconds, dtype=np.int64) - seconds
    passed = before - before[first][place]
    spent = np.add.reduceat(seconds.astype(np.int64), first)
    starts: IntArray = (cuts * (_DAY_S - spent[place])).astype(np.int64) + passed
    return starts


def _hours() -> FloatArray:
    """Share of sessions before each hour, by source."""
    weights = np.full((len(SOURCES), 24), _WAKING)
    weights[:, :7] = _NIGHT
    for number, channel in enumerate(SOURCES):
        weights[number, list(channel.peak_hours)] = _PEAK
    shares = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    return np.concatenate([np.zeros((len(SOURCES), 1)), shares], axis=1)
