"""Whom a funnel answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.social.funnels import (
    Before,
    Engagements,
    Funnel,
    Match,
    interactions,
    match,
)
from outreach.engine.social.worth import KINDS

START = np.datetime64("2026-11-01T00:00:00")


def _engagements(rows: list[tuple], **columns: list) -> Engagements:
    """Rows of person, kind, hours after the start and text."""
    people, kinds, hours, texts = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    size = len(people)
    return Engagements(
        np.array(people, dtype=np.int64),
        np.array([KINDS.index(kind) for kind in kinds], dtype=np.int8),
        START + np.array(hours, dtype="timedelta64[h]"),
        np.array([hour // 24 for hour in hours], dtype=np.int64),
        np.array(columns.get("feelings", [np.nan] * size)),
        np.array(columns.get("scores", [0.0] * size)),
        np.array(columns.get("followers", [0] * size)),
        texts,
    )


def _outcomes(
    rows: list[tuple], funnel: Funnel, before: Before | None = None, **columns: list
) -> list:
    found = match(_engagements(rows, **columns), funnel, before)
    return [Match(code).name for code in found.outcomes]


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("Interested!", "interested"),
        ("HOW MUCH is it?", "how much"),
        ("tell me more 🙏", "tell me more"),
        ("Link pls", "link"),
        ("Not interested", ""),
        ("uninterested", ""),
        ("blinking lights", ""),
        ("", ""),
    ],
)
def test_default_keywords_are_whole_words(text: str, keyword: str) -> None:
    found = match(_engagements([(1, "comment", 0, text)]), Funnel())

    assert found.keywords == (keyword,)
    assert found.outcomes.tolist() == [Match.ANSWERED if keyword else Match.NO_TRIGGER]


def test_three_interactions_in_seven_days_are_enough_too() -> None:
    funnel = Funnel(kinds=frozenset(["comment", "like"]))
    rows = [(1, "like", 0, ""), (1, "like", 24, ""), (1, "like", 167, ""), (1, "like", 169, "")]

    assert match(_engagements(rows), funnel).interactions.tolist() == [1, 2, 3, 3]
    assert _outcomes(rows, funnel) == ["NO_TRIGGER", "NO_TRIGGER", "ANSWERED", "ALREADY_IN"]


def test_a_week_ends_to_the_second() -> None:
    week = [(1, "like", 0, ""), (1, "like", 168, "")]

    assert match(_engagements(week), Funnel()).interactions.tolist() == [1, 1]


def test_earlier_engagements_count() -> None:
    history = (np.array([1, 2, 1]), START - np.array([100, 100, 1], dtype="timedelta64[h]"))
    rows = [(1, "comment", 2, "nice"), (2, "comment", 3, "nice")]

    assert match(_engagements(rows), Funnel(), Before(history=history)).interactions.tolist() == [
        3,
        2,
    ]
    assert _outcomes(rows, Funnel(), Before(history=history)) == ["ANSWERED", "NO_TRIGGER"]


def test_without_keywords_and_numbers_the_kind_is_enough() -> None:
    funnel = Funnel(kinds=frozenset(["mention"]), keywords=(), least_interactions=0)
    rows = [(1, "mention", 0, ""), (2, "like", 1, "")]

    assert _outcomes(rows, funnel) == ["ANSWERED", "OTHER_KIND"]


def test_every_reason_to_leave_it() -> None:
    funnel = Funnel(excluded=frozenset([3]), least_score=10, least_followers=100, daily_limit=2)
    rows = [
        (1, "like", 0, ""),
        (2, "comment", 1, "first"),
        (3, "comment", 2, "link"),
        (4, "comment", 3, "link"),
        (5, "comment", 4, "link"),
        (6, "comment", 5, "link"),
        (7, "comment", 6, "link"),
        (8, "comment", 7, "link"),
        (8, "comment", 8, "link"),
        (9, "comment", 9, "link"),
        (9, "comment", 25, "link"),
    ]

    found = _outcomes(
        rows,
        funnel,
        Before(people=[4], answered={0: 1}),
        feelings=[np.nan, np.nan, np.nan, np.nan, -0.2, 0, -0.19, 1, 1, 1, 1],
        scores=[50, 50, 50, 50, 50, 9.9, 50, 50, 50, 50, 50],
        followers=[500, 500, 500, 500, 500, 500, 99, 500, 500, 500, 500],
    )

    assert found == [
        "OTHER_KIND", "NO_TRIGGER", "EXCLUDED", "ALREADY_IN", "NEGATIVE", "LOW_SCORE",
        "FEW_FOLLOWERS", "ANSWERED", "ALREADY_IN", "DAILY_LIMIT", "ANSWERED",
    ]  # fmt: skip


def test_nothing_at_all() -> None:
    assert _outcomes([], Funnel()) == []


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="they fall"):
        match(_engagements([(1, "like", 5, ""), (1, "like", 4, "")]), Funnel())
    with pytest.raises(ValueError, match="wave"):
        match(_engagements([]), Funnel(kinds=frozenset(["wave"])))
    with pytest.raises(ValueError, match="lengths"):
        match(replace(_engagements([]), texts=["a"]), Funnel())


ROWS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), max_size=30)


@given(ROWS, ROWS)
def test_interactions_are_counted_as_by_hand(
    rows: list[tuple[int, int]], earlier: list[tuple[int, int]]
) -> None:
    rows.sort(key=lambda row: row[1])
    before = [(person, -hours) for person, hours in earlier]
    arrays = [
        (np.array([p for p, _ in part], dtype=np.int64),
         START + np.array([h for _, h in part], dtype="timedelta64[h]"))
        for part in (rows, before)
    ]  # fmt: skip

    found = interactions(*arrays[0], *arrays[1])

    assert found.tolist() == [
        sum(p == person and hours - 168 < h <= hours for p, h in [*before, *rows[: place + 1]])
        for place, (person, hours) in enumerate(rows)
    ]


@given(ROWS, st.integers(0, 3))
def test_nobody_is_answered_twice_and_no_day_over_its_limit(
    rows: list[tuple[int, int]], limit: int
) -> None:
    rows.sort(key=lambda row: row[1])
    engagements = _engagements([(person, "comment", hours, "link") for person, hours in rows])

    found = match(engagements, Funnel(daily_limit=limit)).outcomes == Match.ANSWERED

    people, days = engagements.people[found], engagements.days[found]
    assert len(people) == len(set(people.tolist()))
    assert all((days == day).sum() <= limit for day in days)
