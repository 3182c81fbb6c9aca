"""Who speaks for us: a score of 0 to 100 from what somebody did with our posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.social.worth import HIGHEST

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Moments = npt.NDArray[np.datetime64]

FREQUENCY_DAYS: Final = 30
WEEKS: Final = 8
INACTIVE_DAYS: Final = 60
# Codes are places; below bronze is no advocate.
TIERS: Final = ("none", "bronze", "silver", "gold", "platinum")
_LINES: Final = np.array([40.0, 60.0, 75.0, 90.0])
_MANY: Final = 30  # interactions in 30 days that count fully
_KNOWN: Final = 100_000  # followers that count fully
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Facts:
    """What people did, a row each.

    Attributes
    ----------
    people : (n,) their numbers, rising
    recent : (n,) interactions of the last 30 days
    quality : (n,) mean value of these, 0 for none
    feeling : (n,) mean of their words in the last 30 days, nan where there were none
    weeks : (n,) of the last eight in which they did anything
    idle_days : (n,) since the last interaction
    """

    people: IntArray
    recent: IntArray
    quality: FloatArray
    feeling: FloatArray
    weeks: IntArray
    idle_days: FloatArray


def facts_of(
    people: IntArray, moments: Moments, values: FloatArray, feelings: FloatArray, now: np.datetime64
) -> Facts:
    """Add up interactions by person.

    Parameters
    ----------
    people : (n,) who
    moments : (n,) datetime64, UTC, none after `now`
    values : (n,) from `worth.engagement_values`
    feelings : (n,) −1 to 1 of what was written, nan where nothing was
    now : datetime64, UTC

    Returns
    -------
    Facts : of everybody among them

    Raises
    ------
    ValueError : lengths differ, or a moment is after `now`
    """
    if not len(people) == len(moments) == len(values) == len(feelings):
        raise ValueError("lengths of people, moments, values and feelings differ")
    ages = (now - moments) / _DAY
    if len(ages) and ages.min() < 0:
        raise ValueError("moments: one is after now")
    who, place = np.unique(people, return_inverse=True)
    count = len(who)
    recent = ages < FREQUENCY_DAYS
    spoke = recent & ~np.isnan(feelings)
    idle = np.full(count, np.inf)
    np.minimum.at(idle, place, ages)
    return Facts(
        who,
        np.bincount(place[recent], minlength=count),
        _means(place[recent], values[recent], count, 0.0),
        _means(place[spoke], feelings[spoke], count, np.nan),
        _active_weeks(place, ages, count),
        idle,
    )


def _means(place: IntArray, values: FloatArray, count: int, nothing: float) -> FloatArray:
    times = np.bincount(place, minlength=count)
    sums = np.bincount(place, values, minlength=count)
    means = np.full(count, nothing)
    np.divide(sums, times, out=means, where=times > 0)
    return means


def _active_weeks(place: IntArray, ages: FloatArray, count: int) -> IntArray:
    week = np.floor(ages / 7).astype(np.int64)
    near = week < WEEKS
    pairs = np.unique(place[near] * WEEKS + week[near])
    return np.bincount(pairs // WEEKS, minlength=count)


def advocate_scores(facts: Facts, followers: FloatArray) -> FloatArray:
    """Score people.

    30 for frequency (interactions of 30 days on a log scale, full at 30), 30 for quality (mean
    value by the highest), 15 for feeling (from −1 to 1; half of it where nothing was written),
    15 for followers on a log scale (full at 100,000), 10 for active weeks of the last eight. Who
    did nothing in 30 days gets nothing for feeling.

    Parameters
    ----------
    facts : from `facts_of`
    followers : (n,) of the same people; unknown is 0

    Returns
    -------
    (n,) 0 to 100
    """
    frequency = np.minimum(1, np.log1p(facts.recent) / np.log1p(_MANY))
    quality = np.minimum(1, facts.quality / HIGHEST)
    felt = np.where(np.isnan(facts.feeling), 0, np.clip(facts.feeling, -1, 1))
    feeling = np.where(facts.recent > 0, (felt + 1) / 2, 0)
    known = np.minimum(1, np.log10(np.maximum(1, followers)) / np.log10(_KNOWN))
    parts = 30 * frequency + 30 * quality + 15 * feeling + 15 * known + 10 * facts.weeks / WEEKS
    return np.asarray(parts, dtype=np.float64)


def tiers_of(scores: FloatArray) -> npt.NDArray[np.int8]:
    """Return places in `TIERS`: bronze from 40, silver 60, gold 75, platinum 90."""
    return np.searchsorted(_LINES, scores, side="right").astype(np.int8)


def is_active(facts: Facts) -> npt.NDArray[np.bool_]:
    """Whether people did anything in the last 60 days."""
    return facts.idle_days <= INACTIVE_DAYS
