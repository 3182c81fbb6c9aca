"""What sessions say about users, as the database derives it from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.engine.app_use import (
    ACTIVE_DAYS,
    GONE_AFTER_DAYS,
    POWER_MINUTES,
    REGULAR_MINUTES,
    REVENUE_DAYS,
    VALUE_DAYS,
)
from mlops.simulation.world.profile import HORIZON
from mlops.simulation.world.sessions import Plan
from mlops.simulation.world.users import Activity, Users

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Derived:
    """Columns of installs; arrays are (users,), dictionaries are by day or by days."""

    active: dict[int, BoolArray]
    sessions: dict[int, IntArray]
    seconds: IntArray
    all_sessions: IntArray
    #: -1: none.
    first_purchase: IntArray
    cents: IntArray
    cents_by: dict[int, IntArray]
    value_by: dict[int, IntArray]
    #: Day of the world of the last session.
    last: IntArray
    is_gone: BoolArray
    #: power, regular, casual as numbers of ``SEGMENTS``; of those who have left too.
    segment: IntArray


def derive(users: Users, activity: Activity, plan: Plan) -> Derived:
    """Derive the columns from active days and sessions inside the world.

    Values of horizons that the world does not reach are those that were drawn.
    """
    count = len(users.day)
    after = plan.day - users.day[plan.user]
    at = _Sums(plan.user, count)
    ends = np.cumsum(plan.sessions)
    spent = np.add.reduceat(plan.seconds.astype(np.int64), ends - plan.sessions)
    seconds, sessions = at(spent), at(plan.sessions)
    last = np.zeros(count, np.int64)
    np.maximum.at(last, plan.user, plan.day)
    bought = np.flatnonzero(plan.cents)
    first = np.full(count, HORIZON + 1)
    np.minimum.at(first, plan.user[bought], after[bought])
    drawn = _Sums(activity.user, count)
    minutes = seconds / 60 / np.maximum(sessions, 1)
    return Derived(
        active={day: at(after == day) > 0 for day in ACTIVE_DAYS},
        sessions={days: at(plan.sessions * (after < days)) for days in REVENUE_DAYS},
        seconds=seconds,
        all_sessions=sessions,
        first_purchase=np.where(first > HORIZON, -1, first),
        cents=at(plan.cents),
        cents_by={days: at(plan.cents * (after < days)) for days in REVENUE_DAYS},
        value_by={
            days: drawn(activity.cents * (activity.after < days)) for days in VALUE_DAYS
        },
        last=last,
        is_gone=last <= int(plan.day.max()) - GONE_AFTER_DAYS,
        segment=np.where(minutes >= POWER_MINUTES, 0, np.where(minutes >= REGULAR_MINUTES, 1, 2)),
    )  # fmt: skip


class _Sums:
    """Sums by user."""

    def __init__(self, user: NDArray[np.int32], count: int) -> None:
        self._user, self._count = user, count

    def __call__(self, values: NDArray[np.generic]) -> IntArray:
        sums = np.bincount(self._user, weights=values, minlength=self._count)
        return np.round(sums).astype(np.int64)
