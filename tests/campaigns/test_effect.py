"""Predicted and realised effects: recovery, coverage, edges."""

from __future__ import annotations

import numpy as np
import pytest

from campaigns.engine.effect import (
    predict_budget_effect,
    predict_status_effect,
    realised_effect,
)

NONE = np.empty((0, 28))


def world(seed: int, owners: int = 8, days: int = 28, margin: float = 2.0, noise: float = 30.0):
    """Owners whose value rises by `margin` per unit of spend around their own level."""
    rng = np.random.default_rng(seed)
    spend = rng.uniform(80, 120, (owners, days))
    value = 50.0 + margin * spend + rng.normal(0, noise, (owners, days))
    return spend, value


def predict(spend, value, delta=20.0, seed=1, **kwargs):
    return predict_budget_effect(
        metric="pipeline_value",
        spend=spend[0],
        value=value[0],
        siblings_spend=spend[1:],
        siblings_value=value[1:],
        delta_spend=delta,
        seed=seed,
        **kwargs,
    )


def test_noiseless_margin_is_found_exactly():
    spend = np.linspace(80, 120, 28)[None, :]

    effect = predict(spend, 50 + 2 * spend)

    assert effect.rate == pytest.approx(2.0, rel=1e-4)
    assert effect.delta == pytest.approx(40.0, rel=1e-4)
    assert effect.confidence == 1.0
    assert (effect.basis, effect.days, effect.horizon_days) == ("marginal_return", 28, 7)


def test_margin_is_recovered_where_the_average_return_would_mislead():
    rates = [predict(*world(seed)).rate for seed in range(40)]

    assert np.mean(rates) == pytest.approx(2.0, abs=0.1)  # the average return is 2.5


def test_shrinking_to_the_account_beats_the_owners_own_slope():
    alone, shrunk = [], []
    for seed in range(40):
        spend, value = world(seed, noise=60.0)
        alone.append(np.polyfit(spend[0], value[0], 1)[0])
        shrunk.append(predict(spend, value).rate)

    error_alone = np.mean((np.array(alone) - 2.0) ** 2)
    error_shrunk = np.mean((np.array(shrunk) - 2.0) ** 2)
    assert error_shrunk < error_alone / 2


def test_owner_that_differs_clearly_keeps_its_own_margin():
    spend, value = world(3, noise=1.0)
    value[0] = 50 + 6 * spend[0] + np.random.default_rng(9).normal(0, 1, 28)

    assert predict(spend, value).rate == pytest.approx(6.0, abs=0.1)


def test_constant_budget_takes_the_accounts_margin():
    spend, value = world(4, noise=5.0)
    spend[0], value[0] = 100.0, 250.0

    assert predict(spend, value).rate == pytest.approx(2.0, abs=0.15)


def test_without_any_movement_the_average_return_is_the_margin():
    spend, value = np.full((4, 28), 100.0), np.full((4, 28), 150.0)

    assert predict(spend, value).rate == pytest.approx(1.5)


def test_interval_covers_what_is_measured_afterwards():
    covered = []
    for seed in range(120):
        spend, value = world(seed, days=49)
        effect = predict(spend[:, :28], value[:, :28], seed=seed)
        value[0, 42:] += 2.0 * 20.0
        measured = realised_effect(
            metric="pipeline_value",
            before=value[0, 28:42],
            after=value[0, 42:],
            siblings_before=value[1:, 28:42],
            siblings_after=value[1:, 42:],
        )
        covered.append(effect.low <= measured.delta <= effect.high)

    assert 0.70 <= np.mean(covered) <= 0.92


def test_confidence_falls_where_the_days_say_nothing():
    sure = predict(*world(5, noise=5.0))
    unsure = predict(*world(5, owners=1, margin=0.0, noise=200.0))

    assert sure.confidence > 0.99
    assert unsure.confidence < 0.95
    assert unsure.low < 0 < unsure.high


def test_a_cut_has_the_opposite_effect_of_a_raise():
    up, down = predict(*world(6), delta=20.0), predict(*world(6), delta=-20.0)

    assert down.delta == -up.delta
    assert down.confidence == up.confidence


def test_same_seed_same_interval():
    assert predict(*world(7)) == predict(*world(7))
    assert predict(*world(7), seed=2).low != predict(*world(7), seed=1).low


def test_history_is_the_last_28_days():
    spend, value = world(8, days=60)
    changed = value.copy()
    changed[:, :32] = 0.0

    assert predict(spend, changed) == predict(spend, value)


@pytest.mark.parametrize(("days", "is_predicted"), [(13, False), (14, True)])
def test_fewer_than_14_days_give_no_prediction(days, is_predicted):
    spend, value = world(9, days=days)
    status = predict_status_effect(
        metric="revenue",
        spend=spend[0],
        value=value[0],
        siblings_value=value[1:],
        pauses=True,
        seed=1,
    )

    assert (predict(spend, value) is not None) == is_predicted
    assert (status is not None) == is_predicted


def status_effect(value: np.ndarray, *, pauses: bool, spend: np.ndarray | None = None):
    return predict_status_effect(
        metric="revenue",
        spend=np.ones(value.size) if spend is None else spend,
        value=value,
        siblings_value=np.empty((0, value.size)),
        pauses=pauses,
        seed=1,
    )


def test_pause_loses_the_mean_daily_return_and_a_start_wins_it_back():
    value = np.tile([80.0, 120.0], 14)

    paused, started = status_effect(value, pauses=True), status_effect(value, pauses=False)

    assert (paused.delta, started.delta) == (-100.0, 100.0)
    assert paused.low < -100 < paused.high < 0
    assert (paused.confidence, paused.basis) == (1.0, "mean_return")


def test_start_counts_only_days_on_which_it_ran():
    value = np.concatenate([np.full(20, 60.0), np.zeros(20)])

    assert status_effect(value, pauses=False, spend=value).delta == 60.0


def test_pause_of_what_returns_nothing_has_no_sign_to_be_sure_of():
    effect = status_effect(np.zeros(28), pauses=True)

    assert (effect.delta, effect.low, effect.high, effect.confidence) == (0.0, 0.0, 0.0, 0.0)


def measure(siblings: int, before_level: float = 100.0):
    return realised_effect(
        metric="revenue",
        before=np.full(14, 50.0),
        after=np.full(7, 90.0),
        siblings_before=np.full((siblings, 14), before_level),
        siblings_after=np.full((siblings, 7), 120.0),
    )


def test_realised_effect_takes_out_what_moved_the_siblings():
    effect = measure(3)

    assert effect.method == "siblings"
    assert effect.expected == pytest.approx(60.0)
    assert effect.delta == pytest.approx(30.0)


@pytest.mark.parametrize(("siblings", "level"), [(0, 100.0), (2, 100.0), (3, 0.0)])
def test_too_few_siblings_give_plain_before_and_after_labelled_so(siblings, level):
    effect = measure(siblings, level)

    assert (effect.method, effect.delta, effect.siblings) == ("before_after", 40.0, siblings)


@pytest.mark.parametrize(("before", "after"), [(13, 7), (14, 6)])
def test_missing_days_are_not_measured_yet(before, after):
    effect = realised_effect(
        metric="revenue",
        before=np.ones(before),
        after=np.ones(after),
        siblings_before=np.ones((3, before)),
        siblings_after=np.ones((3, after)),
    )

    assert effect is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"delta_spend": 0.0}, "delta_spend"),
        ({"value": np.ones(27)}, "value"),
        ({"value": np.full(28, np.nan)}, "value must be finite"),
        ({"siblings_spend": np.ones((2, 27))}, "siblings_spend"),
        ({"siblings_value": np.ones((1, 28))}, "siblings_value"),
    ],
)
def test_impossible_history_is_refused_by_name(change, name):
    history = {
        "metric": "revenue",
        "spend": np.ones(28),
        "value": np.ones(28),
        "siblings_spend": np.ones((2, 28)),
        "siblings_value": np.ones((2, 28)),
        "delta_spend": 1.0,
        "seed": 1,
    }

    with pytest.raises(ValueError, match=name):
        predict_budget_effect(**{**history, **change})
