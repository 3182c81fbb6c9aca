"""The plain forecast of daily figures."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.engine.weekday_forecast import LEVEL, weekday_forecast


def test_each_day_is_the_mean_of_its_weekday():
    weeks = np.array([[1.0, 2, 3, 4, 5, 6, 7]]) * np.array([[1.0], [2], [3], [2]])

    found = weekday_forecast(np.append(999.0, weeks.ravel()), 9)

    assert found.expected.tolist() == [2, 4, 6, 8, 10, 12, 14, 2, 4]


def test_the_interval_is_of_what_each_day_missed_and_never_below_zero():
    values = np.tile([10.0, 0, 0, 0, 0, 0, 0], 4)
    values[0] = 16.0  # the mean of the other three is 10, that of the three others 12

    found = weekday_forecast(values, 2)

    assert found.expected.tolist() == [11.5, 0]
    assert (found.low >= 0).all()
    assert (found.low <= found.expected).all()
    assert (found.high >= found.expected).all()


def test_four_of_five_coming_days_lie_in_the_interval():
    rng = np.random.default_rng(1)
    usual = np.tile(100 + 20 * np.arange(7), 6)
    inside = []
    for _ in range(400):
        values = usual + rng.normal(0, 10, len(usual))
        found = weekday_forecast(values[:-7], 7)
        inside.append(((found.low <= values[-7:]) & (values[-7:] <= found.high)).mean())

    assert np.mean(inside) == pytest.approx(LEVEL, abs=0.04)


def test_there_is_none_without_four_weeks():
    assert weekday_forecast(np.ones(27), 7) is None
