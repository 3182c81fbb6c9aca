"""The synthetic world, drawn in memory, as the models read it: what the database would give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from attribution.engine.app_use import VALUE_DAYS
from mlops.engine.learning.campaign_days import CampaignDays
from mlops.engine.learning.shapes import Rows
from mlops.simulation.world.profile import (
    ADS,
    CAMPAIGNS,
    CHANNELS,
    COUNTRIES,
    DEVICES,
    SOURCES,
)  # fmt: skip
from mlops.simulation.world.world import Options, World, build_world

_STARTS_ON = date(2026, 1, 1)
_FEATURE_DAYS, _AFTER_DAYS = 7, 14
_ALL = len(CHANNELS) * CAMPAIGNS


@dataclass(frozen=True)
class Installs:
    """Users whose first two weeks are over, in the order of their installs."""

    rows: Rows
    installed_on: npt.NDArray[np.int64]
    later_value: npt.NDArray[np.float64]
    has_left: npt.NDArray[np.bool_]


def drawn(seed: int, *, users: int = 100_000, days: int = 180) -> World:
    """A world of medium size."""
    options = Options(_STARTS_ON, users=users, sessions=15 * users, days=days, seed=seed)
    return build_world(options)


def installs_of(world: World) -> Installs:
    """Features of days 0 to 6 of each user, and what became of him then."""
    users, plan = world.users, world.plan
    after = plan.day - users.day[plan.user]
    rows = _first_week(world, after)
    later = (after >= _FEATURE_DAYS) & (after < _AFTER_DAYS)
    back = np.bincount(plan.user[later], minlength=users.day.size) > 0
    value = world.derived.value_by
    over = users.day <= world.options.days - _AFTER_DAYS
    return Installs(
        {name: values[over] for name, values in rows.items()},
        users.day[over],
        ((value[max(VALUE_DAYS)] - value[min(VALUE_DAYS)]) / 100).clip(min=0)[over],
        ~back[over],
    )


def _first_week(world: World, after: npt.NDArray[np.int64]) -> Rows:
    users, plan, count = world.users, world.plan, world.users.day.size
    ends = np.cumsum(plan.sessions)
    minutes = np.add.reduceat(plan.seconds.astype(float), ends - plan.sessions) / 60
    longest = np.maximum.reduceat(plan.seconds.astype(float), ends - plan.sessions) / 60
    early = after < _FEATURE_DAYS

    def summed(values: npt.NDArray[Any], where: npt.NDArray[np.bool_] = early) -> Any:
        return np.bincount(plan.user[where], weights=values[where], minlength=count).astype(float)

    def highest(values: npt.NDArray[Any]) -> Any:
        found = np.zeros(count)
        np.maximum.at(found, plan.user[early], values[early])
        return found

    ones, late = np.ones(len(after)), early & (after >= 4)
    bought = early & (plan.cents > 0)
    first = np.full(count, np.inf)
    np.minimum.at(first, plan.user[bought], after[bought])
    device = [name for kind in ("ios", "android") for name, _ in DEVICES[kind]]
    rows: dict[str, Any] = {
        "channel": np.array([source.slug for source in SOURCES])[users.source],
        "device_type": np.where(users.is_ios, "ios", "android"),
        "device_model": np.array(device)[
            np.where(users.is_ios, users.model, users.model + len(DEVICES["ios"]))
        ],
        "country": np.array([code for code, *_ in COUNTRIES])[users.country],
        "sessions": summed(plan.sessions),
        "sessions_day_0": summed(plan.sessions, after == 0),
        "sessions_late": summed(plan.sessions, late),
        "minutes": summed(minutes),
        "longest_minutes": highest(longest),
        "minutes_day_0": summed(minutes, after == 0),
        "minutes_late": summed(minutes, late),
        "revenue": summed(plan.cents) / 100,
        "largest_purchase": highest(plan.cents) / 100,
        "purchases": summed(ones, bought),
        "first_purchase_day": np.where(np.isfinite(first), first, np.nan),
        "active_days": summed(ones),
        "last_active_day": highest(after),
    }
    days = {f"active_on_day_{k}": summed(ones, after == k) for k in range(1, _FEATURE_DAYS)}
    return rows | days


def campaign_days_of(world: World) -> CampaignDays:
    """Days of the campaigns, their ads added up."""
    ads, users, derived, days = world.ads, world.users, world.derived, world.options.days
    paid, paying = users.ad >= 0, users.ad[world.plan.user] >= 0

    def campaigns(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return values.reshape(_ALL, ADS, days).sum(axis=1).astype(float)

    def retained(after: int) -> npt.NDArray[np.float64]:
        place = users.ad[paid] // ADS * days + users.day[paid]
        weights = derived.active[after][paid].astype(float)
        found = np.bincount(place, weights=weights, minlength=_ALL * days).reshape(_ALL, days)
        found[:, days - after :] = np.nan
        return found

    place = users.ad[world.plan.user][paying] // ADS * days + world.plan.day[paying]
    revenue = np.bincount(place, weights=world.plan.cents[paying] / 100, minlength=_ALL * days)
    installs, clicks = campaigns(ads.installs), campaigns(ads.clicks)
    figures = {
        "impressions": campaigns(ads.impressions),
        "clicks": clicks,
        "engagement": clicks + campaigns(np.round(0.005 * ads.impressions)),
        "spend": campaigns(ads.spend),
        "revenue": revenue.reshape(_ALL, days),
        "conversions": installs,
        "installs": installs,
        "retained_day_1": retained(1),
        "retained_day_7": retained(7),
    }
    first = np.datetime64(world.options.starts_on)
    none = np.full(_ALL, "")
    return CampaignDays(
        campaign=np.repeat(np.arange(_ALL), days),
        day=np.tile(first + np.arange(days), _ALL),
        figures={name: values.ravel() for name, values in figures.items()},
        keys=np.arange(_ALL),
        started_on=first + ads.starts,
        traits={
            "channel": np.repeat([channel.slug for channel in CHANNELS], CAMPAIGNS),
            "audience": none,
            "segment": none,
            "goal": np.full(_ALL, "installs"),
            "location": _locations(),
            "language": none,
        },
    )


def _locations() -> npt.NDArray[np.str_]:
    places = [channel.properties["best_geographies"] for channel in CHANNELS]
    return np.array([own[n % len(own)] for own in places for n in range(CAMPAIGNS)])
