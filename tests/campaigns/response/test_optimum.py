"""The best split, against brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from campaigns.engine.response.optimum import Bounds, best_split


def _model(fitted, curves):
    """Channels with the given (units at the usual spend, half, slope), known exactly."""
    known = [[np.log(units), 0.0, np.log(half), np.log(slope)] for units, half, slope in curves]
    count = len(curves)
    return replace(
        fitted,
        facts=tuple(replace(fitted.facts[0], name=f"c{n}") for n in range(count)),
        curves=np.array([known]),
        usual=np.linspace(100.0, 300.0, count),
        present=np.full(count, 200.0),
        scale=1.0,
    )


def _brute_force(model, bounds, parts=40):
    """Best of every split of the total into whole parts."""
    count = len(model.usual)
    shares = np.array([
        [*split, parts - sum(split)]
        for split in product(range(parts + 1), repeat=count - 1)
        if sum(split) <= parts
    ])  # fmt: skip
    splits = shares / parts * bounds.total
    allowed = ((splits >= bounds.least - 1e-9) & (splits <= bounds.most + 1e-9)).all(axis=1)
    return model.steady(splits[allowed]).mean(axis=1).sum(axis=1).max()


def _value(model, budgets):
    return model.steady(budgets[None]).mean(axis=1).sum()


@pytest.mark.parametrize("seed", range(8))
def test_it_is_within_two_per_cent_of_brute_force(fitted, seed):
    rng = np.random.default_rng(seed)
    curves = zip(
        rng.uniform(10, 90, 4), rng.uniform(0.3, 4, 4), rng.uniform(0.6, 3, 4), strict=True
    )
    model = _model(fitted, list(curves))
    least, most = rng.uniform(0, 100, 4), rng.uniform(250, 900, 4)
    bounds = Bounds(900.0, least, most)

    found = best_split(model, bounds)

    assert found.budgets.sum() == pytest.approx(900.0)
    assert ((found.budgets >= least - 1e-9) & (found.budgets <= most + 1e-9)).all()
    # Ours is cut finer than brute force can afford, so it may be a little better.
    assert _value(model, found.budgets) >= 0.998 * _brute_force(model, bounds)


def test_an_s_shaped_channel_gets_all_or_nothing(fitted):
    model = _model(fitted, [(50.0, 3.0, 3.0), (50.0, 3.0, 3.0)])

    found = best_split(model, Bounds(400.0, np.zeros(2), np.full(2, np.inf)))

    assert min(found.budgets) < 60
    assert _value(model, found.budgets) > 1.3 * _value(model, np.full(2, 200.0))


def test_bounds_win_and_the_rest_is_told(fitted):
    model = _model(fitted, [(50.0, 1.0, 1.0), (10.0, 1.0, 1.0)])

    found = best_split(model, Bounds(1_000.0, np.array([0.0, 100.0]), np.array([300.0, 250.0])))

    assert found.budgets.tolist() == [300.0, 250.0]
    assert found.unallocated == pytest.approx(450.0)
    assert found.at_most == ("c0", "c1")
    assert found.at_least == ()


def test_it_beats_the_present_split_of_the_fitted_curves(known, fitted):
    total = float(fitted.present.sum())

    found = best_split(fitted, Bounds(total, 0.5 * fitted.present, 1.5 * fitted.present))

    assert found.gain.middle > 0
    assert found.better > 0.5
    assert known.steady(found.budgets).sum() > known.steady(fitted.present).sum()


@pytest.mark.parametrize(
    ("total", "least", "most", "words"),
    [
        (100.0, [60.0, 60.0, 0.0], [90.0, 90.0, 90.0], "more than the total of 100.00"),
        (100.0, [60.0, 0.0, 0.0], [50.0, 90.0, 90.0], "at most its greatest"),
        (0.0, [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], "total is 0.0"),
        (9.0, [0.0, 0.0], [1.0, 1.0, 1.0], "least has 2 channels"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(fitted, total, least, most, words):
    with pytest.raises(ValueError, match=words):
        best_split(fitted, Bounds(total, np.array(least), np.array(most)))
