"""Blackout windows and workspace days, safe across changes of the clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from campaigns.engine.limits.base import Check, Limits

ONE_DAY = dt.timedelta(days=1)
# A chain of adjoining windows longer than this is a policy that never lets anything run.
LONGEST_BLACKOUT = dt.timedelta(days=400)

Interval = tuple[dt.datetime, dt.datetime]


def _readings(day: dt.date, clock: dt.time, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Both UTC moments a wall-clock reading can mean (equal on ordinary days)."""
    local = dt.datetime.combine(day, clock.replace(tzinfo=None), zone)
    return local.astimezone(dt.UTC), local.replace(fold=1).astimezone(dt.UTC)


def _interval(
    start: tuple[dt.date, dt.time], end: tuple[dt.date, dt.time], zone: ZoneInfo
) -> Interval:
    # A reading that happens twice or never is taken in favour of the blackout: it begins
    # at the earlier and ends at the later of the two moments.
    return min(_readings(*start, zone)), max(_readings(*end, zone))


def _intervals(day: dt.date, zone: ZoneInfo, limits: Limits) -> Iterator[Interval]:
    """Blackouts that begin on a local day."""
    if day in limits.blackout_dates:
        yield _interval((day, dt.time.min), (day + ONE_DAY, dt.time.min), zone)
    for weekday, start, end in limits.blackout_weekly:
        if weekday == day.weekday():
            end_day = day if end > start else day + ONE_DAY
            yield _interval((day, start), (end_day, end), zone)


def _end_of_blackout_at(moment: dt.datetime, zone: ZoneInfo, limits: Limits) -> dt.datetime | None:
    today = moment.astimezone(zone).date()
    ends = [
        end
        for day in (today - ONE_DAY, today, today + ONE_DAY)
        for start, end in _intervals(day, zone, limits)
        if start <= moment < end
    ]
    return max(ends, default=None)


def next_free_moment(now: dt.datetime, *, zone: ZoneInfo, limits: Limits) -> dt.datetime | None:
    """First moment at or after `now` outside every blackout.

    Parameters
    ----------
    now : aware moment
    zone : the workspace's zone, in which the windows are written
    limits : policy

    Returns
    -------
    `now` itself when it is free, else an aware UTC moment; None when the windows adjoin
    for longer than 400 days
    """
    moment = now.astimezone(dt.UTC)
    while moment - now <= LONGEST_BLACKOUT:
        end = _end_of_blackout_at(moment, zone, limits)
        if end is None:
            return now if moment == now else moment
        moment = end
    return None


def next_local_midnight(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Begin of the workspace's next day as a UTC moment, on 23- and 25-hour days too."""
    return _readings(now.astimezone(zone).date() + ONE_DAY, dt.time.min, zone)[0]


def local_midnight(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Begin of the workspace's day as a UTC moment."""
    return _readings(now.astimezone(zone).date(), dt.time.min, zone)[0]


def blackout(now: dt.datetime, *, zone: ZoneInfo, limits: Limits) -> Check:
    """Whether execution must wait for the end of a blackout.

    Parameters
    ----------
    now : aware moment of execution
    zone : the workspace's zone
    limits : policy

    Returns
    -------
    Check : deferred to the next free moment; blocked when the windows leave none
    """
    if not (limits.blackout_weekly or limits.blackout_dates):
        return Check("blackout", "passed", "No blackout is set.")
    free = next_free_moment(now, zone=zone, limits=limits)
    if free is None:
        return Check(
            "blackout", "blocked", "The blackout windows cover every hour; shorten one of them."
        )
    if free == now:
        return Check("blackout", "passed", "No blackout now.")
    until = free.astimezone(zone).strftime("%a %d %b %H:%M")
    return Check("blackout", "deferred", f"Blackout until {until}.", free)
