"""How far rows have moved from a reference, and when that began."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.learning.drift import (
    Calibration,
    Histogram,
    Moved,
    calibration_groups,
    calibration_of,
    chance_of,
    moved,
    moved_since,
    reference_of,
    verdict,
)
from mlops.engine.learning.metrics import stability_index, stability_index_of_levels

NAN = float("nan")


def test_index_has_the_value_that_a_hand_finds() -> None:
    before = np.repeat(["a", "b"], [50, 50])
    now = np.repeat(["a", "b"], [80, 20])

    found = Histogram.learn(before).moved(now)

    # (0.8 − 0.5)·ln(0.8/0.5) + (0.2 − 0.5)·ln(0.2/0.5)
    assert found == pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5))


def test_a_histogram_tells_what_the_rows_themselves_do() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=2_000), rng.normal(0.5, 1.5, size=900)
    before[:100], now[:300] = NAN, NAN
    levels, later = rng.choice(["a", "b", "c"], 500), rng.choice(["b", "c"], 400)

    kept = Histogram.from_json(Histogram.learn(before).as_json())

    assert kept.moved(now) == pytest.approx(stability_index(before, now))
    assert Histogram.learn(levels).moved(later) == pytest.approx(
        stability_index_of_levels(levels, later)
    )


def test_a_level_that_was_never_seen_and_unknown_numbers_count_as_moved() -> None:
    assert Histogram.learn(np.array(["a"] * 90 + ["b"] * 10)).moved(np.array(["z"] * 100)) > 5
    assert Histogram.learn(np.arange(100.0)).moved(np.full(100, NAN)) > 5
    assert Histogram.learn(np.arange(100.0)).moved(np.empty(0)) == 0


def test_rare_levels_stand_together_as_other() -> None:
    many = np.array([f"level {n:03d}" for n in range(80)] * 5)

    kept = Histogram.learn(many)

    assert len(kept.levels or ()) == 50
    assert kept.counts[-1] == 30 * 5
    assert kept.moved(many) == 0


@given(st.lists(st.floats(-1e6, 1e6) | st.just(NAN), min_size=1, max_size=60), st.integers(1, 9))
def test_the_same_rows_have_not_moved_however_often_they_stand_there(
    values: list[float], times: int
) -> None:
    rows = np.array(values)

    assert Histogram.learn(rows).moved(np.tile(rows, times)) == pytest.approx(0, abs=1e-12)


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=40),
)
def test_an_index_is_never_below_nothing(before: list[str], now: list[str]) -> None:
    assert Histogram.learn(np.array(before)).moved(np.array(now)) >= 0


def _weeks(factors: list[float]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(3)
    rows = np.concatenate([rng.exponential(factor, 700) for factor in factors])
    days = np.datetime64("2026-09-07") + np.arange(7 * len(factors)).repeat(100)
    return {"minutes": rows}, days


def test_the_stretch_begins_with_its_first_moved_week() -> None:
    rows, days = _weeks([1, 1, 5, 5, 5])
    reference = reference_of({"minutes": rows["minutes"][:1_400]}, np.zeros(2))

    assert moved_since(reference, rows, days, limit=0.25, least=100) == date(2026, 9, 21)
    assert moved_since(reference, *_weeks([5, 5, 1]), limit=0.25, least=100) is None
    assert moved_since(reference, rows, days, limit=0.25, least=800) is None
    assert moved_since(reference, {}, days[:0], limit=0.25, least=1) is None


def test_features_are_told_worst_first_and_what_is_missing_is_left_out() -> None:
    rng = np.random.default_rng(2)
    rows = {"still": rng.normal(size=500), "far": rng.normal(size=500), "gone": np.ones(500)}
    reference = reference_of(rows, np.linspace(0, 1, 500))

    found = moved(reference, {"still": rows["still"], "far": rows["far"] + 3}, np.full(500, 0.9))

    assert list(found.features) == ["far", "still"]
    assert found.most == found.features["far"] > 1
    assert found.beyond(0.25) == {"far": found.most}
    assert found.score > 1


@pytest.mark.parametrize(
    ("found", "calibration", "is_moved", "words"),
    [
        (Moved({"a": 0.1}, 0.1), None, False, "Stable: .*; a has moved most"),
        (Moved({"a": 0.4, "b": 0.3, "c": 0.3, "d": 0.3}, 0), None, True, "a 0.40, .* and 1 more"),
        (Moved({}, 0.5), None, True, "What it predicts has moved: 0.50"),
        (Moved({}, 0.0), Calibration(0.2, 0.05), True, r"off by 0\.200 \(limit 0\.050\)"),
        (Moved({}, 0.0), Calibration(0.02, 0.05), False, "Stable"),
    ],
)
def test_verdict_is_a_sentence(found, calibration, is_moved, words) -> None:
    import re

    said, text = verdict(found, calibration, limit=0.25)

    assert said is is_moved
    assert re.search(words, text)


def test_calibration_of_chances_and_of_amounts() -> None:
    rng = np.random.default_rng(4)
    chance = rng.random(4_000)
    came = (rng.random(4_000) < chance).astype(float)

    assert not calibration_of(came, chance, is_chance=True).is_off
    assert calibration_of(came, chance**3, is_chance=True).is_off
    assert calibration_of(np.full(9, 10.0), np.full(9, 12.0), is_chance=False).error == (
        pytest.approx(0.2)
    )
    assert calibration_of(np.zeros(9), np.ones(9), is_chance=False).is_off


def test_groups_of_calibration_are_of_equal_size_and_in_order() -> None:
    predicted = np.linspace(0, 1, 100)

    groups = calibration_groups((predicted > 0.5).astype(float), predicted)

    assert [rows for _, _, rows in groups] == [10] * 10
    assert [came for _, came, _ in groups] == [0] * 5 + [1] * 5
    assert groups[0][0] == pytest.approx(predicted[:10].mean())


def test_calibration_does_not_hang_on_the_order_of_rows_of_one_probability() -> None:
    chance = np.repeat([0.2, 0.9], [1_000, 9_000])
    came = np.concatenate([np.arange(1_000) < 200, np.arange(9_000) < 8_100]).astype(float)

    # In this order those who left come first among equals, as rows of a table may.
    assert calibration_of(came, chance, is_chance=True).error == pytest.approx(0, abs=1e-12)
    assert {round(share, 9) for _, share, _ in calibration_groups(came, chance)} == {0.2, 0.9}


def test_few_groups_move_by_chance_what_many_do_not() -> None:
    rng = np.random.default_rng(4)
    reference = reference_of({"spend": rng.normal(size=4_000)}, rng.normal(size=4_000))

    def chance(groups: int) -> float:
        owner = np.repeat(np.arange(groups), 14)
        rows = {"spend": rng.normal(size=groups)[owner]}
        found = chance_of(reference, rows, np.empty(0), owner)
        assert found.score == 0
        return found.features["spend"]

    assert chance(20) > 0.6 > 0.25 > chance(400)
    assert chance_of(reference, {"spend": np.empty(0)}, np.empty(0), np.empty(0, dtype=int)) == (
        Moved({"spend": 0.0}, 0.0)
    )


def test_what_chance_may_move_is_no_drift_and_what_it_may_not_is() -> None:
    chance = Moved({"spend": 0.6, "cost": 0.1}, 0.5)

    still = verdict(Moved({"spend": 0.5, "cost": 0.2}, 0.4), None, limit=0.25, chance=chance)
    far = verdict(Moved({"spend": 0.5, "cost": 0.3}, 0.4), None, limit=0.25, chance=chance)

    assert still == (
        False,
        "Stable: nothing has moved further than chance may move it; spend has moved most (0.50).",
    )
    assert far == (True, "What it reads has moved: cost 0.30 (limit 0.25).")
