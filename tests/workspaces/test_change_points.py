"""Where the level of a figure changed: planted steps are found, noise and weekdays are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces.engine.change_points import change_points, without_weekdays


def noise(seed: int, days: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, days)


@given(seed=st.integers(0, 10_000), at=st.integers(8, 52), size=st.floats(8, 50), up=st.booleans())
def test_a_planted_step_is_found_on_its_day(seed, at, size, up):
    values = noise(seed)
    values[at:] += size if up else -size

    found = change_points(values)

    nearest = min(found, key=lambda one: abs(one.at - at))
    assert abs(nearest.at - at) <= 1
    assert (nearest.after > nearest.before) == up


@given(seed=st.integers(0, 10_000), shift=st.floats(-1e4, 1e4), scale=st.floats(0.01, 1e4))
def test_neither_unit_nor_level_matters(seed, shift, scale):
    values = noise(seed)
    values[30:] += 6

    places = [one.at for one in change_points(values)]

    assert [one.at for one in change_points(values * scale + shift)] == places


def test_two_steps_that_cancel_do_not_hide_each_other():
    values = noise(1)
    values[20:40] += 10

    assert [one.at for one in change_points(values)] == [20, 40]


def test_noise_alone_is_rarely_taken_for_a_change():
    assert sum(bool(change_points(noise(seed))) for seed in range(200)) <= 20


def test_a_clean_step_has_its_levels():
    (found,) = change_points(np.array([5.0] * 10 + [2.0] * 6))

    assert (found.at, found.before, found.after) == (10, 5.0, 2.0)


@pytest.mark.parametrize("values", [[], [1.0], [3.0] * 40, [1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0]])
def test_what_is_short_or_constant_has_none(values):
    assert change_points(np.array(values)) == []


@pytest.mark.parametrize(
    ("given_values", "named", "message"),
    [([1.0, np.nan], {}, "values"), ([[1.0]], {}, "values"), ([1.0], {"least": 1}, "least"),
     ([1.0], {"penalty": 0.0}, "penalty")],
)  # fmt: skip
def test_nonsense_is_refused_by_name(given_values, named, message):
    with pytest.raises(ValueError, match=message):
        change_points(np.array(given_values), **named)


def test_weekends_are_no_change():
    week = np.array([10, 10, 10, 10, 10, 2, 2], dtype=float)
    values = np.tile(week, 8) + noise(2, 56) * 0.3
    values[35:] -= 3

    assert [one.at for one in change_points(without_weekdays(values))] == [35]
    assert np.array_equal(without_weekdays(week), week)
