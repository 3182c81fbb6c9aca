"""The whole world, in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from mlops.simulation.world.ads import ALL_ADS, Ads, run_ads
from mlops.simulation.world.derived import Derived, derive
from mlops.simulation.world.events import Effects, Event, effects_of, events_of
from mlops.simulation.world.organic import Organic, organic_days
from mlops.simulation.world.profile import HORIZON, PAID_SHARE
from mlops.simulation.world.sessions import Chunk, Plan, plan_sessions, session_chunks
from mlops.simulation.world.users import Activity, Users, live, make_users


@dataclass(frozen=True, slots=True)
class Options:
    """What a world is asked to be; the same options make the same world."""

    starts_on: date
    users: int = 500_000
    sessions: int = 5_000_000
    days: int = 90
    seed: int = 42
    events: str = "golden"

    def __post_init__(self) -> None:
        for name, least in (("users", 100), ("sessions", 1), ("days", 14)):
            if (given := getattr(self, name)) < least:
                raise ValueError(f"{name} must be at least {least}, not {given}")
        if self.days > HORIZON:
            raise ValueError(f"days must be at most {HORIZON}, not {self.days}")

    @property
    def ends_on(self) -> date:
        """The last day."""
        return self.starts_on + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class World:
    """Everything but the sessions themselves, which come in chunks."""

    options: Options
    events: tuple[Event, ...]
    effects: Effects
    ads: Ads
    organic: Organic
    users: Users
    activity: Activity
    plan: Plan
    derived: Derived

    def session_chunks(self) -> Iterator[Chunk]:
        """The sessions, always the same ones."""
        return session_chunks(self.users, self.plan, seed=self.options.seed)


def build_world(options: Options) -> World:
    """Draw a world.

    Parameters
    ----------
    options : sizes, first day, seed, events

    Returns
    -------
    World, whose tables agree: an ad's installs are its users, active days are sessions, payments
    are the sessions' revenue

    Raises
    ------
    ValueError : an option makes no world; says which and why
    """
    rng = np.random.default_rng([options.seed, 0])
    events = events_of(options.events, days=options.days, seed=options.seed)
    effects = effects_of(events, options.days)
    weekdays = (options.starts_on.weekday() + np.arange(options.days)) % 7
    paid = round(PAID_SHARE * options.users)
    ads = run_ads(effects, installs=paid, weekdays=weekdays, rng=rng)
    organic = organic_days(
        effects, paid=ads.installs.sum(axis=0), installs=options.users - paid, rng=rng
    )
    users = make_users(ads, organic, effects, rng=rng)
    activity = live(users, effects, rng=rng)
    plan = plan_sessions(users, activity, days=options.days, total=options.sessions, rng=rng)
    return World(
        options, events, effects, ads, organic, users, activity, plan,
        derive(users, activity, plan),
    )  # fmt: skip


__all__ = ["ALL_ADS", "Options", "World", "build_world"]
