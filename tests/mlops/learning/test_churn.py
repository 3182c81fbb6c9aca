from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.learning import churn, metrics
from mlops.engine.learning.calibration import Calibration, calibrate
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.leakage import LeakageError
from mlops.engine.learning.shapes import Artefact

SETTINGS = churn.Settings(seed=7, rounds=40, step=0.2)


def users(count: int, seed: int = 0):
    """Users who leave when new and idle, or old and busy: no straight line tells that."""
    rng = np.random.default_rng(seed)
    rows = {
        "sessions": rng.normal(0, 1, count),
        "age": rng.normal(0, 1, count),
        "country": rng.choice(["US", "DE", "JP"], count),
        "noise": np.where(rng.random(count) < 0.3, np.nan, rng.normal(0, 1, count)),
    }
    odds = 1.5 * np.sign(rows["sessions"] * rows["age"]) + (rows["country"] == "JP") - 0.5
    return rows, rng.random(count) < 1 / (1 + np.exp(-odds))


@pytest.fixture(scope="module")
def trained():
    rows, left = users(3_000)
    return churn.train(rows, left, np.arange(3_000) >= 2_000, SETTINGS)


def test_trees_beat_the_straight_line(trained):
    assert trained.is_better
    assert trained.metrics["auc"] > 0.75 > 0.65 > trained.baselines["logistic regression"]["auc"]
    assert trained.metrics["ece"] < trained.card["calibration_error_by_chance"]
    assert trained.verdict.startswith("Ranks better than logistic regression (AUC 0.")
    assert (trained.rows, trained.held_out) == (2_000, 1_000)


def test_one_seed_gives_one_artefact(trained):
    rows, left = users(3_000)
    held_out = np.arange(3_000) >= 2_000

    again = churn.train(rows, left, held_out, SETTINGS)
    other = churn.train(rows, left, held_out, churn.Settings(seed=8, rounds=40, step=0.2))

    assert again.artefact.sha256 == trained.artefact.sha256
    assert other.artefact.sha256 != trained.artefact.sha256


def test_what_is_read_back_answers_as_what_was_judged(trained):
    rows, left = users(3_000)
    model = KINDS["churn"].load(trained.artefact)
    judged = {name: values[2_000:] for name, values in rows.items()}

    probability = model.predict(judged)

    assert metrics.auc(left[2_000:], probability) == trained.metrics["auc"]
    assert model.features == ("sessions", "age", "country", "noise")
    assert model.predict({name: v[:1] for name, v in judged.items()})[0] == probability[0]


def test_reasons_name_each_feature_once_and_the_largest_first(trained):
    model = KINDS["churn"].load(trained.artefact)
    one = {
        "sessions": np.array([2.0]),
        "age": np.array([2.0]),
        "country": np.array(["JP"]),
        "noise": np.array([np.nan]),
    }

    (reasons,) = model.reasons(one)

    assert sorted(name for name, _ in reasons) == ["age", "country", "noise", "sessions"]
    assert [abs(effect) for _, effect in reasons] == sorted(
        (abs(effect) for _, effect in reasons), reverse=True
    )
    assert dict(reasons)["country"] > 0.3 > abs(dict(reasons)["noise"])


def test_a_country_never_seen_is_answered_and_a_missing_feature_refused(trained):
    model = KINDS["churn"].load(trained.artefact)
    rows = {"sessions": [0.5], "age": [0.5], "country": ["AQ"], "noise": [0.0]}

    assert 0 < model.predict({n: np.array(v) for n, v in rows.items()})[0] < 1
    with pytest.raises(ValueError, match="the model needs country, noise too"):
        model.predict({"sessions": np.zeros(1), "age": np.zeros(1)})


def test_a_planted_leak_stops_the_training():
    rows, left = users(600)

    with pytest.raises(LeakageError, match="cancelled_at tells the target"):
        churn.train({**rows, "cancelled_at": left * 9.0}, left, np.arange(600) >= 400, SETTINGS)


def test_a_shuffled_target_teaches_nothing():
    rows, left = users(5_000)
    shuffled = np.random.default_rng(1).permutation(left)

    found = churn.train(rows, shuffled, np.arange(5_000) >= 1_000, SETTINGS)

    assert found.metrics["auc"] == pytest.approx(0.5, abs=0.03)


def test_too_few_rows_are_refused_in_words():
    rows, left = users(200)

    with pytest.raises(ValueError, match=r"^50 rows to judge on, \d+ of them churned"):
        churn.train(rows, left, np.arange(200) >= 150, SETTINGS)


@pytest.mark.parametrize(
    ("auc", "ece", "is_better", "why"),
    [
        (0.80, 0.001, False, "Logistic regression ranks as well"),
        (0.81, 0.031, False, "off by 0.031 on average"),
        (0.81, 0.029, True, "Ranks better"),  # no more than chance gives on so few rows
    ],
)
def test_the_verdict_needs_rank_and_honest_probabilities(auc, ece, is_better, why):
    found, said = churn.judge({"auc": auc, "ece": ece}, {"auc": 0.80}, noise=0.03)

    assert found is is_better
    assert why in said


@pytest.mark.parametrize("data", [b"{}", b"[]", b"not json", b'{"format": 1, "model": {}}'])
def test_what_is_no_churn_model_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        churn.load(Artefact("xgboost-json", data))


def test_calibration_mends_scores_that_are_too_sure():
    rng = np.random.default_rng(2)
    margin = rng.normal(0, 1, 4_000)
    happened = rng.random(4_000) < 1 / (1 + np.exp(-margin))

    right, mended = calibrate(margin, happened, 0), calibrate(margin * 3 + 1, happened, 0)

    assert metrics.calibration_error(happened, right(margin)) < 0.03
    assert mended.method != "none"
    assert metrics.calibration_error(happened, mended(margin * 3 + 1)) < 0.03
    assert Calibration.from_json(mended.as_json()) == mended


def test_one_class_is_left_as_it_is():
    assert calibrate(np.zeros(100), np.ones(100, dtype=bool), 0).method == "none"
