"""Days that a page is asked for, and how they are read from its address."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self

from workspaces.models import Workspace

WEEKS_DAYS: Final = 28
_LONGEST_DAYS: Final = 395
_LAST_PAGE: Final = 10_000


@dataclass(frozen=True)
class Period:
    """Reporting days, both ends included."""

    since: date
    until: date

    @classmethod
    def ending(cls, until: date, days: int) -> Self:
        """So many days up to one."""
        return cls(until - timedelta(days=days - 1), until)

    @classmethod
    def last_weeks(cls, workspace: Workspace, now: datetime) -> Self:
        """The last four full weeks to yesterday, in the workspace's zone."""
        return cls.ending(yesterday_of(workspace, now), WEEKS_DAYS)

    def __iter__(self) -> Iterator[date]:
        return (self.since + timedelta(days=number) for number in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Period:
        """The equally long period before."""
        return Period.ending(self.since - timedelta(days=1), self.days)


@dataclass(frozen=True)
class Presets:
    """Lengths that a page offers, and the one it shows first."""

    days: Collection[int]
    usual: int


def yesterday_of(workspace: Workspace, now: datetime) -> date:
    """The last full day in the workspace's zone."""
    return now.astimezone(workspace.zone).date() - timedelta(days=1)


def asked_period(
    given: Mapping[str, str], presets: Presets, *, last: date
) -> tuple[Period, int | None]:
    """Read `from` and `to`, or `days` up to the last one; what is not understood is as usual.

    Returns
    -------
    the period, and the preset that it is, if it is one
    """
    since, until = _day(given.get("from", "")), _day(given.get("to", ""))
    if since and until and since <= until and (until - since).days < _LONGEST_DAYS:
        return Period(since, until), None
    text = given.get("days", "")
    days = int(text) if text in {str(days) for days in presets.days} else presets.usual
    return Period.ending(last, days), days


def page_number(text: str) -> int:
    """Which page of rows is asked for, the first if that cannot be read."""
    return min(int(text), _LAST_PAGE) if text.isdecimal() and len(text) < 9 and int(text) else 1


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Far from here, the period before it would not exist.
    return day if 2000 <= day.year <= 2100 else None
