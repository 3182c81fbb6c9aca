"""Business hours as people write them down."""

from __future__ import annotations

from datetime import date

import pytest

from inbox.engine.hours_document import hours_in_words, read_hours

WEEK = {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "sun": [["00:00", "24:00"]]}


def test_hours_are_read_by_weekday_and_date() -> None:
    hours = read_hours(
        "Europe/Vienna", WEEK, {"2026-12-25": [], "2026-12-24": [["09:00", "12:00"]]}
    )

    assert hours.week == (((540, 720), (780, 1_050)), (), (), (), (), (), ((0, 1_440),))
    assert hours.special == ((date(2026, 12, 24), ((540, 720),)), (date(2026, 12, 25), ()))
    assert read_hours("UTC", {}, {}).is_never


@pytest.mark.parametrize(
    ("week", "holidays", "words"),
    [
        ([], {}, "week: must be intervals by day"),
        ({"monday": []}, {}, "week: 'monday' is no weekday"),
        ({"mon": "09:00"}, {}, "week: mon: must be a list"),
        ({"mon": ["09:00"]}, {}, "week: mon: an interval is two times"),
        ({"tue": [["9:00", "12:00"]]}, {}, "week: tue: '9:00' is no time"),
        ({"tue": [["09:00", "24:01"]]}, {}, "week: tue: '24:01' is no time"),
        ({"tue": [[9, 12]]}, {}, "week: tue: 9 is no time"),
        ({"wed": [["22:00", "06:00"]]}, {}, "week: wed: .* over midnight is two"),
        ({"wed": [["09:00", "12:00"], ["12:00", "13:00"]]}, {}, "week: wed: .* apart"),
        ({}, {"25.12.2026": []}, "holidays: '25.12.2026' is no date"),
        ({}, {"2026-12-24": [["12:00", "09:00"]]}, "holidays: 2026-12-24: an interval ends"),
        ({}, None, "holidays: must be intervals by day"),
    ],
)
def test_what_is_wrong_is_named(week: object, holidays: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_hours("Europe/Vienna", week, holidays)


def test_hours_are_told_in_words() -> None:
    assert hours_in_words(read_hours("UTC", WEEK, {})) == (
        "Mon 09:00–12:00, 13:00–17:30; Sun 00:00–24:00"
    )
    day = [["00:00", "24:00"]]
    every = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), day)
    assert hours_in_words(read_hours("UTC", every, {})) == "at any time"
    assert hours_in_words(read_hours("UTC", {}, {})) == "at no time"
