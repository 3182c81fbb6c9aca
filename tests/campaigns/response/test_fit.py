"""Curves from figures whose truth is known, and what is said where figures are too thin."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.response import priors
from campaigns.engine.response.fit import fit_response
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.series import Series
from campaigns.engine.response.thin import NoOutcomeError


def test_the_total_of_the_true_response_is_found(known, fitted):
    """Within ten per cent, by the middle draw of the same days' response."""
    told = np.median(fitted.steady(fitted.usual[None])[0].sum(axis=1))

    assert told == pytest.approx(known.at_usual.sum(), rel=0.10)


def test_each_channel_lies_in_its_interval_here(known, fitted):
    low, high = np.quantile(fitted.steady(fitted.usual[None])[0], [0.01, 0.99], axis=0)

    assert ((low < known.at_usual) & (known.at_usual < high)).all()
    assert [fact.source for fact in fitted.facts] == ["fitted"] * 3


def test_responses_are_positive_and_grow_with_spend(fitted):
    units = fitted.steady(np.outer([0.0, 0.5, 1.0, 2.0, 8.0], fitted.usual))

    assert (units >= 0).all()
    assert (np.diff(units, axis=0) > 0).all()


def test_the_later_steps_are_foretold_better_than_by_the_last_week(fitted):
    quality = fitted.quality

    assert quality.steps == 36
    assert quality.mape < 0.05
    assert quality.mape < quality.naive_mape
    assert quality.r_squared > 0.8
    assert quality.mixing < 1.2


def test_the_same_seed_gives_the_same_curves(known):
    short = known.series.part(0, 60)

    first, again, other = (fit_response(short, seed=seed, draws=50) for seed in (7, 7, 8))

    assert (again.curves == first.curves).all()
    assert (again.baseline == first.baseline).all()
    assert (other.curves != first.curves).any()


def test_a_model_travels_as_json(fitted):
    text = json.dumps(fitted.to_json(), allow_nan=False)

    back = ResponseModel.from_json(json.loads(text))

    assert len(text) < 400_000
    assert back.facts == fitted.facts
    assert back.quality == fitted.quality
    assert back.calendar.steps == 240
    np.testing.assert_allclose(back.curves, fitted.curves, rtol=1e-3)
    assert json.dumps(back.to_json()) == text


def test_curves_of_another_format_are_refused(fitted):
    with pytest.raises(ValueError, match="format 0, not 1: fit them anew"):
        ResponseModel.from_json({**fitted.to_json(), "format": 0})


def test_too_few_days_give_the_stated_priors_and_say_why(known):
    model = fit_response(known.series.part(0, 20))

    assert model.source == "prior"
    assert model.reasons == (
        "There are 20 days of figures; 56 are the least from which a response can be told from the"
        " weekday and the trend.",
    )
    assert {fact.source for fact in model.facts} == {"prior"}
    assert model.quality.mape is None
    half = np.median(model.curves[..., 2], axis=0)
    np.testing.assert_allclose(half, priors.LOG_HALF, atol=0.1)


def test_priors_bring_the_outcome_that_is_seen(known):
    model = fit_response(known.series.part(0, 20))
    columns = model.calendar.columns(0, 20)

    whole = model.scale * (model.baseline @ columns.T).mean(axis=1)
    paid = model.steady(model.present[None])[0].sum(axis=1)

    assert np.median(whole + paid) == pytest.approx(model.scale, rel=0.05)


def test_no_spend_at_all_is_said(known):
    model = fit_response(replace(known.series, spend=np.zeros_like(known.series.spend)))

    assert model.reasons == ("No channel spent anything in this period.",)
    assert np.isfinite(model.curves).all()


def test_without_any_outcome_there_is_nothing_to_scale(known):
    with pytest.raises(NoOutcomeError, match="connect a source of installs or revenue"):
        fit_response(replace(known.series, outcome=np.zeros(240)))


def test_a_channel_that_never_varied_is_named(known):
    spend = known.series.spend[:80].copy()
    spend[:, 1] = 500.0
    spend[20:, 2] = 0.0

    model = fit_response(replace(known.series.part(0, 80), spend=spend))

    assert model.source == "fitted"
    assert model.facts[1].source == "prior"
    assert model.facts[1].reason == (
        "Its spend hardly varied, so what it brings cannot be told from the level: change its"
        " budget for some days."
    )
    assert (
        model.facts[2].reason == "It spent on 20 days; 28 are the least to learn its response from."
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"outcome": np.array([1.0, np.nan])}, "outcome has gaps"),
        ({"outcome": np.array([1.0, -1.0])}, "outcome has values below 0"),
        ({"spend": np.ones((3, 1))}, r"spend has shape \(3, 1\), not \(2, 1\)"),
        ({"channels": ()}, "name each once, and at least one"),
        ({"step_days": 2}, "daily"),
        ({"first_weekday": 7}, "first_weekday is 7"),
    ],
)
def test_figures_that_cannot_be_are_refused(wrong, words):
    right = {"channels": ("meta",), "spend": np.ones((2, 1)), "outcome": np.ones(2)}

    with pytest.raises(ValueError, match=words):
        Series(**{**right, **wrong})
