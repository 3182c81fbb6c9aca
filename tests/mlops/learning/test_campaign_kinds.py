"""What models of campaigns say, held against what came."""

from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS, errors_of
from mlops.engine.learning.forecast import training
from mlops.engine.learning.kinds import KINDS
from tests.mlops.campaign_rows import drawn_days

NAN = float("nan")
ROI, FORECAST = CAMPAIGN_KINDS["roi"], CAMPAIGN_KINDS["forecast"]


def test_errors_are_mean_absolute_errors_over_their_scale() -> None:
    middle = np.array([[1.0, 2.0, 5.0, 5.0]])
    came = np.array([[2.0, 4.0, 9.0, NAN]])

    assert errors_of(middle, came, np.array([[1.0, 2.0]])) == (1.5 + 2.0, 2)
    assert errors_of(middle, came, np.array([[1.0, NAN]])) == (1.5, 1)
    assert errors_of(middle, np.full((1, 4), NAN), np.ones((1, 2))) == (0, 0)


def test_errors_of_forecasts_make_the_mase_that_trainings_judge_by() -> None:
    days = panel(drawn_days(campaigns=6, days=60))
    part = training._part(days, training.target_days(days), np.array([40, 47]))
    told = np.arange(part.ahead.size).reshape(part.ahead.shape) % 50 + 1.0
    rows = FORECAST.rows(days, np.array([40, 47]))

    errors, weights = errors_of(told.reshape(len(rows), -1), rows.came, rows.scale)

    wanted = training.mase(told, part, training.target_days(days))
    assert errors.sum() / weights.sum() == pytest.approx(wanted)


def test_rows_know_the_days_before_and_what_came_only_once_it_is_over() -> None:
    days = panel(drawn_days(campaigns=6, days=60))
    for kind in (ROI, FORECAST):
        over, waiting = (kind.rows(days, np.array([place])) for place in (53, 54))
        assert not np.isnan(over.came).any()
        assert np.isnan(waiting.came).any(axis=1).all()
        assert len(kind.rows(days, np.array([60]))) == 6
        assert set(kind.rows(days, np.array([60])).origin.astype(str)) == {"2026-03-02"}


def test_columns_that_move_by_nature_are_named_with_their_reason() -> None:
    assert KINDS["roi"].nature == {"duration": "every campaign is a day older each day"}
    assert set(KINDS["forecast"].nature) == {"age", "weekday"}
    days = panel(drawn_days(campaigns=6, days=60))
    told = FORECAST.watched(FORECAST.rows(days, np.array([50])).rows)
    assert set(told) == {
        "spend", "results", "cost_per_result", "roas", "ctr", "cvr", "retention_1", "retention_7",
    }  # fmt: skip
    last = days.figures["spend"][:, 36:50]
    np.testing.assert_allclose(told["spend"], last.sum(axis=1))
    np.testing.assert_allclose(told["ctr"], 1 / 50)


def test_calibration_is_of_roas_and_of_intervals() -> None:
    came = np.array([[-0.5], [0.5]])

    assert ROI.calibration(came, came).error == 0
    assert ROI.calibration(came, came + 0.5).error == pytest.approx(0.5)
    figures = np.tile([1.0, 2.0, 3.0], (10, 21))
    outcomes = np.full((10, 21), 2.0)
    outcomes[0, :5] = NAN
    assert FORECAST.calibration(outcomes, figures).error == pytest.approx(0.2)
    outcomes[:2] = 9.0
    found = FORECAST.calibration(outcomes, figures)
    assert (found.error, found.is_off) == (pytest.approx(0.0), False)
    assert FORECAST.score(FORECAST.middle(figures)).tolist() == [14.0] * 10
