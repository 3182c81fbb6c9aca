"""Who gets which variant: the same in every language, even, independent, and steady."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.engine.assignment import (
    REASONS,
    Holdout,
    Reason,
    TestPlan,
    assign,
    assign_many,
)
from experiments.engine.hashing import bucket, buckets, fnv1a32
from experiments.engine.targeting import Facts, Targeting
from tests.experiments.assignment_vectors import plans, vectors

HALVES = (("control", 5_000), ("b", 5_000))
MANY = [f"visitor-{number}" for number in range(200_000)]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
shares = st.integers(0, 10_000)


def test_printed_values_of_fnv1a() -> None:
    """From the test suite of its authors."""
    assert [fnv1a32(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


def test_vectors_one_by_one() -> None:
    assert len(vectors()) == 10_000
    for vector in vectors():
        assert fnv1a32(vector.unit) == vector.hashed
        assert bucket(vector.seed, vector.unit) == vector.bucket
        plan = TestPlan("test", vector.seed, plans()[vector.plan])
        assert assign(plan, vector.unit).variant == vector.variant


@pytest.mark.parametrize("seed", sorted({vector.seed for vector in vectors()}))
def test_vectors_in_bulk(seed: str) -> None:
    mine = [vector for vector in vectors() if vector.seed == seed]
    units = [vector.unit for vector in mine]

    assert buckets(seed, units).tolist() == [vector.bucket for vector in mine]
    for number, variants in enumerate(plans()):
        found = assign_many(TestPlan("test", seed, variants), units).variants
        told = [variants[place][0] for place in found]
        wanted = [vector.variant for vector in mine]
        here = [at for at, vector in enumerate(mine) if vector.plan == number]
        assert [told[at] for at in here] == [wanted[at] for at in here]


@given(texts, st.lists(texts, max_size=30))
def test_bulk_is_one_by_one(seed: str, units: list[str]) -> None:
    assert buckets(seed, units).tolist() == [bucket(seed, unit) for unit in units]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        bucket("seed", "\ud83d")


@pytest.mark.parametrize("seed", ["", "a3f09c11d2e4b765", "a3f09c11d2e4b766"])
def test_buckets_are_even(seed: str) -> None:
    counts = np.bincount(buckets(seed, MANY) // 10, minlength=1_000)

    assert stats.chisquare(counts).pvalue > 0.001


def test_seeds_are_independent() -> None:
    """Also those that differ in one character, and those that a test derives from its own."""
    split = [
        buckets(seed, MANY) // 500
        for seed in ("s-1", "s-2", "s-1/traffic", "a3f09c11d2e4b765", "a3f09c11d2e4b766")
    ]
    for place, one in enumerate(split):
        for other in split[place + 1 :]:
            table = np.bincount(one * 20 + other, minlength=400).reshape(20, 20)
            assert stats.chi2_contingency(table).pvalue > 0.001


def test_neighbouring_units_are_independent() -> None:
    found = buckets("seed", MANY)

    table = np.histogram2d(found[:-1], found[1:], bins=20)[0]

    assert stats.chi2_contingency(table).pvalue > 0.001


def test_order_of_the_rules() -> None:
    """Somebody whom everything refuses is told the first reason."""
    shop = Targeting(pages=("/shop/*",))
    full = Holdout("holdout", 10_000)
    closed = TestPlan("t", "s", HALVES, 0, "layer", 0, 0, shop)
    in_layer = TestPlan("t", "s", HALVES, 0, targeting=shop)
    in_traffic = TestPlan("t", "s", HALVES, targeting=shop)

    assert assign(closed, "u", holdout=full).reason == Reason.HOLDOUT
    assert assign(closed, "u").reason == Reason.LAYER
    assert assign(in_layer, "u").reason == Reason.TRAFFIC
    assert assign(in_traffic, "u").reason == Reason.TARGETING
    assert assign(in_traffic, "u", Facts(url="/shop/")).reason == Reason.ASSIGNED
    assert assign(closed, "u", holdout=full, known="b").variant == "b"
    assert assign(closed, "u", known="gone").reason == Reason.WITHDRAWN
    assert assign(closed, "u", known="b", forced="control").reason == Reason.FORCED
    assert assign(in_layer, "u", forced="gone").reason == Reason.TRAFFIC


@given(
    st.lists(shares, min_size=1, max_size=4),
    shares,
    st.tuples(shares, shares),
    shares,
    st.lists(st.tuples(texts, st.booleans(), st.integers(-1, 1)), max_size=20),
)
def test_many_is_one_by_one(
    cuts: list[int],
    traffic: int,
    slot: tuple[int, int],
    held: int,
    units: list[tuple[str, bool, int]],
) -> None:
    edges = [0, *sorted(cuts), 10_000]
    variants = tuple((f"v{n}", edges[n + 1] - edges[n]) for n in range(len(edges) - 1))
    low, high = sorted(slot)
    plan = TestPlan(
        "t", "s", variants, traffic, "layer", low, high, targeting=Targeting(devices=("mobile",))
    )
    holdout = Holdout("h", held)

    found = assign_many(
        plan,
        [unit for unit, _, _ in units],
        holdout=holdout,
        fits=np.array([fits for _, fits, _ in units], bool),
        known=np.array([known for _, _, known in units], np.int16),
    )

    for place, (unit, fits, known) in enumerate(units):
        facts = Facts(device="mobile" if fits else "desktop")
        one = assign(
            plan, unit, facts, holdout=holdout, known=variants[known][0] if known >= 0 else ""
        )
        number = found.variants[place]
        assert (one.variant, one.reason) == (
            None if number < 0 else variants[number][0],
            REASONS[found.reasons[place]],
        )


@given(shares, shares)
def test_traffic_only_adds_or_removes(less: int, more: int) -> None:
    less, more = sorted((less, more))
    units = MANY[:2_000]
    before = assign_many(TestPlan("t", "s", HALVES, less), units).variants
    after = assign_many(TestPlan("t", "s", HALVES, more), units).variants

    assert (after[before >= 0] == before[before >= 0]).all()


@given(shares, shares)
def test_weights_move_only_whom_the_edge_passes(one: int, other: int) -> None:
    units = MANY[:2_000]
    found = buckets("s", units)
    moved = (
        assign_many(TestPlan("t", "s", (("a", one), ("b", 10_000 - one))), units).variants
        != assign_many(TestPlan("t", "s", (("a", other), ("b", 10_000 - other))), units).variants
    )

    low, high = sorted((one, other))
    assert (moved == ((found >= low) & (found < high))).all()


@given(st.lists(shares, min_size=1, max_size=5), st.integers(0, 50))
def test_tests_of_a_layer_never_share_a_unit(cuts: list[int], salt: int) -> None:
    edges = [0, *sorted(cuts), 10_000]
    units = [f"{salt}-{number}" for number in range(1_000)]
    plans_of_layer = [
        TestPlan(f"t{low}", f"seed-{low}", HALVES, 10_000, "layer", low, high)
        for low, high in pairwise(edges)
    ]

    times = sum(assign_many(plan, units).variants >= 0 for plan in plans_of_layer)

    assert (times == 1).all()


def test_the_holdout_is_in_no_test() -> None:
    holdout = Holdout("holdout", 1_000)
    held = [unit for unit in MANY[:5_000] if bucket("holdout", unit) < 1_000]
    assert len(held) == 503

    for seed in ("a", "b"):
        found = assign_many(TestPlan(seed, seed, HALVES), held, holdout=holdout)
        assert (found.variants == -1).all()


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"variants": (("a", 5_000), ("b", 4_999))}, "variants: weights are 9999 in all"),
        ({"variants": (("a", -1), ("b", 10_001))}, "variants: weights"),
        ({"variants": (("a", 5_000), ("a", 5_000))}, "variants: a key of"),
        ({"traffic": 10_001}, "traffic: 10001 is no share"),
        ({"layer_from": 2, "layer_to": 1}, "layer_from: 2 to 1 is no slot"),
    ],
)
def test_what_is_no_plan_is_refused(plan: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TestPlan(**{"key": "t", "seed": "s", "variants": HALVES, **plan})


def test_arrays_of_another_length_are_refused() -> None:
    plan = TestPlan("t", "s", HALVES)

    with pytest.raises(ValueError, match="fits: 1 values for 2 units"):
        assign_many(plan, ["a", "b"], fits=np.ones(1, bool))
    with pytest.raises(ValueError, match="share: -1 is no share"):
        Holdout("h", -1)
