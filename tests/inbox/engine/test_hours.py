"""Business hours agree with a clock that is looked at minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.hours import (
    BusinessHours,
    Day,
    add,
    add_many,
    between,
    between_many,
    is_open,
    next_opening,
)
from tests.examples import examples

DAY: Day = ((540, 720), (780, 1_080))
BERLIN = BusinessHours.of(
    "Europe/Berlin",
    [DAY] * 5 + [(), ()],
    {date(2026, 12, 24): ((540, 720),), date(2026, 12, 25): ()},
)
NIGHTS = BusinessHours.of("Europe/Berlin", [((0, 240),)] * 7)
# Weeks around a change of the clock: an hour, half an hour, over midnight, and a day left out.
CHANGES = (
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
)
MINUTE = timedelta(minutes=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def shows_open(hours: BusinessHours, at: datetime) -> bool:
    """What a person says who looks at the clock on the wall."""
    local = at.astimezone(ZoneInfo(hours.zone))
    day = dict(hours.special).get(local.date(), hours.week[local.weekday()])
    return any(start <= local.hour * 60 + local.minute < end for start, end in day)


def counted(hours: BusinessHours, start: datetime, minutes: int, most: int) -> datetime | None:
    """End of so many open minutes, one after the other."""
    at, left = start, minutes
    while left:
        if at - start >= most * MINUTE:
            return None
        left -= shows_open(hours, at)
        at += MINUTE
    return at


@st.composite
def days(draw: st.DrawFn) -> Day:
    cuts = sorted(draw(st.lists(st.integers(0, 96), max_size=4, unique=True)))
    return tuple((a * 15, b * 15) for a, b in zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def moments_and_hours(draw: st.DrawFn) -> tuple[BusinessHours, datetime]:
    zone, around = draw(st.sampled_from(CHANGES))
    offsets = st.integers(-3, 4).map(lambda number: around + timedelta(days=number))
    week = draw(st.lists(days(), min_size=7, max_size=7))
    special = draw(st.dictionaries(offsets, days(), max_size=3))
    start = datetime(around.year, around.month, around.day, tzinfo=UTC) + timedelta(
        minutes=draw(st.integers(-3 * 1_440, 2 * 1_440))
    )
    return BusinessHours.of(zone, week, special), start


@settings(max_examples=examples(60))
@given(moments_and_hours(), st.integers(1, 1_200))
def test_time_is_up_where_the_minutes_are_counted_up(
    given: tuple[BusinessHours, datetime], minutes: int
) -> None:
    hours, start = given
    most = 4 * 1_440

    expected, found = counted(hours, start, minutes, most), add(hours, start, minutes)

    if expected is None:
        assert found is None or found > start + most * MINUTE
    else:
        assert found == expected


@settings(max_examples=examples(40))
@given(moments_and_hours(), st.integers(0, 3_000))
def test_time_between_is_the_count_of_open_minutes(
    given: tuple[BusinessHours, datetime], length: int
) -> None:
    hours, start = given

    found = between(hours, start, start + length * MINUTE)

    assert found == sum(shows_open(hours, start + step * MINUTE) for step in range(length))


@settings(max_examples=examples(40))
@given(moments_and_hours())
def test_it_opens_at_the_first_open_minute(given: tuple[BusinessHours, datetime]) -> None:
    hours, start = given
    most = 3 * 1_440
    steps = (start + step * MINUTE for step in range(most))
    expected = next((at for at in steps if shows_open(hours, at)), None)

    found = next_opening(hours, start)

    assert is_open(hours, start) == shows_open(hours, start)
    assert found == expected or (expected is None and (not found or found >= start + most * MINUTE))


@settings(max_examples=examples(40))
@given(moments_and_hours(), st.floats(0, 3_000), st.floats(0, 3_000))
def test_time_is_additive_and_inverse(
    given: tuple[BusinessHours, datetime], first: float, second: float
) -> None:
    hours, start = given
    middle = add(hours, start, first)
    end = None if middle is None else add(hours, middle, second)

    if middle is not None and end is not None:
        assert between(hours, start, middle) == pytest.approx(first, abs=1e-6)
        assert between(hours, start, end) == pytest.approx(first + second, abs=1e-6)


def test_the_weekend_does_not_count() -> None:
    friday = utc(2026, 11, 20, 16, 30)  # 17:30 in Berlin

    assert add(BERLIN, friday, 60) == utc(2026, 11, 23, 8, 30)
    assert add(BERLIN, friday, 30) == utc(2026, 11, 20, 17)  # the end of business, not Monday
    assert add(BERLIN, utc(2026, 11, 21, 3), 0) == utc(2026, 11, 21, 3)
    assert between(BERLIN, friday, utc(2026, 11, 23, 9)) == 90
    assert next_opening(BERLIN, utc(2026, 11, 20, 17)) == utc(2026, 11, 23, 8)
    assert not is_open(BERLIN, utc(2026, 11, 20, 11, 30))


def test_special_days_stand_for_their_weekday() -> None:
    assert add(BERLIN, utc(2026, 12, 24, 10, 30), 60) == utc(2026, 12, 28, 8, 30)


def test_a_night_of_four_hours_has_three_or_five_when_clocks_change() -> None:
    forward, back = utc(2026, 3, 28, 23), utc(2026, 10, 24, 22)

    assert between(NIGHTS, forward, forward + timedelta(hours=12)) == 180
    assert between(NIGHTS, back, back + timedelta(hours=12)) == 300
    assert add(NIGHTS, back, 200) == back + timedelta(minutes=200)


def test_around_the_clock_is_time_on_the_wall() -> None:
    always, start = BusinessHours.always("America/New_York"), utc(2026, 10, 31, 12, 0, 1)

    assert add(always, start, 10_000.5) == start + timedelta(minutes=10_000.5)
    assert next_opening(always, start) == start


def test_hours_that_never_open_have_no_end() -> None:
    closed = BusinessHours.of("UTC", [()] * 7)
    once = BusinessHours.of("UTC", [()] * 7, {date(2027, 1, 4): ((540, 600),)})
    start = utc(2026, 11, 23)

    assert add(closed, start, 1) is None
    assert add(closed, start, 0) == start
    assert between(closed, start, utc(2027, 11, 23)) == 0
    assert next_opening(closed, start) is None
    assert add(once, start, 60) == utc(2027, 1, 4, 10)
    assert add(once, start, 61) is None
    assert next_opening(once, utc(2027, 1, 4, 10)) is None
    assert add(BERLIN, start, 1e300) is None


def test_microseconds_are_kept() -> None:
    start = utc(2026, 11, 23, 8, 0, 0, 7)

    assert add(BERLIN, start, 1.5) == utc(2026, 11, 23, 8, 1, 30, 7)


def test_many_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(7)
    starts = np.datetime64("2026-10-20", "us") + rng.integers(0, 10**12, 200).astype("m8[us]")
    minutes = rng.choice([0, 2, 15, 240, 2_880], 200)

    due = add_many(BERLIN, starts, minutes)

    for start, length, found in zip(starts, minutes, due, strict=True):
        one = add(BERLIN, start.item().replace(tzinfo=UTC), float(length))
        assert one is not None
        assert found.item() == one.replace(tzinfo=None)
    used = between_many(BERLIN, starts, due)
    assert np.allclose(used, minutes, atol=1e-7)
    assert add_many(BERLIN, starts[:0], minutes[:0]).size == 0
    assert between_many(BERLIN, starts[:0], due[:0]).size == 0


def test_nonsense_is_refused() -> None:
    week: list[Day] = [()] * 6
    for wrong in (((600, 540),), ((0, 1_441),), ((540, 720), (720, 800)), ((5, 5),)):
        with pytest.raises(ValueError, match=r"week\[6\]"):
            BusinessHours.of("UTC", [*week, wrong])
    with pytest.raises(ValueError, match="zone: 'Mars'"):
        BusinessHours.of("Mars", [()] * 7)
    with pytest.raises(ValueError, match="6 days"):
        BusinessHours.of("UTC", week)
    with pytest.raises(ValueError, match="each once"):
        BusinessHours("UTC", ((),) * 7, ((date(2026, 1, 2), ()), (date(2026, 1, 1), ())))
    with pytest.raises(ValueError, match="no time zone"):
        add(BERLIN, datetime(2026, 1, 1), 5)  # noqa: DTZ001  # that is the nonsense
    with pytest.raises(ValueError, match="minutes"):
        add(BERLIN, utc(2026, 1, 1), -1)
    with pytest.raises(ValueError, match="before its start"):
        between(BERLIN, utc(2026, 1, 2), utc(2026, 1, 1))
    with pytest.raises(ValueError, match="not a time"):
        add_many(BERLIN, np.array(["NaT"], "M8[us]"), np.array([5]))
