from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.forecast import intervals, smoothing, training
from mlops.engine.learning.forecast.model import OUTPUTS, shaped
from mlops.engine.learning.forecast.references import ETS, LAST, MSTL, NAIVE, references
from mlops.engine.learning.forecast.windows import (
    FEATURES,
    ahead_of,
    origins_of,
    target_days,
    windows_of,
)
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import Artefact
from tests.mlops.campaign_rows import drawn_days

SETTINGS = training.Settings(seed=5, epochs=3, judged_series=3)


@pytest.fixture(scope="module")
def campaigns():
    return panel(drawn_days(campaigns=12, days=95))


@pytest.fixture(scope="module")
def trained(campaigns):
    return training.train(campaigns, SETTINGS)


def test_it_errs_less_than_what_is_plain_and_its_intervals_hold(trained):
    errors = {name: found["mase"] for name, found in trained.baselines.items()}

    assert set(errors) == {LAST, NAIVE, ETS, MSTL}
    assert trained.is_better
    assert trained.metrics["mase"] < 0.8 * errors[NAIVE]
    assert trained.metrics["mase"] < 1.05 * errors[MSTL]
    assert 0.76 <= trained.metrics["coverage"] <= 0.84
    chosen = trained.card["error_when_chosen"]
    assert trained.card["method"] == min(chosen, key=chosen.get)
    assert "MSTL" in trained.verdict


def test_one_seed_gives_one_artefact(campaigns, trained):
    assert training.train(campaigns, SETTINGS).artefact.sha256 == trained.artefact.sha256


@pytest.mark.parametrize("method", ["smoothing", "LSTM", "mean of both"])
def test_what_is_read_back_answers_alike_and_each_row_as_if_alone(campaigns, trained, method):
    rows = origins_of(campaigns, np.arange(40, 96)).rows
    part = _model(campaigns, method)

    model = KINDS["forecast"].load(part.artefact())
    told = model.predict(rows)

    np.testing.assert_array_equal(told, part.predict(rows))
    alone = model.predict({name: values[3:4] for name, values in rows.items()})
    np.testing.assert_array_equal(alone[0], told[3])
    assert told.shape[1] == len(OUTPUTS) == 63
    assert (OUTPUTS[0], OUTPUTS[-1]) == ("results_day_1_p10", "roas_day_7_p90")
    low, middle, high = np.moveaxis(shaped(told), -1, 0)
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (low >= 0).all()
    (reasons,) = model.reasons({name: values[:1] for name, values in rows.items()})
    assert sum(part for _, part in reasons) == pytest.approx(middle[0, 0].sum())


def _model(campaigns, method):
    plan = training.plan_of(campaigns.days.size)
    targets = target_days(campaigns)
    learning, stopping = (
        training._part(campaigns, targets, days) for days in (plan.learning, plan.stopping)
    )
    return training._fitted(learning, stopping, replace(SETTINGS, epochs=1))[method]


def test_what_is_known_later_changes_no_forecast(campaigns):
    origin = 60
    late = {name: values.copy() for name, values in campaigns.figures.items()}
    for name, since in {"retained_day_1": 59, "retained_day_7": 53}.items():
        late[name][:, since:] = 1.0
    for values in late.values():
        values[:, origin:] = 7.0
    changed = replace(campaigns, figures=late)

    before, after = (origins_of(one, np.array([origin])).rows for one in (campaigns, changed))

    for name in FEATURES:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_parts_of_the_plan_never_see_days_of_a_later_part():
    for days in (81, 95, 200):
        plan = training.plan_of(days)
        parts = (plan.learning, plan.stopping, plan.choosing, plan.judging)
        for earlier, later in pairwise(parts):
            assert earlier.max() + 7 <= later.min()
        assert plan.judging.max() + 7 == days
    with pytest.raises(ValueError, match="80 days are known; 81 are needed"):
        training.plan_of(80)


@pytest.mark.parametrize("value", [np.nan, 0.0, -5.0, 1e30])
def test_whatever_is_asked_is_answered_with_numbers(campaigns, value):
    rows = {name: np.array([value]) for name in FEATURES}

    with np.errstate(all="ignore"):
        told = _model(campaigns, "mean of both").predict(rows)

    assert np.isfinite(told).all()


def test_shuffled_days_are_not_forecast_better_than_by_their_mean(campaigns):
    rng = np.random.default_rng(1)
    order = rng.permutation(campaigns.days.size)
    still = {name: np.nan_to_num(values)[:, order] for name, values in campaigns.figures.items()}
    shuffled = replace(campaigns, figures=still)

    model = KINDS["forecast"].load(training.train(shuffled, SETTINGS).artefact)

    origins = origins_of(shuffled, np.array([81, 88]))
    middle = shaped(model.predict(origins.rows))[..., 1]
    came = ahead_of(target_days(shuffled), origins)
    mean = windows_of(origins.rows).scale[:, :, None]
    assert np.nanmean(np.abs(middle - came)) > 0.97 * np.nanmean(np.abs(mean - came))


def test_smoothing_repeats_a_week_and_follows_a_step():
    week = np.tile([1.0, 2.0, 3.0, 2.0, 1.0, 0.5, 0.5], 4)[None, :]
    step = np.r_[np.ones(24), np.full(4, 2.0)][None, :]

    firm = smoothing.smoothed(week, smoothing.Parameters(28, 28, 1.0, 1e-6))[0, :, 1]
    quick = smoothing.smoothed(step, smoothing.Parameters(1, 28, 1.0, 64.0))[0, :, 1]
    back = smoothing.smoothed(step, smoothing.Parameters(1, 28, 0.5, 64.0))[0, :, 1]

    np.testing.assert_allclose(firm, week[0, :7], atol=1e-4)
    assert quick.mean() == pytest.approx(1.9, abs=0.1)
    assert back[0] > back[-1] > 1.0


def test_intervals_are_stretched_until_eight_of_ten_lie_within():
    rng = np.random.default_rng(3)
    told = np.broadcast_to([-1.0, 0.0, 1.0], (500, 3, 7, 3))
    came = rng.normal(0.5, 2.0, (500, 3, 7))

    right = intervals.with_widths(told, intervals.learn_widths(told, came))

    inside = (right[..., 0] <= came) & (came <= right[..., 2])
    assert 0.79 < inside.mean() < 0.82


def test_references_agree_with_what_they_are():
    days = np.arange(70)
    week = 5 + np.sin(2 * np.pi * days / 7)
    history = np.r_[np.full(4, np.nan), week]

    told = references(history)

    np.testing.assert_allclose(told[NAIVE][:, 1], week[-7:])
    np.testing.assert_allclose(told[LAST][:, 1], week[-1])
    for name in (ETS, MSTL):
        np.testing.assert_allclose(told[name][:, 1], week[-7:], atol=0.05)
    np.testing.assert_array_equal(references(np.full(30, 2.0))[ETS], np.full((7, 3), 2.0))


def test_verdict_asks_for_all_three():
    plain = {NAIVE: {"mase": 1.0}, MSTL: {"mase": 0.7}}
    for error, covers, is_better, why in (
        (0.73, 0.80, True, "hold 80 %"),
        (0.81, 0.80, False, "20 % below the seasonal naive"),
        (0.74, 0.80, False, "5 % above MSTL at most"),
        (0.73, 0.70, False, "hold 70 %"),
    ):
        found, said = training.judge({"mase": error, "coverage": covers}, plain, "smoothing")
        assert (found, why in said) == (is_better, True)


def test_without_installs_conversions_are_the_results(campaigns):
    none = replace(
        campaigns,
        figures={**campaigns.figures, "installs": campaigns.figures["installs"] * 0},
    )

    np.testing.assert_array_equal(target_days(none), target_days(campaigns))


@pytest.mark.parametrize(
    ("kind", "data"),
    [("json", b"{}"), ("json", b"[]"), ("json", b"no"), ("safetensors", b"no"),
     ("json", b'{"format": 1, "kind": "forecast", "method": "smoothing"}')],
)  # fmt: skip
def test_what_is_no_forecaster_is_refused(kind, data):
    with pytest.raises(ValueError, match=r".+"):
        KINDS["forecast"].load(Artefact(kind, data))
