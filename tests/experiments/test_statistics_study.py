"""The simulation study at a small size: errors, coverage and CUPED are what they should be."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.experiment_study import POPULATIONS, coverage, cuped, errors, splits, stopping


def rng(place: int) -> np.random.Generator:
    return np.random.default_rng([9, place])


@pytest.mark.parametrize("name", POPULATIONS)
def test_looking_often_costs_nothing_where_it_is_allowed(name):
    valid, _, peeking, end = errors(name, POPULATIONS[name], 500, rng(1))

    assert valid.value <= 5
    assert peeking.value == pytest.approx(38, abs=7)
    assert end.value == pytest.approx(5, abs=2.5)


@pytest.mark.parametrize("name", POPULATIONS)
def test_intervals_hold_the_truth_as_often_as_they_say(name):
    for figure in coverage(name, POPULATIONS[name], 4_000, rng(2)):
        assert figure.value == pytest.approx(95, abs=1.1)


def test_a_covariate_takes_out_what_it_explains():
    figures = list(cuped(40_000, rng(3)))

    assert len(figures) == 4
    assert all(figure.is_met for figure in figures)


def test_tests_of_a_true_lift_stop_when_planned():
    half, power = stopping(300, rng(4))

    assert half.ratio == pytest.approx(0.82, abs=0.08)
    assert power.value >= 78


def test_a_watched_split_is_rarely_alarmed_and_a_wrong_one_found():
    watched, chi, wrong = splits(1_000, rng(5))

    assert watched.value <= 0.1
    assert chi.value > 0.5
    assert wrong.value > 90
