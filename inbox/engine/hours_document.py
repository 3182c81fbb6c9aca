"""Business hours as they are written down: names of weekdays, dates, and times of the clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from inbox.engine.hours import BusinessHours, Day

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


def read_hours(zone: str, week: object, holidays: object) -> BusinessHours:
    """Read hours such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}.

    Parameters
    ----------
    zone : IANA name
    week : intervals by weekday, mon to sun; a day that is left out is closed
    holidays : intervals of other days, such as {"2026-12-25": []}

    Returns
    -------
    BusinessHours

    Raises
    ------
    ValueError : naming the weekday or date and what is wrong there; 24:00 is the end of a day
    """
    days = _document("week", week)
    if unknown := sorted(set(days) - set(WEEKDAYS)):
        raise ValueError(f"week: {unknown[0]!r} is no weekday, write mon, tue, wed …")
    special = {_date(on): _day(f"holidays: {on}", day) for on, day in _document(
        "holidays", holidays
    ).items()}  # fmt: skip
    return BusinessHours.of(
        zone, [_day(f"week: {name}", days.get(name, [])) for name in WEEKDAYS], special
    )


def hours_in_words(hours: BusinessHours) -> str:
    """Say when somebody is there in a week, such as 'Mon–Thu 09:00–12:00, 13:00–17:00; Fri …'.

    Parameters
    ----------
    hours : special days are left out

    Returns
    -------
    'at any time' for hours without an end, 'at no time' for none; equal days stand together
    """
    if all(day == ((0, 1_440),) for day in hours.week):
        return "at any time"
    groups: list[tuple[int, int, Day]] = []
    for place, day in enumerate(hours.week):
        if groups and groups[-1][2] == day:
            groups[-1] = (groups[-1][0], place, day)
        else:
            groups.append((place, place, day))
    told = [f"{_days(first, last)} {_spans(day)}" for first, last, day in groups if day]
    return "; ".join(told) or "at no time"


def _days(first: int, last: int) -> str:
    names = [name.capitalize() for name in WEEKDAYS]
    return names[first] if first == last else f"{names[first]}–{names[last]}"


def _spans(day: Day) -> str:
    return ", ".join(
        f"{start // 60:02}:{start % 60:02}–{end // 60:02}:{end % 60:02}" for start, end in day
    )


def _document(name: str, told: object) -> Mapping[str, object]:
    if not isinstance(told, Mapping):
        raise ValueError(f"{name}: must be intervals by day")
    return {str(key): value for key, value in told.items()}


def _date(on: str) -> date:
    try:
        return date.fromisoformat(on)
    except ValueError as error:
        raise ValueError(f"holidays: {on!r} is no date such as 2026-12-25") from error


def _day(name: str, told: object) -> Day:
    if not isinstance(told, list):
        raise ValueError(f"{name}: must be a list of intervals")
    spans = []
    for pair in told:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"{name}: an interval is two times")
        spans.append((_minutes(name, pair[0]), _minutes(name, pair[1])))
    last = -1
    for start, end in spans:
        if end <= start:
            raise ValueError(
                f"{name}: an interval ends after it begins; what goes over midnight is two, to"
                " 24:00 and from 00:00 of the next day"
            )
        if start <= last:
            raise ValueError(f"{name}: intervals must be in order and apart")
        last = end
    return tuple(spans)


def _minutes(name: str, told: object) -> int:
    found = _TIME.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        raise ValueError(f"{name}: {told!r} is no time such as 09:00")
    hour, minute = found[1] or found[3], found[2] or found[4]
    return int(hour) * 60 + int(minute)
