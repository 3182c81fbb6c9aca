"""What is asked of a plan becomes bounds that can be kept."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from campaigns.services.scenarios.inputs import InputError
from mlops.engine.budget.splits import SPLITS
from mlops.services.budget.asking import bounds_a_day, read_asked

CHANNELS = ("a", "b", "c", "d")


def read_or_refused(given, present):
    try:
        return read_asked(given, present)
    except InputError as refused:
        return refused


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_accepted_can_be_kept(seed):
    rng = np.random.default_rng(seed)
    present = dict(zip(CHANNELS, np.round(rng.choice([0, 20, 300, 4_000], 4), 2), strict=True))
    bounds = {
        channel: {name: str(round(float(rng.uniform(0, 20_000)), 2))}
        for channel in rng.choice(CHANNELS, rng.integers(0, 4), replace=False)
        for name in [str(rng.choice(["min", "max"]))]
    }
    given = {"total_budget": str(round(float(rng.uniform(1, 60_000)), 2)), "bounds": bounds}
    asked = read_or_refused(given, present)
    if isinstance(asked, InputError):
        assert asked.field == "bounds"
        return

    now = np.array(list(present.values()))
    found, _ = bounds_a_day(asked, CHANNELS, now)

    assert found.least.sum() <= found.total * (1 + 1e-9) <= found.most.sum() * (1 + 2e-9)
    for channel, bound in bounds.items():
        place = CHANNELS.index(channel)
        if "min" in bound:
            assert found.least[place] == pytest.approx(float(bound["min"]) / 30)
        else:
            assert found.most[place] == pytest.approx(float(bound["max"]) / 30)
    for split in SPLITS.values():
        budgets = split(np.sqrt, found, now)
        assert budgets.sum() == pytest.approx(found.total)
        assert (budgets >= found.least - 1e-6).all()
        assert (budgets <= found.most + 1e-6).all()


def test_what_is_not_said_goes_on_as_now():
    asked = read_asked({}, {"a": 10.0, "b": 5.5})

    assert (asked.total, asked.horizon_days, asked.least) == (Decimal("465.00"), 30, {})
    bounds, is_wide = bounds_a_day(asked, ("a", "b"), np.array([10.0, 5.5]))
    assert (bounds.least.tolist(), bounds.most.tolist(), is_wide) == (
        [5.0, 2.75],
        [20.0, 11.0],
        False,
    )
