from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.learning import splits
from mlops.engine.learning.leakage import LeakageError, check_leakage


def test_the_latest_rows_are_held_out_and_one_moment_stays_together():
    at = np.array([3, 1, 2, 2, 2])

    assert splits.by_time(at, 0.4).tolist() == [True, False, True, True, True]
    assert splits.by_time(at, 0.2).tolist() == [True, False, False, False, False]
    assert splits.by_time(np.array([1, 1, 1, 2]), 0.9).tolist() == [False, False, False, True]


@pytest.mark.parametrize(("at", "share"), [([1, 1], 0.5), ([1, 2], 0.0), ([1, 2], 1.0), ([], 0.5)])
def test_a_split_that_leaves_one_side_empty_is_refused(at, share):
    with pytest.raises(ValueError, match=r"share|one moment"):
        splits.by_time(np.array(at), share)


def test_folds_are_equal_and_seeded():
    drawn = splits.folds(10, 3, seed=4)

    assert np.bincount(drawn).tolist() == [4, 3, 3]
    assert drawn.tolist() == splits.folds(10, 3, seed=4).tolist()
    assert drawn.tolist() != splits.folds(10, 3, seed=5).tolist()
    with pytest.raises(ValueError, match="3 folds cannot be made of 2 rows"):
        splits.folds(2, 3, seed=0)


def test_rolling_origins_end_with_the_series_and_judge_no_step_twice():
    found = list(splits.rolling_origin(25, horizon=7, least=9))

    assert found == [(slice(0, 11), slice(11, 18)), (slice(0, 18), slice(18, 25))]
    with pytest.raises(ValueError, match="too short"):
        list(splits.rolling_origin(15, horizon=7, least=9))


RNG = np.random.default_rng(0)
HAPPENED = RNG.random(400) < 0.3
FAIR = {
    "sessions": RNG.poisson(3, 400).astype(float) + HAPPENED,
    "country": RNG.choice(["US", "DE"], 400),
    "user": np.array([f"u{i}" for i in range(400)]),
}


def test_fair_features_pass_and_ids_tell_nothing():
    check_leakage(FAIR, HAPPENED)


@pytest.mark.parametrize(
    "leak",
    [
        np.where(HAPPENED, 0.0, 5.0),
        np.where(HAPPENED, "cancelled", "open"),
        np.where(HAPPENED, np.nan, 1.0),  # unknown exactly where it happened
        np.where(HAPPENED, 0.0, RNG.choice([-1.0, 1.0], 400)),  # neither high nor low, but apart
    ],
)
def test_a_feature_that_tells_the_target_is_named(leak):
    with pytest.raises(LeakageError, match=r"^leak tells the target by itself") as refused:
        check_leakage({**FAIR, "leak": leak}, HAPPENED)

    assert refused.value.feature == "leak"


def test_a_feature_that_tells_the_amount_is_named():
    value = np.where(HAPPENED, RNG.lognormal(2, 1, 400), 0.0)
    leak = np.where(HAPPENED, value * 0.7, RNG.lognormal(2, 1, 400))

    check_leakage(FAIR, value)
    with pytest.raises(LeakageError, match=r"amount by itself \(rank correlation 1.000\)"):
        check_leakage({**FAIR, "net": leak}, value)
    with pytest.raises(LeakageError, match=r"^paid tells the target"):
        check_leakage({**FAIR, "paid": HAPPENED.astype(float)}, value)


def test_too_few_of_a_class_prove_no_leak():
    rare = np.zeros(400, dtype=bool)
    rare[:3] = True

    check_leakage({"first": np.arange(400.0)}, rare)
