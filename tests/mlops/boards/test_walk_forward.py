"""Each day predicted from those before it."""

from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.boards.plain_roi import LEAST_DAYS, plain_roi
from mlops.engine.boards.walk_forward import walk_forward

DAYS, SERIES = 120, 3
WEEK = 1 + 0.4 * np.sin(2 * np.pi * np.arange(DAYS) / 7)


def drawn(noise=0.1, seed=0):
    """Value and spend of channels whose return swings with the week."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(20, 50, (DAYS, SERIES))
    return spend * WEEK[:, None] * 2 * np.exp(rng.normal(0, noise, spend.shape)), spend


@pytest.mark.parametrize("day", [0, 1, 30, 100, DAYS - 1])
def test_nothing_of_a_day_or_after_it_is_in_its_prediction(day):
    value, spend = drawn()
    before = walk_forward(value, spend).predicted

    value[day:], spend[day:] = value[day:] * 7, spend[day:] / 3
    after = walk_forward(value, spend).predicted

    np.testing.assert_array_equal(before[: day + 1], after[: day + 1])
    if day < DAYS - 8:
        assert not np.array_equal(before[day + 1 :], after[day + 1 :])


def test_series_do_not_touch_each_other():
    value, spend = drawn()

    alone = walk_forward(value[:, 1:2], spend[:, 1:2]).predicted

    np.testing.assert_array_equal(walk_forward(value, spend).predicted[:, 1:2], alone)


def test_a_weekly_pattern_is_learnt():
    value, spend = drawn(noise=0.0)

    walk = walk_forward(value, spend, judged=14)

    np.testing.assert_allclose(walk.predicted[-14:], value[-14:] / spend[-14:], rtol=0.08)
    assert walk.ahead == pytest.approx(2 * WEEK[DAYS % 7] * np.ones(SERIES), rel=0.08)


def test_noise_is_smoothed_better_than_by_the_week_before():
    walk = walk_forward(*drawn(noise=0.3), judged=60)

    assert (walk.error < 0.9 * walk.plain_error).all()


def test_a_new_level_is_followed():
    value, spend = np.ones((60, 1)), np.ones((60, 1))
    value[30:] = 3.0

    predicted = walk_forward(value, spend).predicted

    assert predicted[29, 0] == pytest.approx(1.0)
    assert predicted[-1, 0] == pytest.approx(3.0, rel=0.02)


def test_first_day_and_series_without_a_day_have_no_prediction():
    above, below = np.ones((10, 2)), np.ones((10, 2))
    below[:, 1] = 0

    walk = walk_forward(above, below)

    assert np.isnan(walk.predicted[0]).all()
    assert np.isnan(walk.predicted[:, 1]).all()
    assert np.isnan([walk.ahead[1], walk.error[1], walk.plain_error[1]]).all()


def test_days_without_anything_below_change_nothing():
    value, spend = drawn()
    value[50:57], spend[50:57] = 0, 0  # a whole week, so weekdays stay where they are

    predicted = walk_forward(value, spend).predicted

    for day in range(51, 57):
        assert np.isfinite(predicted[day]).all()
    assert predicted[57] == pytest.approx(predicted[50], rel=1e-9)


def test_nothing_earned_is_predicted_as_nothing():
    assert (walk_forward(np.zeros((9, 1)), np.ones((9, 1))).predicted[1:] == 0).all()


@pytest.mark.parametrize(
    ("above", "below", "named"),
    [
        (np.ones(3), np.ones((3, 1)), "above"),
        (np.ones((3, 1)), np.ones((4, 1)), "below"),
        (-np.ones((3, 1)), np.ones((3, 1)), "above"),
        (np.ones((3, 1)), np.full((3, 1), np.nan), "below"),
    ],
)
def test_what_is_no_amount_is_refused(above, below, named):
    with pytest.raises(ValueError, match=named):
        walk_forward(above, below)


def test_plain_roi_is_that_of_the_sums():
    found = plain_roi(np.array([300.0, 0.0] * 15), np.array([100.0, 50.0] * 15))

    assert found.roi == pytest.approx(1.0)
    assert -1 <= found.low < 1.0 < found.high


def test_plain_interval_covers_four_of_five_months_to_come():
    rng = np.random.default_rng(5)
    spend = np.full((200, 60), 100.0)
    value = spend * rng.gamma(2, 1, spend.shape)

    inside = [
        found.low <= to_come.sum() / 3000 - 1 <= found.high
        for row, to_come in zip(value[:, :30], value[:, 30:], strict=True)
        if (found := plain_roi(row, spend[0, :30]))
    ]

    assert 0.72 <= np.mean(inside) <= 0.88


def test_plain_roi_says_what_it_does_not_know():
    few = plain_roi(np.full(LEAST_DAYS - 1, 2.0), np.ones(LEAST_DAYS - 1))
    none = plain_roi(np.zeros(30), np.zeros(30))

    assert (few.roi, np.isnan(few.low), np.isnan(few.high)) == (1.0, True, True)
    assert np.isnan(none.roi)


@pytest.mark.parametrize(
    ("value", "spend"),
    [(np.ones(3), np.ones(2)), (-np.ones(3), np.ones(3)), (np.full(3, np.nan), np.ones(3))],
)
def test_plain_roi_refuses_what_is_no_amount(value, spend):
    with pytest.raises(ValueError, match="value"):
        plain_roi(value, spend)
