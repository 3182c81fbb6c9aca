"""Excerpts of two public archives, read and decided: figures that must not move."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.experiment_archives import (
    Alarms,
    Checkpoint,
    asos,
    by_test,
    courses_of,
    read_checkpoints,
    read_headlines,
    splits,
    winners,
)

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def checkpoints() -> list[Checkpoint]:
    return list(read_checkpoints(DATA / "asos.csv.gz"))


@pytest.fixture(scope="module")
def headline_tests():
    return by_test(list(read_headlines(DATA / "upworthy.csv.gz")))


def test_checkpoints_are_read_as_they_stand(checkpoints):
    assert len(checkpoints) == 504
    assert checkpoints[0] == Checkpoint(
        "4509ec", "1", "1", 1.5000000000000002,
        (2031771, 0.03845807426132177, 0.036979050785432434),
        (2034277, 0.03806118832391066, 0.03661253426728246),
    )  # fmt: skip


def test_courses_keep_what_has_a_variance_in_time(checkpoints):
    courses = courses_of(checkpoints)

    assert len(courses) == 33
    assert sum(one.control[2] is None for one in checkpoints) == 21
    for course in courses:
        assert (course.days[1:] > course.days[:-1]).all()
        mean = course.control.sum / course.control.n
        assert (course.control.sum_squares / course.control.n >= mean**2).all()


def test_peeking_calls_more_and_takes_more_back(checkpoints):
    end, peeking, valid, tuned = asos(courses_of(checkpoints))

    assert [(one.called, one.lost) for one in (end, peeking, valid, tuned)] == [
        (9, 0), (12, 3), (6, 0), (8, 1),
    ]  # fmt: skip
    assert (peeking.median_day, tuned.median_day) == (3.0, 4.75)


def test_alarms_of_the_split_are_where_it_was_faulty(headline_tests):
    assert len(headline_tests) == 120
    assert splits(headline_tests) == [
        Alarms("weeks 201325–201402, known to be faulty", 60, 35),
        Alarms("all others", 60, 3),
    ]


def test_corrections_keep_false_calls_down(headline_tests):
    plain, holm, both = winners(headline_tests)

    assert [round(one.called * 120) for one in (plain, holm, both)] == [85, 61, 51]
    assert plain.called_without_difference > 0.15
    assert holm.called_without_difference <= 0.05
    assert both.called_without_difference <= 0.01
