"""Hours of the clock in bulk agree with the time zone database, one moment at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.zones import (
    Clock,
    Zones,
    days_between,
    likely_zones,
    moment,
    spans_outside,
    to_datetime,
    zones_of_country,
)
from tests.outreach.engine.oracle import is_open, next_open

# Whole, half and quarter hours, both hemispheres, a shift of 30 minutes, one over midnight, and
# two which let a day out or begin it at one o'clock.
NAMES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca",
    "Asia/Beirut", "Africa/Cairo", "Pacific/Kiritimati",
)  # fmt: skip
NIGHT = (20 * 60, 9 * 60)
moments = st.integers(0, 425 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def ask(zones: tuple[str, ...], quiet: tuple[int, int] | None, at: datetime):
    """Next open stretch of one code at one moment."""
    start = moment(at)
    clock = Clock.between(Zones((zones,)), start, start + np.timedelta64(9, "D"))
    zero = np.zeros(1, np.int64)
    low, high = clock.next_stretch((spans_outside(quiet),), zero, zero, np.array([start]))
    return low[0], high[0]


def asked(zones, quiet, at: str) -> tuple[str, str]:
    low, high = ask(zones, quiet, datetime.fromisoformat(at + "+00:00"))
    return str(low)[5:16], str(high)[5:16]


@pytest.mark.parametrize(
    ("at", "low", "high"),
    [
        ("2026-03-28T12:00", "03-28T12:00", "03-28T19:00"),  # winter, UTC+1
        ("2026-03-28T19:00", "03-29T07:00", "03-29T18:00"),  # its last second is open, this is not
        ("2026-03-28T18:59:59", "03-28T18:59", "03-28T19:00"),
        ("2026-10-24T18:00", "10-25T08:00", "10-25T19:00"),  # and back
    ],
)
def test_night_in_berlin(at: str, low: str, high: str) -> None:
    assert asked(("Europe/Berlin",), NIGHT, at) == (low, high)


def test_a_gap_at_the_end_of_quiet_hours_opens_when_the_clock_goes_on() -> None:
    """Half past two does not exist that night: three o'clock summer time is the first moment."""
    assert asked(("Europe/Berlin",), (22 * 60, 150), "2026-03-29T00:30")[0] == "03-29T01:00"


def test_a_fold_opens_twice() -> None:
    """From 2:00 to 2:30 is open, and that half hour comes twice."""
    only = (150, 120)  # quiet from 2:30 to 2:00

    assert asked(("Europe/Berlin",), only, "2026-10-25T00:00") == ("10-25T00:00", "10-25T00:30")
    assert asked(("Europe/Berlin",), only, "2026-10-25T00:40") == ("10-25T01:00", "10-25T01:30")


def test_an_unknown_zone_is_all_zones_of_the_country() -> None:
    """At 9 h in Honolulu it is 14 h in New York; at 20 h there it is 15 h in Honolulu."""
    assert "Pacific/Honolulu" in zones_of_country("US")
    assert asked(zones_of_country("US"), NIGHT, "2026-07-01T03:00") == (
        "07-01T19:00",
        "07-02T00:00",
    )


def test_where_somebody_may_be() -> None:
    assert likely_zones("Asia/Tokyo", "US", default="UTC") == ("Asia/Tokyo",)
    assert likely_zones("", "US", default="UTC") == zones_of_country("US")
    assert likely_zones("", "XX", default="UTC") == likely_zones("", "", default="UTC") == ("UTC",)


def test_zones_that_never_agree_are_never_open() -> None:
    low, high = ask(("Asia/Tokyo", "America/New_York"), NIGHT, datetime(2026, 7, 1, tzinfo=UTC))

    assert np.isnat(low)
    assert np.isnat(high)


def test_a_stretch_goes_on_over_midnight() -> None:
    """Quiet from one to five: open from five to one the next day, and for weeks where never."""
    assert asked(("UTC",), (60, 300), "2026-07-01T12:00")[1] == "07-02T01:00"
    low, high = ask(("Europe/Berlin",), None, datetime(2026, 10, 20, tzinfo=UTC))
    assert high - low > np.timedelta64(9, "D")


def test_no_quiet_hours_are_always_open() -> None:
    assert asked(("Asia/Tokyo",), None, "2026-07-01T03:00")[0] == "07-01T03:00"
    assert asked(("Asia/Tokyo",), (540, 540), "2026-07-01T03:00")[0] == "07-01T03:00"


@given(
    st.sampled_from(NAMES),
    st.tuples(st.integers(0, 95), st.integers(0, 95)),
    st.lists(moments, min_size=1, max_size=4),
)
def test_every_moment_is_what_the_clock_says(name, quarters, ats) -> None:
    quiet = (quarters[0] * 15, quarters[1] * 15)
    for at in ats:
        low, high = ask((name,), quiet, at)
        wanted = next_open((name,), quiet, at)

        assert to_datetime(low) == wanted
        assert is_open(name, quiet, to_datetime(high) - timedelta(seconds=1))


@given(st.lists(st.tuples(st.integers(0, len(NAMES) - 1), moments), min_size=1, max_size=12))
def test_many_at_once_are_each_one_alone(rows) -> None:
    zone = np.array([row[0] for row in rows])
    at = np.array([moment(row[1]) for row in rows])
    clock = Clock.between(Zones(tuple((one,) for one in NAMES)), at.min(), at.max())
    kinds = (spans_outside(NIGHT), spans_outside(None))
    which = np.arange(zone.size) % 2

    low, high = clock.next_stretch(kinds, which, zone, at)

    for place, (code, when) in enumerate(rows):
        alone = ask((NAMES[code],), None if place % 2 else NIGHT, when)
        assert low[place] == alone[0]
        if not place % 2:
            assert high[place] == alone[1]


@given(st.sampled_from(NAMES), moments)
def test_local_hour(name: str, at: datetime) -> None:
    clock = Clock.between(Zones(((name,),)), moment(at), moment(at))

    assert (
        clock.local_hour(np.zeros(1, np.int64), moment(at))[0] == at.astimezone(ZoneInfo(name)).hour
    )


@given(st.sampled_from(NAMES), moments, st.integers(1, 400))
def test_days_are_those_of_the_calendar(name: str, first: datetime, hours: int) -> None:
    last = first + timedelta(hours=hours)

    bounds = [to_datetime(one) for one in days_between(name, moment(first), moment(last))]

    zone = ZoneInfo(name)
    assert (bounds[0], bounds[-1]) == (first, last)
    dates = [one.astimezone(zone).date() for one in bounds[:-1]]
    before = [(one - timedelta(seconds=1)).astimezone(zone).date() for one in bounds[1:-1]]
    assert dates == sorted(set(dates))
    assert before == dates[:-1]


def test_days_of_a_zone_that_has_no_midnight() -> None:
    """In Beirut the day of the change begins at one o'clock."""
    days = days_between(
        "Asia/Beirut", np.datetime64("2026-03-28T12:00:00"), np.datetime64("2026-03-30T12:00:00")
    )

    assert [str(day)[5:16] for day in days[1:-1]] == ["03-28T22:00", "03-29T21:00"]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "Europe"])
def test_a_zone_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name!r} is no time zone"):
        Zones(((name,),))


def test_nothing_to_look_up() -> None:
    with pytest.raises(ValueError, match=r"entries\[0\]: it names no time zone"):
        Zones(((),))
    with pytest.raises(ValueError, match="says no time zone"):
        moment(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point
    nobody = np.zeros(0, np.int64)
    now = np.datetime64("2026-01-01T00:00:00")
    low, _ = Clock.between(Zones((("UTC",),)), now, now).next_stretch(
        ((),), nobody, nobody, np.zeros(0, "datetime64[s]")
    )
    assert low.size == 0
    assert zones_of_country("XX") == ()
