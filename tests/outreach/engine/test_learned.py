"""What was learnt, held against the table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.learned import compare

COUNTS = st.lists(
    st.tuples(
        st.integers(0, 2_000), st.integers(0, 2_000), st.floats(0, 1), st.floats(0, 1)
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def columns(rows):
    n, m, p, q = (np.array(part) for part in zip(*rows, strict=True))
    return n, (n * p).astype(int), m, (m * q).astype(int)


@given(COUNTS)
def test_changing_sides_changes_the_sign(rows):
    n, a, m, b = columns(rows)

    one, other = compare(n, a, m, b), compare(m, b, n, a)

    assert one.difference == pytest.approx(-other.difference, abs=1e-12)
    assert one.chance == pytest.approx(1 - other.chance, abs=1e-12)


def test_one_type_is_the_difference_of_two_shares():
    found = compare(np.array([1_000]), np.array([120]), np.array([9_000]), np.array([900]))

    ours, theirs = 120.5 / 1_001, 900.5 / 9_001
    spread = math.sqrt(ours * (1 - ours) / 1_000 + theirs * (1 - theirs) / 9_000)
    assert (found.learned, found.table) == (1_000, 9_000)
    assert found.difference == pytest.approx(ours - theirs)
    assert found.chance == pytest.approx(
        0.5 * (1 + math.erf((ours - theirs) / spread / math.sqrt(2)))
    )
    assert found.is_better(learned=True)
    assert not found.is_better(learned=False)


def test_who_answers_more_does_not_look_like_a_better_choice():
    """Learnt choices go to the keener type more often; within each type both do alike (Simpson)."""
    found = compare(
        np.array([1_000, 100]), np.array([500, 5]), np.array([1_000, 9_000]), np.array([500, 450])
    )

    assert found.difference == pytest.approx(0, abs=0.001)
    assert not found.is_better(learned=True)


def test_little_is_not_enough():
    few = compare(np.array([499]), np.array([499]), np.array([5_000]), np.array([1]))
    alone = compare(np.array([800, 0]), np.array([80, 0]), np.array([0, 900]), np.array([0, 1]))

    assert not few.is_enough
    assert not few.is_better(learned=True)
    assert (alone.difference, alone.chance) == (0.0, 0.5)
