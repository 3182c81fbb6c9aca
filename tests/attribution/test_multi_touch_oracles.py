"""The models against brute force, other people's programs, and what must always hold."""

from __future__ import annotations

import csv
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine import shapley
from attribution.engine.journeys import Journeys
from attribution.engine.markov import Chain, Steps
from attribution.engine.multi_touch import (
    LEARNED_MODELS,
    MODELS,
    bootstrap_intervals,
    channel_credit,
    journey_credit,
)

PATHS = Path(__file__).parent / "data" / "paths.csv"
FEW = settings(max_examples=20, deadline=None)
CHANNELS = "abcd"

channel = st.sampled_from(CHANNELS)
row = st.tuples(
    st.lists(st.tuples(channel, st.floats(0, 90)), min_size=1, max_size=6),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 500),
)
# Money needs a conversion for a mean value to exist.
rows = st.lists(row.map(lambda r: (r[0], r[1], r[2], r[3] if r[1] else 0)), min_size=1, max_size=9)
models = st.sampled_from(
    [(model, 1) for model in MODELS if model != "markov"] + [("markov", k) for k in (1, 2, 3)]
)


def run(given_rows, model, order=1, **options):
    return channel_credit(
        [tuple(name for name, _ in touches) for touches, *_ in given_rows],
        [conversions for _, conversions, _, _ in given_rows],
        [value for *_, value in given_rows],
        [nulls for _, _, nulls, _ in given_rows],
        model=model,
        order=order,
        touch_ages=[tuple(age for _, age in touches) for touches, *_ in given_rows],
        **options,
    )


def solved_in_fractions(chain, reward, banned):
    """Expected reward from the start, by elimination without rounding."""
    states = [s for s in chain if banned not in s]
    place = {state: number for number, state in enumerate(states)}
    table = []
    for state in states:
        line = [Fraction(int(state == other)) for other in states] + [
            reward.get(state, Fraction(0))
        ]
        for other, share in chain[state].items():
            if other in place:
                line[place[other]] -= share
        table.append(line)
    for pivot in range(len(states)):
        swap = next(r for r in range(pivot, len(states)) if table[r][pivot] != 0)
        table[pivot], table[swap] = table[swap], table[pivot]
        table[pivot] = [x / table[pivot][pivot] for x in table[pivot]]
        for other in range(len(states)):
            if other != pivot:
                factor = table[other][pivot]
                pairs = zip(table[other], table[pivot], strict=True)
                table[other] = [x - factor * y for x, y in pairs]
    return table[place[next(iter(chain))]][-1]


def markov_in_fractions(given_rows, order):
    """Credits of the Markov model from its definition, with tuples as states."""
    start = ("",) * order
    counts, converted, earned = {start: {}}, {}, {}
    for touches, conversions, nulls, value in given_rows:
        state, weight = start, conversions + nulls
        for name, _ in touches:
            following = (*state[1:], name)
            counts.setdefault(following, {})
            if weight:
                counts[state][following] = counts[state].get(following, 0) + weight
            state = following
        converted[state] = converted.get(state, 0) + conversions
        earned[state] = earned.get(state, 0) + value
        counts[state][None] = counts[state].get(None, 0) + weight
    out = {state: sum(moves.values()) for state, moves in counts.items()}
    chain = {
        state: {to: Fraction(n, out[state]) for to, n in moves.items() if to is not None and n}
        for state, moves in counts.items()
    }
    credits = []
    for rewards in (converted, earned):
        reward = {s: Fraction(x, out[s]) for s, x in rewards.items() if x and out[s]}
        whole = solved_in_fractions(chain, reward, "nobody")
        names = sorted({name for touches, *_ in given_rows for name, _ in touches})
        lost = [1 - solved_in_fractions(chain, reward, n) / whole if whole else 0 for n in names]
        scale = sum(rewards.values()) / sum(lost) if sum(lost) else 0
        credits.append([float(x * scale) for x in lost])
    return credits


@pytest.mark.parametrize("order", [1, 2, 3])
@settings(max_examples=12, deadline=None)
@given(given_rows=rows)
def test_markov_is_its_definition(order, given_rows):
    table = run(given_rows, "markov", order)

    conversions, value = markov_in_fractions(given_rows, order)
    assert table["conversions"].tolist() == pytest.approx(conversions, rel=1e-9, abs=1e-12)
    assert table["value"].tolist() == pytest.approx(value, rel=1e-9, abs=1e-12)


def shapley_over_all_orders(names, worth):
    """Mean gain of each channel over every order of joining."""
    orders = list(permutations(names))
    gains = dict.fromkeys(names, 0.0)
    for order in orders:
        for number, name in enumerate(order):
            gains[name] += worth(set(order[: number + 1])) - worth(set(order[:number]))
    return {name: gain / len(orders) for name, gain in gains.items()}


@FEW
@given(rows)
def test_shapley_is_the_mean_over_all_orders(given_rows):
    names = sorted({name for touches, *_ in given_rows for name, _ in touches})

    def inside(coalition, column):
        return sum(r[column] for r in given_rows if {name for name, _ in r[0]} <= coalition)

    def rate(coalition):
        journeys = inside(coalition, 1) + inside(coalition, 2)
        return inside(coalition, 1) / journeys if journeys else 0.0

    journeys = sum(r[1] + r[2] for r in given_rows)
    by_sum = shapley_over_all_orders(names, lambda coalition: inside(coalition, 3))
    by_rate = shapley_over_all_orders(names, lambda coalition: rate(coalition) * journeys)
    assert run(given_rows, "shapley")["value"].to_dict() == pytest.approx(by_sum)
    rates = run(given_rows, "shapley_rate")["conversions"].to_dict()
    assert rates == pytest.approx(by_rate, abs=1e-9)


def test_drawn_orders_come_near_the_exact_values():
    rng = np.random.default_rng(5)
    touches = rng.integers(0, 8, 1_200)
    journeys = Journeys.from_touches(
        list("abcdefgh"),
        np.repeat(np.arange(300), 4),
        touches,
        conversions=rng.integers(0, 3, 300),
        nulls=rng.integers(0, 9, 300),
    )
    sets = shapley.ChannelSets.of(journeys)
    counts = sets.totals(journeys.conversions + journeys.nulls)
    earned = sets.totals(journeys.conversions)[None]

    exact = shapley.exact_values(shapley._rates_of_all_coalitions(sets, counts, earned), 8)
    drawn = shapley._sampled(sets, counts, earned, np.random.default_rng(0), 8_000)

    assert drawn == pytest.approx(exact, abs=0.004)
    assert drawn.sum() == pytest.approx(exact.sum(), rel=1e-12)


@pytest.mark.parametrize("n_channels", [40, 70])
def test_many_channels_share_as_few_do(n_channels):
    paths = [(f"c{n}", f"c{(n * 7 + 3) % n_channels}", f"c{n}") for n in range(n_channels)]

    table = channel_credit(paths, range(n_channels), model="shapley")

    expected = dict.fromkeys({name for path in paths for name in path}, 0.0)
    for number, path in enumerate(paths):
        for name in set(path):
            expected[name] += number / len(set(path))
    assert table["conversions"].to_dict() == pytest.approx(expected)


@pytest.fixture(scope="module")
def published():
    """Four hundred rows of the sample that the Markov libraries share."""
    with PATHS.open() as lines:
        table = list(csv.DictReader(lines))
    return {
        "paths": [tuple(r["path"].split(" > ")) for r in table],
        "conversions": [int(r["total_conversions"]) for r in table],
        "values": [float(r["total_conversion_value"]) for r in table],
        "nulls": [int(r["total_null"]) for r in table],
    }


def effects(published, order):
    journeys = Journeys.from_paths(*published.values())
    chain = Chain.counted(
        Steps.of(journeys, order), journeys.conversions, journeys.nulls, journeys.values
    )
    return [dict(zip(journeys.names, effect, strict=True)) for effect in chain.removal_effects()]


def test_removal_effects_equal_those_of_mam(published):
    # marketing-attribution-models 2.1.1, MAM(...).run_markov().metadata["removal_effect"]
    mam = {
        "alpha": 0.313833,
        "beta": 0.390115,
        "epsilon": 0.102132,
        "eta": 0.679534,
        "gamma": 0.056000,
        "iota": 0.414376,
        "kappa": 0.029579,
        "lambda": 0.152019,
        "theta": 0.204260,
        "zeta": 0.085442,
    }

    assert effects(published, 1)[0] == pytest.approx(mam, abs=5.1e-7)


# ChannelAttribution 2.2.5, markov_model(..., conv_par=0.02, nsim_start=1e5): effects on conversions
# and on money, channels as in GREEK. It simulates, so its own last digits move.
SIMULATED = {
    1: (
        "0.682 0.414 0.314 0.386 0.029 0.202 0.148 0.086 0.101 0.055",
        "0.632 0.405 0.308 0.371 0.028 0.201 0.162 0.081 0.096 0.141",
    ),
    2: (
        "0.673 0.383 0.293 0.372 0.024 0.187 0.137 0.088 0.092 0.053",
        "0.629 0.396 0.362 0.369 0.024 0.180 0.163 0.073 0.100 0.136",
    ),
    3: (
        "0.668 0.359 0.293 0.347 0.026 0.174 0.123 0.084 0.091 0.059",
        "0.593 0.340 0.374 0.342 0.026 0.169 0.128 0.070 0.085 0.150",
    ),
}
GREEK = ["eta", "iota", "alpha", "beta", "kappa", "theta", "lambda", "zeta", "epsilon", "gamma"]


@pytest.mark.parametrize("order", SIMULATED)
def test_removal_effects_lie_where_channelattribution_simulates_them(published, order):
    for ours, simulated in zip(effects(published, order), SIMULATED[order], strict=True):
        theirs = [float(effect) for effect in simulated.split()]
        assert [ours[name] for name in GREEK] == pytest.approx(theirs, abs=0.02)


@FEW
@given(rows, models)
def test_credits_add_up_and_are_not_negative(given_rows, model):
    table = run(given_rows, *model)

    assert table["conversions"].sum() == pytest.approx(sum(r[1] for r in given_rows), rel=1e-9)
    assert table["value"].sum() == pytest.approx(sum(r[3] for r in given_rows), rel=1e-9)
    if model[0] != "shapley_rate":
        assert (table.to_numpy() >= 0).all()


@FEW
@given(rows, models, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_rows, model, random):
    shuffled = random.sample(given_rows, len(given_rows))

    assert run(shuffled, *model).to_numpy() == pytest.approx(
        run(given_rows, *model).to_numpy(), rel=1e-9, abs=1e-9
    )


@FEW
@given(rows, models)
def test_names_do_not_matter(given_rows, model):
    new = {"a": "zeta", "b": "Email", "c": "a", "d": "paid search"}
    renamed = [([(new[n], age) for n, age in touches], *rest) for touches, *rest in given_rows]

    before, after = run(given_rows, *model), run(renamed, *model)

    assert after.to_numpy() == pytest.approx(
        before.rename(new).loc[after.index].to_numpy(), rel=1e-9, abs=1e-9
    )


@FEW
@given(rows, models, st.integers(2, 1_000))
def test_credits_scale_with_the_counts(given_rows, model, factor):
    scaled = [(touches, *(factor * x for x in numbers)) for touches, *numbers in given_rows]

    assert run(scaled, *model).to_numpy() == pytest.approx(
        factor * run(given_rows, *model).to_numpy(), rel=1e-9, abs=1e-9
    )


@FEW
@given(rows, models)
def test_a_row_may_come_in_two_parts(given_rows, model):
    halves = [
        (touches, *part)
        for touches, *numbers in given_rows
        for part in ([x // 2 for x in numbers], [x - x // 2 for x in numbers])
    ]

    assert run(halves, *model).to_numpy() == pytest.approx(
        run(given_rows, *model).to_numpy(), rel=1e-9, abs=1e-9
    )


@FEW
@given(rows, models)
def test_a_second_run_gives_the_same_bits(given_rows, model):
    assert (
        run(given_rows, *model).to_numpy().tobytes() == run(given_rows, *model).to_numpy().tobytes()
    )


@FEW
@given(rows)
def test_each_model_shares_a_journey_once(given_rows):
    for touches, *_ in given_rows:
        names, ages = zip(*touches, strict=True)
        shares = journey_credit(names, ages).drop(columns="channel")
        assert shares.sum().tolist() == pytest.approx([1.0] * 5, abs=1e-9)


@pytest.mark.parametrize("model", LEARNED_MODELS)
def test_intervals_hold_the_credit_and_repeat(published, model):
    once, again = (bootstrap_intervals(**published, model=model, replicates=40) for _ in "ab")
    point = channel_credit(**published, model=model)

    assert once.equals(again)
    for column in ("conversions", "value"):
        assert (once[f"{column}_low"] < point[column]).all()
        assert (point[column] < once[f"{column}_high"]).all()


def test_intervals_have_the_width_of_counted_journeys():
    # Credits of one-touch paths are the counts themselves: Poisson, 100 ± 1.96 · 10.
    bounds = bootstrap_intervals(
        [("a",), ("b",)], [100, 400], [1_000, 400], model="shapley", replicates=1_500, seed=1
    )

    assert bounds.loc["a"].tolist() == pytest.approx([81, 120, 810, 1_200], rel=0.02)
    assert bounds.loc["b"].tolist() == pytest.approx([361, 440, 361, 440], rel=0.01)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "linear"}, "intervals exist for markov, shapley"),
        ({"model": "none"}, "choose one of"),
        ({"replicates": 1}, "replicates is 1"),
        ({"level": 1.0}, "level is 1.0"),
    ],
)
def test_wrong_options_of_intervals_are_named(change, told):
    fine = {"model": "shapley", "replicates": 2, "level": 0.5}

    assert len(bootstrap_intervals([("a",)], [1], **fine)) == 1
    with pytest.raises(ValueError, match=told):
        bootstrap_intervals([("a",)], [1], **(fine | change))
