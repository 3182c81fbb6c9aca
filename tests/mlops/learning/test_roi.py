from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlops.engine.learning import metrics, roi
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.leakage import LeakageError
from mlops.engine.learning.roi_rows import FEATURES, roi_rows, typical_rows
from mlops.engine.learning.shapes import Artefact
from tests.mlops.campaign_rows import drawn_days

SETTINGS = roi.Settings(seed=3, rounds=120)


@pytest.fixture(scope="module")
def rows():
    return roi_rows(panel(drawn_days(campaigns=16)))


@pytest.fixture(scope="module")
def trained(rows):
    return roi.train(rows, SETTINGS)


def test_a_row_knows_the_week_before_and_its_target_is_the_week_after():
    days = drawn_days(campaigns=2, days=30)
    found = roi_rows(panel(days))

    own = days.campaign == 0
    start = np.datetime64("2026-01-11")
    before = own & (days.day >= start - 7) & (days.day < start)
    after = own & (days.day >= start) & (days.day < start + 7)
    row = np.flatnonzero(found.origin == start)[0]
    sums = {name: values[before].sum() for name, values in days.figures.items()}
    assert found.rows["clicks"][row] == sums["clicks"]
    assert found.rows["acquisition_cost"][row] == pytest.approx(sums["spend"] / sums["conversions"])
    assert found.rows["conversion_rate"][row] == pytest.approx(1 / 8)
    assert found.rows["roas_before"][row] == pytest.approx(sums["revenue"] / sums["spend"])
    assert found.rows["duration"][row] == 10
    spend, revenue = (days.figures[name][after].sum() for name in ("spend", "revenue"))
    assert found.roi[row] == pytest.approx(revenue / spend - 1)


def test_days_that_are_not_over_have_no_target_and_what_comes_later_no_effect():
    days = drawn_days(campaigns=2, days=30)
    last = np.datetime64("2026-01-31")
    found = roi_rows(panel(days))
    late = days.day >= last - 7
    other = replace(
        days, figures={name: np.where(late, 1.0, v) for name, v in days.figures.items()}
    )

    unknown = np.isnan(found.roi)
    assert set(found.origin[unknown]) == set(last - np.arange(7))
    early = found.origin <= last - 7
    again = roi_rows(panel(other))
    for name in FEATURES:
        np.testing.assert_array_equal(found.rows[name][early], again.rows[name][early])


def test_trees_err_less_than_plain_guesses(trained):
    assert trained.is_better
    errors = {name: found["mae"] for name, found in trained.baselines.items()}
    assert trained.metrics["mae"] < 0.6 * errors["channel mean"]
    assert trained.metrics["mae"] < errors["the week before"]
    assert "the week before" in trained.verdict
    assert 0.65 < trained.card["interval_covers"] < 0.95


def test_the_correction_brings_the_sum_back():
    """The exponent of a mean logarithm lies below the mean, the more the more it scatters."""
    known = roi_rows(panel(drawn_days(campaigns=16, noise=0.9)))
    known = known.where(~np.isnan(known.roi))
    model, _ = roi.fit(known, SETTINGS)

    right = known.roi.sum() + 2 * len(known)
    told = model.predict(known.rows).sum() + 2 * len(known)

    assert model.smearing > 1.02
    assert abs(told - right) < abs(told / model.smearing - right)


def test_what_is_read_back_answers_alike_and_one_seed_gives_one_artefact(rows, trained):
    model = KINDS["roi"].load(trained.artefact)
    typical = typical_rows(rows)

    told, between = model.predict(typical), model.interval(typical)

    assert model.features == FEATURES
    assert list(typical["channel"]) == ["meta", "tiktok"]
    assert (between[:, 0] < told).all()
    assert (told < between[:, 1]).all()
    assert sorted(name for name, _ in model.reasons(typical)[0]) == sorted(FEATURES)
    assert roi.train(rows, SETTINGS).artefact.sha256 == trained.artefact.sha256
    one = {name: values[:1] for name, values in typical.items()}
    assert model.predict(one)[0] == told[0]


def test_what_is_typical_is_the_middle_of_the_last_thirty_days(rows):
    recent = rows.where(rows.origin > rows.origin.max() - np.timedelta64(30, "D"))
    meta = recent.where(recent.rows["channel"] == "meta")

    typical = typical_rows(rows)

    assert typical["clicks"][0] == np.median(meta.rows["clicks"])
    assert typical["audience"][0] == ""


def test_a_planted_leak_stops_the_training(rows):
    known = rows.where(~np.isnan(rows.roi))
    planted = replace(known, rows={**known.rows, "booked_return": known.roi * 3 + 1})

    with pytest.raises(LeakageError, match="booked_return tells the amount by itself"):
        roi.train(planted, SETTINGS)


def test_a_shuffled_target_teaches_nothing(rows):
    known = rows.where(~np.isnan(rows.roi))
    shuffled = replace(known, roi=np.random.default_rng(1).permutation(known.roi))

    found = roi.train(shuffled, SETTINGS)

    plain = found.baselines["channel mean"]["mae"]
    assert found.metrics["mae"] == pytest.approx(plain, rel=0.05)
    model = roi.load(found.artefact)
    rank = metrics.normalised_gini(shuffled.roi + 1, model.predict(shuffled.rows) + 1)
    assert abs(rank) < 0.35 < metrics.normalised_gini(known.roi + 1, known.rows["roas_before"])


def test_too_few_days_are_refused_in_words():
    with pytest.raises(ValueError, match="days of campaigns to learn from: at least 100"):
        roi.train(roi_rows(panel(drawn_days(campaigns=2, days=40))), SETTINGS)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"not json", b'{"format": 1, "kind": "roi"}'])
def test_what_is_no_roi_model_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        roi.load(Artefact("xgboost-json", data))


def test_channels_add_their_campaigns_up():
    days = drawn_days(campaigns=4, days=30)

    found = panel(days, by="channel")

    assert list(found.keys) == ["meta", "tiktok"]
    wanted = days.figures["spend"][np.isin(days.campaign, (0, 2))].sum()
    assert np.nansum(found.figures["spend"][0]) == pytest.approx(wanted)
    assert np.isnan(panel(days).figures["spend"][3, :20]).all()
    assert found.ages[0, 10] == 10
