"""Recommendations from a funnel's counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from attribution.engine.funnel_advice import (
    FunnelFigures,
    Kind,
    LandingPage,
    Segment,
    StepCount,
    advise,
)
from attribution.engine.proportions import sample_size_per_arm, two_proportion_p

NAMES = ("Product", "Cart", "Checkout", "Purchase")


def figures(*reached, segments=(), landings=(), p90=(), days=28.0):
    times = p90 or [None] * len(reached)
    steps = tuple(
        StepCount(name, count, p90_seconds=seconds)
        for name, count, seconds in zip(NAMES, reached, times, strict=False)
    )
    return FunnelFigures(days=days, steps=steps, segments=segments, landings=landings)


def test_the_worst_step_is_where_a_tenth_won_back_is_worth_most():
    """Most people are lost at the first step; at the second each of them is worth more."""
    (advice,) = advise(figures(10_000, 5_000, 1_000, 800))

    assert advice.kind is Kind.WORST_STEP
    assert advice.area == "Cart → Checkout"
    # A tenth of 4,000, of whom 80 % convert.
    assert advice.expected_gain == pytest.approx(320)
    assert advice.problem == (
        "4,000 of 5,000 people who reached “Cart” did not go on to “Checkout” (80.0 %)."
    )
    assert advice.impact == "About 320.0 conversions in a period like this one, 40.0 % more."
    assert advice.steps[0] == "Offer to buy without an account."
    assert advice.test.baseline == pytest.approx(0.2)
    assert advice.test.target == pytest.approx(0.28)
    assert advice.test.per_arm == sample_size_per_arm(0.2, 0.28)
    # Two arms out of 5,000 people in 28 days.
    assert advice.test.days == -(-2 * advice.test.per_arm * 28 // 5_000)


def test_a_step_that_nobody_passes_is_the_worst_and_nothing_is_sure():
    (advice,) = advise(figures(1_000, 900, 0, 0))

    assert advice.area == "Cart → Checkout"
    assert advice.confidence == 0
    assert "where there were none" in advice.impact


def test_a_segment_behind_the_others_is_found_where_it_falls_behind():
    segments = (
        Segment("device", "desktop", (6_000, 3_000, 1_500, 1_200)),
        Segment("device", "mobile", (4_000, 2_000, 400, 320)),
    )

    found = advise(figures(10_000, 5_000, 1_900, 1_520, segments=segments))
    gap = next(one for one in found if one.kind is Kind.SEGMENT_GAP)

    assert gap.area == "visitors on mobile at Cart → Checkout"
    # 50 % instead of 20 % of 2,000, of whom 80 % convert.
    assert gap.expected_gain == pytest.approx(480)
    assert gap.evidence["rest_rate"] == 0.5
    assert gap.confidence > 0.999
    # The desktop is behind nobody.
    assert sum(one.kind is Kind.SEGMENT_GAP for one in found) == 1
    assert found[0] is gap


def test_chance_alone_makes_no_gap():
    """5 % apart in 200 people each happens all the time, more so among many comparisons."""
    segments = (
        Segment("device", "desktop", (200, 110)),
        Segment("device", "mobile", (200, 100)),
    )

    found = advise(figures(400, 210, segments=segments))

    assert [one.kind for one in found] == [Kind.WORST_STEP]


def test_segments_are_compared_inside_their_dimension_only():
    segments = (
        Segment("device", "mobile", (5_000, 500)),
        Segment("source", "google", (5_000, 4_000)),
    )

    found = advise(figures(5_000, 4_000, segments=segments))

    assert [one.kind for one in found] == [Kind.WORST_STEP]


def test_a_slow_step_is_slower_than_the_others_by_far():
    found = advise(figures(10_000, 9_000, 8_000, 4_000, p90=(None, 30.0, 40.0, 700.0)))
    slow = next(one for one in found if one.kind is Kind.SLOW_STEP)

    assert slow.area == "Checkout → Purchase"
    assert "11.7 minutes" in slow.problem
    # One in twenty of 4,000.
    assert slow.expected_gain == pytest.approx(200)
    # The worst step is the same one: time alone is worth less trust.
    worst = next(one for one in found if one.kind is Kind.WORST_STEP)
    assert slow.confidence == pytest.approx(worst.confidence / 2)


@pytest.mark.parametrize("p90", [(None, 1.0, 1.0, 50.0), (None, 90.0, 90.0, 300.0)])
def test_neither_seconds_nor_a_little_more_than_others_is_slow(p90):
    found = advise(figures(10_000, 9_000, 8_000, 4_000, p90=p90))

    assert Kind.SLOW_STEP not in [one.kind for one in found]


def test_a_landing_page_that_people_leave_at_once():
    landings = (
        LandingPage("/", 5_000, 2_000, 150),
        LandingPage("/sale", 1_000, 800, 20),
        LandingPage("/rare", 30, 30, 0),
    )

    found = advise(figures(6_030, 170, landings=landings))
    bounce = next(one for one in found if one.kind is Kind.LANDING_BOUNCE)

    assert bounce.area == "Landing page /sale"
    rest = 2_030 / 5_030
    # Of those who stay on it, 20 of 200 convert.
    assert bounce.expected_gain == pytest.approx((0.8 - rest) * 1_000 * 0.1)
    assert bounce.test.target == pytest.approx(1 - rest)
    assert sum(one.kind is Kind.LANDING_BOUNCE for one in found) == 1


def test_a_perfect_funnel_and_an_empty_one_need_nothing():
    assert advise(figures(500, 500, 500)) == []
    assert advise(figures(0, 0, 0)) == []
    assert advise(figures(50, 1)) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (FunnelFigures(1, (StepCount("a", 1),)), "at least two"),
        (FunnelFigures(0, (StepCount("a", 1), StepCount("b", 1))), "days is 0"),
        (FunnelFigures(1, (StepCount("a", 1), StepCount("b", 2))), "must not rise"),
        (FunnelFigures(1, (StepCount("a", 1), StepCount("b", -1))), "not be negative"),
        (FunnelFigures(1, (StepCount("a", 1), StepCount("b", 1)), (Segment("x", "y", (1,)),)),
         "one count for each step"),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        advise(wrong)


@st.composite
def falling(draw, length):
    return tuple(sorted(draw(st.lists(st.integers(0, 10**6), min_size=length, max_size=length)),
                        reverse=True))  # fmt: skip


@st.composite
def any_figures(draw):
    length = draw(st.integers(2, 4))
    segments = tuple(
        Segment(dimension, str(number), draw(falling(length)))
        for dimension in ("device", "source", "else")
        for number in range(draw(st.integers(0, 3)))
    )
    landings = tuple(
        LandingPage(f"/{n}", sessions, draw(st.integers(0, sessions)), draw(st.integers(0, 10**6)))
        for n, sessions in enumerate(draw(st.lists(st.integers(0, 10**6), max_size=3)))
    )
    p90 = draw(st.lists(st.none() | st.floats(0, 1e7), min_size=length, max_size=length))
    return figures(*draw(falling(length)), segments=segments, landings=landings, p90=p90,
                   days=draw(st.floats(0.1, 400)))  # fmt: skip


@given(any_figures())
def test_whatever_is_counted_advice_is_ranked_and_in_bounds(found_figures):
    found = advise(found_figures)

    assert all(a.expected_gain >= b.expected_gain for a, b in pairwise(found))
    for one in found:
        assert one.expected_gain > 0
        assert 0 <= one.confidence <= 1
        assert 0 <= one.test.baseline < one.test.target <= 1
        assert one.test.per_arm >= 1
        assert one.test.days is None or one.test.days >= 1
        assert one.steps


@pytest.mark.parametrize(
    ("baseline", "target", "power", "per_arm"),
    # R's power.prop.test: n = 76.7 (the example of its manual) and 685.6.
    [(0.50, 0.75, 0.90, 77), (0.10, 0.15, 0.80, 686)],
)
def test_sample_sizes_are_the_textbooks(baseline, target, power, per_arm):
    assert sample_size_per_arm(baseline, target, power=power) == per_arm
    assert sample_size_per_arm(target, baseline, power=power) == per_arm


@pytest.mark.parametrize(("baseline", "target"), [(0.2, 0.2), (-0.1, 0.2), (0.2, 1.1)])
def test_a_sample_size_needs_two_rates(baseline, target):
    with pytest.raises(ValueError, match="must differ"):
        sample_size_per_arm(baseline, target)


@given(
    n=st.tuples(st.integers(1, 10**5), st.integers(1, 10**5)),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_test_of_two_rates_is_the_chi_square_of_their_table(n, share):
    first, second = int(n[0] * share[0]), int(n[1] * share[1])
    table = [[first, n[0] - first], [second, n[1] - second]]
    p = two_proportion_p(first, n[0], second, n[1])

    if first + second in (0, sum(n)):
        assert p == 1
    else:
        assert p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1e-9)
