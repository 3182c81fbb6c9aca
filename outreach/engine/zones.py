"""Hours of the clock where people live, for a million people at once.

What stands in time zone files is turned into stretches of UTC in which a clock shows some hours.
A stretch is exact where clocks are put forward (the hours that are left out are in none) and back
(the hours that come twice are in two), so nothing is computed on local times at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from outreach.engine.channels import IntArray, MomentArray

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
MINUTE_S: Final = 60
DAY_MINUTES: Final = 1_440
NEVER: Final = np.datetime64("NaT", "s")
# Stretches are kept for whole blocks of days, so that the batches of one day share them.
_BLOCK_S: Final = 16 * DAY_S
# No zone has ever changed its clock twice within so little.
_STEP_S: Final = 12 * HOUR_S
# How far a clock can be from UTC, and more.
_MOST_OFFSET_S: Final = 2 * DAY_S

#: Minutes of the day, [from, to); to ≤ from goes over midnight, from = to is empty.
Span = tuple[int, int]


def moment(at: datetime | np.datetime64) -> np.datetime64:
    """UTC second of a moment.

    Raises
    ------
    ValueError : a datetime without a zone
    """
    if isinstance(at, np.datetime64):
        second: np.datetime64 = at.astype("datetime64[s]")
        return second
    if at.tzinfo is None:
        raise ValueError(f"at: {at} says no time zone")
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "s")


def to_datetime(at: np.datetime64) -> datetime:
    """Aware datetime of a UTC second."""
    return datetime.fromtimestamp(int(at.astype("datetime64[s]").astype(np.int64)), UTC)


@dataclass(frozen=True)
class Zones:
    """Where people live, by code.

    Attributes
    ----------
    entries : of each code the names of a zone, or of all zones in which a person may be whose
        zone is not known; the first is the likely one
    """

    entries: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for place, names in enumerate(self.entries):
            if not names:
                raise ValueError(f"entries[{place}]: it names no time zone")
            for name in names:
                _zone(name)


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """Zones of a country by the IANA time zone database, the most populous first.

    Parameters
    ----------
    country : ISO 3166 code of two capital letters

    Returns
    -------
    names; none for a country that is not known
    """
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(row[2] for row in rows if row[0] == country)


def likely_zones(time_zone: str, country: str, *, default: str) -> tuple[str, ...]:
    """Zones in which somebody may be: the one that is told, else all of the country.

    Parameters
    ----------
    time_zone, country : of the person; '' if not known
    default : zone of those of whom neither is known, the workspace's
    """
    if time_zone:
        return (time_zone,)
    return zones_of_country(country) or (default,)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # unknown, a folder, or no name at all
        raise ValueError(f"entries: {name!r} is no time zone") from error


def _offset_s(zone: ZoneInfo, at_s: int) -> int:
    offset = datetime.fromtimestamp(at_s, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


@lru_cache(maxsize=4_096)
def offset_changes(name: str, first_s: int, last_s: int) -> tuple[IntArray, IntArray]:
    """Moments from which an offset from UTC holds, the first at `first_s`, and the offsets.

    Parameters
    ----------
    name : of a zone that exists
    first_s, last_s : UTC seconds between which it is asked
    """
    zone = _zone(name)
    starts, offsets = [first_s], [_offset_s(zone, first_s)]
    for step_s in range(first_s, last_s, _STEP_S):
        low_s, high_s = step_s, min(step_s + _STEP_S, last_s)
        then_s = _offset_s(zone, high_s)
        if then_s == offsets[-1]:
            continue
        while high_s - low_s > 1:
            middle_s = (low_s + high_s) // 2
            if _offset_s(zone, middle_s) == offsets[-1]:
                low_s = middle_s
            else:
                high_s = middle_s
        starts.append(high_s)
        offsets.append(then_s)
    return np.array(starts, np.int64), np.array(offsets, np.int64)


def spans_outside(quiet: Span | None) -> tuple[Span, ...]:
    """Minutes of the day that are not quiet."""
    if quiet is None or quiet[0] == quiet[1]:
        return ((0, DAY_MINUTES),)
    first, last = quiet
    if first < last:
        return tuple(span for span in ((0, first), (last, DAY_MINUTES)) if span[0] < span[1])
    return ((last, first),)


@lru_cache(maxsize=16_384)
def _stretches(
    names: tuple[str, ...], spans: tuple[Span, ...], first_s: int, last_s: int
) -> tuple[IntArray, IntArray]:
    """Stretches of UTC, [start, end), in which the clocks of all the zones show such minutes."""
    starts, ends = _of_zone(names[0], spans, first_s, last_s)
    for name in names[1:]:
        starts, ends = _both(starts, ends, *_of_zone(name, spans, first_s, last_s))
    return starts, ends


def _of_zone(
    name: str, spans: tuple[Span, ...], first_s: int, last_s: int
) -> tuple[IntArray, IntArray]:
    froms, offsets = offset_changes(name, first_s, last_s)
    tos = np.append(froms[1:], last_s)
    starts, ends = [], []
    for from_s, to_s, offset_s in zip(froms, tos, offsets, strict=True):
        days = np.arange((from_s + offset_s) // DAY_S, (to_s + offset_s) // DAY_S + 1)
        for first, last in spans:
            midnights = days * DAY_S - offset_s
            starts.append(np.clip(midnights + first * MINUTE_S, from_s, to_s))
            ends.append(np.clip(midnights + last * MINUTE_S, from_s, to_s))
    return joined(np.concatenate(starts), np.concatenate(ends))


def joined(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Without the empty ones, in order, and those that touch made one."""
    is_some = ends > starts
    starts, ends = starts[is_some], ends[is_some]
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    is_new = np.append(True, starts[1:] > ends[:-1])[: starts.size]
    is_last = np.append(is_new[1:], True)[: starts.size]
    return starts[is_new], ends[is_last]


def _both(
    starts: IntArray, ends: IntArray, other_starts: IntArray, other_ends: IntArray
) -> tuple[IntArray, IntArray]:
    """Where stretches of two kinds overlap; each kind's are in order and apart."""
    lows = np.maximum(starts[:, None], other_starts[None, :])
    highs = np.minimum(ends[:, None], other_ends[None, :])
    return joined(lows.ravel(), highs.ravel())


@dataclass(frozen=True)
class Clock:
    """Answers what clocks show in zones by code, within a time.

    Attributes
    ----------
    zones : of the codes
    first_s, last_s : seconds of UTC between which it answers; beyond there is nothing
    """

    zones: Zones
    first_s: int
    last_s: int

    @classmethod
    def between(cls, zones: Zones, first: np.datetime64, last: np.datetime64) -> Clock:
        """Clock for all moments from the first to the last."""
        first_s, last_s = int(first.astype(np.int64)), int(last.astype(np.int64))
        return cls(
            zones,
            (first_s // _BLOCK_S) * _BLOCK_S - _MOST_OFFSET_S,
            (last_s // _BLOCK_S + 1) * _BLOCK_S + _MOST_OFFSET_S,
        )

    def next_stretch(
        self,
        spans: tuple[tuple[Span, ...], ...],
        which: IntArray,
        zone: IntArray,
        at: MomentArray,
        *,
        likely: bool = False,
    ) -> tuple[MomentArray, MomentArray]:
        """Next time, from each moment on, at which a clock shows some minutes of the day.

        Parameters
        ----------
        spans : kinds of minutes of the day
        which : (n,) place of the kind in `spans`
        zone : (n,) codes
        at : (n,) moments, UTC seconds
        likely : look at the first zone of each code only, not for what holds in all of them

        Returns
        -------
        (n,) the moment itself where the clock shows them then, else the first at which it does,
        and (n,) the end of that stretch; not a time for both where there is none
        """
        count = len(self.zones.entries)
        pairs = which.astype(np.int64) * count + zone
        present = np.flatnonzero(np.bincount(pairs, minlength=1)) if pairs.size else pairs
        starts, ends, keys = [], [], []
        for rank, pair in enumerate(present.tolist()):
            names = self.zones.entries[pair % count]
            found = _stretches(
                names[:1] if likely else names, spans[pair // count], self.first_s, self.last_s
            )
            starts.append(found[0])
            ends.append(found[1])
            keys.append(np.full(found[0].size, rank, np.int64))
        return self._looked_up(present, pairs, at, starts, ends, keys)

    def _looked_up(
        self,
        present: IntArray,
        pairs: IntArray,
        at: MomentArray,
        starts: list[IntArray],
        ends: list[IntArray],
        keys: list[IntArray],
    ) -> tuple[MomentArray, MomentArray]:
        """Find all moments by one search: stretches of one pair follow those of another."""
        n = pairs.size
        nothing = np.full(n, NEVER)
        if not n or not sum(part.size for part in starts):
            return nothing, nothing.copy()
        opens, closes, key = np.concatenate(starts), np.concatenate(ends), np.concatenate(keys)
        width = self.last_s - self.first_s + 1
        ranks = np.zeros(int(present[-1]) + 1, np.int64)
        ranks[present] = np.arange(present.size)
        rank = ranks[pairs]
        at_s = at.astype(np.int64)
        inside = (at_s >= self.first_s) & (at_s < self.last_s)
        wanted = rank * width + np.where(inside, at_s - self.first_s, width - 1)
        place = np.searchsorted(key * width + (closes - self.first_s), wanted, side="right")
        place = np.minimum(place, key.size - 1)
        is_found = inside & (key[place] == rank) & (closes[place] > at_s)
        start = np.where(is_found, np.maximum(opens[place], at_s), nothing.astype(np.int64))
        end = np.where(is_found, closes[place], nothing.astype(np.int64))
        return start.view("datetime64[s]"), end.view("datetime64[s]")

    def local_hour(self, zone: IntArray, at: np.datetime64) -> IntArray:
        """Hour that the clock of each likely zone shows at one moment.

        Parameters
        ----------
        zone : (n,) codes
        at : the moment, UTC

        Returns
        -------
        (n,) hours from 0 to 23
        """
        at_s = int(at.astype("datetime64[s]").astype(np.int64))
        hours = [
            (at_s + _offset_s(_zone(names[0]), at_s)) // HOUR_S % 24 for names in self.zones.entries
        ]
        found: IntArray = np.array(hours, np.int64)[zone]
        return found


def days_between(zone: str, first: np.datetime64, last: np.datetime64) -> MomentArray:
    """Local midnights that cut a time into days of a zone's calendar.

    Parameters
    ----------
    zone : its name
    first, last : UTC; `last` is after `first`

    Returns
    -------
    (days + 1,) `first`, the midnights between, `last`; where midnight is left out by the clock,
    the day begins when the clock goes on
    """
    clock = Clock.between(Zones(((zone,),)), first, last)
    froms, offsets = offset_changes(zone, clock.first_s, clock.last_s)
    first_s, last_s = int(first.astype(np.int64)), int(last.astype(np.int64))
    dates = np.arange(
        (first_s - _MOST_OFFSET_S) // DAY_S, (last_s + _MOST_OFFSET_S) // DAY_S + 1, dtype=np.int64
    )
    # A day begins at the first moment at which the clock shows its date or a later one.
    ends = np.append(froms[1:], clock.last_s)
    reached = np.maximum(froms[None, :], dates[:, None] * DAY_S - offsets[None, :])
    is_real = reached < ends[None, :]
    begins = np.where(is_real, reached, np.iinfo(np.int64).max).min(axis=1)
    begins = np.unique(begins[(begins > first_s) & (begins < last_s)])
    return np.concatenate([[first_s], begins, [last_s]]).view("datetime64[s]")
