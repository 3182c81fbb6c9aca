"""Every model on journeys small enough to do by hand, and inputs at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.engine.journeys import Journeys
from attribution.engine.multi_touch import (
    JOURNEY_MODELS,
    MODELS,
    channel_credit,
    journey_credit,
    journeys_credit,
)
from attribution.engine.shapley import exact_values

FIVE = [("a", "b", "Direct", "c", "DIRECT")]
AGES = [(21.0, 14.0, 14.0, 7.0, 0.0)]


def credit(paths, conversions, **options):
    return channel_credit(paths, conversions, **options)["conversions"].to_dict()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"a": 10}),
        ("last", {"DIRECT": 10}),
        ("last_non_direct", {"c": 10}),
        ("linear", {"a": 2, "b": 2, "Direct": 2, "c": 2, "DIRECT": 2}),
        # 2^-3, 2^-2, 2^-2, 2^-1, 1 of 17/8
        (
            "time_decay",
            {"a": 10 / 17, "b": 20 / 17, "Direct": 20 / 17, "c": 40 / 17, "DIRECT": 80 / 17},
        ),
        ("position_based", {"a": 4, "b": 2 / 3, "Direct": 2 / 3, "c": 2 / 3, "DIRECT": 4}),
        ("w_shaped", {"a": 3, "b": 0.5, "Direct": 3, "c": 0.5, "DIRECT": 3}),
    ],
)
def test_five_touches_by_hand(model, expected):
    given = credit(FIVE, [10], model=model, touch_ages=AGES)

    nothing = dict.fromkeys(["DIRECT", "Direct", "a", "b", "c"], 0.0)
    assert given == pytest.approx(nothing | expected, abs=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_one_touch_takes_it_all(model):
    table = channel_credit([("a",)], [3], [12.5], [4], model=model, touch_ages=[(2.0,)])

    assert table.loc["a"].tolist() == pytest.approx([3.0, 12.5])


@pytest.mark.parametrize("model", ["position_based", "w_shaped"])
def test_two_touches_share_half_each_by_position(model):
    assert credit([("a", "b")], [1], model=model) == {"a": 0.5, "b": 0.5}


def test_three_touches_share_a_w_equally():
    assert credit([("a", "b", "c")], [3], model="w_shaped") == pytest.approx(
        {"a": 1, "b": 1, "c": 1}
    )


def test_four_touches_leave_one_over_in_a_w():
    given = credit([("a", "b", "c", "d")], [10], model="w_shaped")

    assert given == pytest.approx({"a": 3, "b": 1, "c": 3, "d": 3})


def test_other_weights():
    given = credit([("a", "b", "c", "d")], [10], model="position_based", weights=(0.5, 0.2, 0.3))
    in_a_w = credit(
        [("a", "b", "c", "d", "e")], [10], model="w_shaped", weights=(0.2, 0.2, 0.2, 0.4)
    )

    assert given == pytest.approx({"a": 5, "b": 1, "c": 1, "d": 3})
    assert in_a_w == pytest.approx({"a": 2, "b": 2, "c": 2, "d": 2, "e": 2})


def test_all_direct_falls_back_to_the_last_touch():
    assert credit([("direct", "Direct")], [2], model="last_non_direct") == {
        "Direct": 2,
        "direct": 0,
    }


def test_repeats_count_once_only_where_channels_are_unique():
    paths = [("a", "a", "b")]

    assert credit(paths, [6], model="linear") == pytest.approx({"a": 4, "b": 2})
    assert credit(paths, [6], model="linear_unique") == {"a": 3, "b": 3}


def test_half_life_is_an_option():
    given = credit(
        [("a", "b")], [5], model="time_decay", half_life_days=1.0, touch_ages=[(2.0, 0.0)]
    )

    assert given == pytest.approx({"a": 1, "b": 4})


def test_great_ages_decay_without_vanishing():
    given = credit([("a", "b")], [3], model="time_decay", touch_ages=[(100_007.0, 100_000.0)])

    assert given == pytest.approx({"a": 1, "b": 2})


# Puzyrov (2019), "Markov chain attribution: simple explanation of removal effect": P = 0.8, without
# Google Ads 0.2, without mailing 0.4, so effects 0.75 and 0.5 and credits of 60 % and 40 %.
PUZYROV = ([("google",), ("mailing",), ("google", "mailing"), ("google",)], [2, 1, 1, 0])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_markov_as_published(order):
    given = credit(*PUZYROV, nulls=[0, 0, 0, 1], model="markov", order=order)

    assert given == pytest.approx({"google": 2.4, "mailing": 1.6}, rel=1e-12)


def test_markov_by_hand_on_three_channels():
    # C1-C2-C3 converts, C1 and C2-C3 do not.
    # start: C1 2/3, C2 1/3. C1: C2 1/2, null 1/2. C2: C3. C3: conversion 1/2. P = 1/3.
    # Without C1 1/6, so effect 1/2; without C2 or C3 nothing, so effect 1.
    paths = [("c1", "c2", "c3"), ("c1",), ("c2", "c3")]

    given = credit(paths, [1, 0, 0], nulls=[0, 1, 1], model="markov")

    assert given == pytest.approx({"c1": 0.2, "c2": 0.4, "c3": 0.4}, rel=1e-12)


def test_markov_remembers_what_order_asks_for():
    # Only b after a converts. Order 1 mixes both b; order 2 knows them apart, so c loses nothing.
    paths = [("a", "b"), ("c", "b")]

    first = credit(paths, [1, 0], nulls=[0, 1], model="markov", order=1)
    second = credit(paths, [1, 0], nulls=[0, 1], model="markov", order=2)

    assert first == pytest.approx({"a": 0.25, "b": 0.5, "c": 0.25})
    assert second == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.0})


def test_markov_weighs_money_at_the_last_state():
    # Each start 1/2, each converts; a's conversions are worth 30 and b's 10.
    table = channel_credit([("a",), ("b",)], [1, 1], [30, 10], model="markov")

    assert table["conversions"].tolist() == pytest.approx([1, 1])
    assert table["value"].tolist() == pytest.approx([30, 10])


def test_shapley_as_published():
    # "Data-driven marketing attribution" (Towards Data Science, 2018): 45.5 %, 34 %, 20.5 %.
    paths = [("F",), ("O",), ("L",), ("F", "O"), ("F", "L"), ("F", "O", "L")]

    given = credit(paths, [20, 10, 17, 17, 30, 6], model="shapley")

    assert given == pytest.approx({"F": 45.5, "L": 34.0, "O": 20.5})


def test_shapley_rate_by_hand():
    # Rates: v(a) = 1/2, v(b) = 1/4, v(ab) = 4/10. a: (1/2 + (4/10 - 1/4)) / 2 = .325; b: .075.
    given = credit([("a",), ("b",), ("b", "a")], [1, 1, 2], nulls=[1, 3, 2], model="shapley_rate")

    assert given == pytest.approx({"a": 3.25, "b": 0.75})


def test_shapley_rate_may_be_negative():
    # v(a) = 1, v(b) = 0, v(ab) = 1/10: b takes away more than it brings.
    given = credit([("a",), ("b", "a")], [1, 0], nulls=[0, 9], model="shapley_rate")

    assert given == pytest.approx({"a": 5.5, "b": -4.5})


def test_glove_game_has_the_textbook_values():
    # Players 0 and 1 hold left gloves, 2 the right one: 1/6, 1/6, 4/6.
    worth = np.array([[0, 0, 0, 0, 0, 1, 1, 1]], dtype=float)

    assert exact_values(worth, 3)[0].tolist() == pytest.approx([1 / 6, 1 / 6, 4 / 6])


def test_a_journey_touch_by_touch():
    table = journey_credit(["a", "b", "Direct"], [14.0, 7.0, 0.0])

    assert table["channel"].tolist() == ["a", "b", "Direct"]
    assert table["first"].tolist() == [1, 0, 0]
    assert table["last"].tolist() == [0, 0, 1]
    assert table["linear"].tolist() == pytest.approx([1 / 3] * 3)
    assert table["time_decay"].tolist() == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    assert table["position_based"].tolist() == pytest.approx([0.4, 0.2, 0.4])
    assert table[list(JOURNEY_MODELS)].sum().tolist() == pytest.approx([1.0] * 5, abs=1e-12)


def test_stored_touches_are_the_same_journeys():
    stored = Journeys.from_touches(
        ["Direct", "mail", "search"],
        [4, 4, 9, 12, 12, 12],
        [1, 2, 2, 2, 1, 0],
        conversions=[1, 0, 2],
        nulls=[0, 3, 0],
        values=[10, 0, 50],
        ages=[3, 1, 0, 9, 4, 2],
    )
    paths = [("mail", "search"), ("search",), ("search", "mail", "Direct")]

    for model in MODELS:
        from_text = channel_credit(
            paths,
            [1, 0, 2],
            [10, 0, 50],
            [0, 3, 0],
            model=model,
            touch_ages=[(3, 1), (0,), (9, 4, 2)],
        )
        assert from_text.equals(journeys_credit(stored, model=model)), model


@pytest.mark.parametrize("model", MODELS)
def test_no_paths_give_no_rows(model):
    table = channel_credit([], [], [], [], model=model)

    assert table.shape == (0, 2)
    assert list(table.columns) == ["conversions", "value"]
    assert table.index.name == "channel"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("nulls", [None, [5, 7]])
def test_nothing_converted_gives_nobody_credit(model, nulls):
    table = channel_credit(
        [("a", "b"), ("b",)], [0, 0], nulls=nulls, model=model, touch_ages=[(1, 0), (0,)]
    )

    assert table.to_numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("model", MODELS)
def test_money_on_paths_that_never_happened_is_shared_all_the_same(model):
    table = channel_credit([("a", "b")], [0], [8.0], model=model, touch_ages=[(0.0, 0.0)])

    assert table["value"].sum() == pytest.approx(8.0)
    assert table["conversions"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_path_that_weighs_nothing_leaves_the_chain_alone(order):
    alone = credit([("a", "b"), ("b",)], [1, 1], nulls=[1, 0], model="markov", order=order)
    beside = credit(
        [("a", "b"), ("b",), ("b", "z")], [1, 1, 0], nulls=[1, 0, 0], model="markov", order=order
    )

    assert beside == pytest.approx(alone | {"z": 0.0})


def test_more_channels_than_an_exact_sum_takes_are_refused_there_and_sampled_by_the_model():
    with pytest.raises(ValueError, match="n_players is 16"):
        exact_values(np.zeros((1, 1 << 16)), 16)

    paths = [(f"c{number:02}",) for number in range(40)] + [("c00", "c01")]
    once, again = (
        channel_credit(paths, [1] * 41, nulls=[1] * 41, model="shapley_rate", seed=3) for _ in "ab"
    )
    assert once.equals(again)
    assert once["conversions"].sum() == pytest.approx(41, rel=1e-12)


OK = {"paths": [("a", "b"), ("b",)], "conversions": [1, 2], "model": "linear"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "u_shaped"}, "model is 'u_shaped': choose one of first, last"),
        ({"paths": [("a",), ()]}, r"paths\[1\] is empty"),
        ({"paths": [("a",), "email"]}, r"paths\[1\] is text"),
        ({"paths": [("a",), (None,)]}, "paths: a channel is named by a text"),
        ({"paths": [("a",), ("",)]}, "paths: a channel is named by a text"),
        ({"conversions": [1]}, "conversions has shape"),
        ({"conversions": [1, float("nan")]}, r"conversions\[1\] is nan"),
        ({"conversions": [-1, 2]}, r"conversions\[0\] is -1"),
        ({"conversions": [1e308, 1e308]}, "conversions add up to more"),
        ({"nulls": [0, -2]}, r"nulls\[1\] is -2"),
        ({"nulls": [0, 1, 2]}, "nulls has shape"),
        ({"values": [float("inf"), 1]}, r"values\[0\] is inf"),
        ({"values": [3, -1]}, r"values\[1\] is -1"),
        ({"values": [3]}, "values has shape"),
        ({"model": "markov", "order": 0}, "order is 0"),
        ({"model": "markov", "order": 4}, "order is 4"),
        ({"model": "time_decay"}, "touch_ages is missing"),
        ({"model": "time_decay", "touch_ages": [(1, 0)]}, "touch_ages has 1 entries for 2 paths"),
        ({"model": "time_decay", "touch_ages": [(1, 0), (1, 0)]}, r"touch_ages\[1\] has 2 entries"),
        ({"model": "time_decay", "touch_ages": [(1, -1), (0,)]}, r"ages\[1\] is -1"),
        (
            {"model": "time_decay", "touch_ages": [(1, 0), (0,)], "half_life_days": 0},
            "half_life_days",
        ),
        ({"model": "position_based", "weights": (0.5, 0.5)}, "weights has 2 entries"),
        ({"model": "position_based", "weights": (0.5, 0.5, 0.5)}, "add up to 1"),
        ({"model": "w_shaped", "weights": (0.6, 0.6, -0.2, 0)}, "zero or more"),
        ({"model": "w_shaped", "weights": (0, 0, 0, 1)}, "must not all be zero"),
    ],
)
def test_a_wrong_argument_is_named(change, told):
    assert channel_credit(**OK)["conversions"].tolist() == [0.5, 2.5]
    with pytest.raises(ValueError, match=told):
        channel_credit(**(OK | change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"journey_ids": [2, 1]}, "journey_ids must not fall"),
        ({"journey_ids": [1]}, "journey_ids has shape"),
        ({"channel_ids": [0, 2]}, "channels: ids must lie between 0 and 1"),
        ({"conversions": [1]}, "conversions has shape"),
        ({"ages": [1]}, "ages has shape"),
    ],
)
def test_wrong_stored_touches_are_refused(change, told):
    given = {"journey_ids": [1, 2], "channel_ids": [0, 1], "conversions": [1, 1]}

    assert len(Journeys.from_touches(["a", "b"], **given).lengths) == 2
    with pytest.raises(ValueError, match=told):
        Journeys.from_touches(["a", "b"], **(given | change))
