"""Standings of metrics: what is called better or worse is what the decision goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.decision import Progress, decide
from experiments.engine.statistics import ArmStatistics, Comparison, Method, compare
from experiments.engine.verdicts import (
    Guardrail,
    Reading,
    Rule,
    does_harm,
    is_safe,
    is_settled,
    suffers,
    verdicts,
)
from experiments.models import ABTest
from experiments.selectors.figures import Figure, Standing
from experiments.selectors.live import cells_of
from experiments.selectors.results import Results, results_of
from tests.experiments.figures import count, earn
from tests.experiments.steps import NOW, metric_of, running_of
from tests.workspaces.factories import WorkspaceFactory

LATER = NOW + timedelta(days=8)
MANY, FEW = {250: 18, 20: 200}, {250: 4, 20: 200}  # of 2,000 visitors each


def _revenue(role: str = "primary", *, goal: str = "increase", **options: Any) -> ABTest:
    workspace = WorkspaceFactory()
    revenue = metric_of(workspace, "revenue", kind="mean", amount="value", goal=goal)
    metrics = {"primary": revenue}
    if role != "primary":
        metrics = {"primary": metric_of(workspace), role: revenue}
    return running_of(workspace, metrics=metrics, **options)


def _blue(results: Results, metric: str = "revenue") -> Figure:
    return next(one for one in results.metrics if one.metric.key == metric).figures[1]


@pytest.mark.django_db
def test_a_relative_effect_that_a_rare_amount_feigns_is_no_standing() -> None:
    test = _revenue()
    earn(test, "revenue", {"control": (2_000, MANY), "blue": (2_000, FEW)})

    results = results_of(test, LATER)

    blue = _blue(results)
    assert (round(blue.comparison.p_value, 4), round(blue.judged.p_value, 4)) == (0.0018, 0.0772)
    assert (blue.standing, blue.p_adjusted) == (Standing.OPEN, blue.judged.p_value)
    assert results.decision.action == "stop_futility"
    # The relative interval is still there to be read.
    shown = cells_of(results)[1]
    assert (shown.standing, shown.effect) == ("Open", "−41.2 %")
    assert shown.interval == "−71.6 % to −10.8 %"
    assert shown.chance == f"{100 * blue.judged.chance_to_win:.1f} %"


@pytest.mark.django_db
@pytest.mark.parametrize(("goal", "standing"), [("increase", "worse"), ("decrease", "better")])
def test_standing_and_decision_agree_on_the_metrics_own_scale(goal: str, standing: str) -> None:
    test = _revenue(goal=goal)
    earn(test, "revenue", {"control": (2_000, {**MANY, 250: 24}), "blue": (2_000, FEW)})

    results = results_of(test, LATER)

    assert _blue(results).standing == standing
    assert results.decision.action == {"worse": "stop_harm", "better": "ship"}[standing]


@pytest.mark.django_db
def test_secondary_metrics_are_judged_by_the_same_scale() -> None:
    test = _revenue("secondary")
    count(test, "purchase", {"control": (2_000, 200), "blue": (2_000, 200)})
    earn(test, "revenue", {"control": (2_000, MANY), "blue": (2_000, FEW)})

    assert _blue(results_of(test, LATER)).standing == Standing.OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["fixed", "bayesian"])
def test_what_must_not_be_looked_at_early_has_no_standing_before_its_size(method: str) -> None:
    test = _revenue("secondary", method=method, planned_units=2_000)
    earn(test, "revenue", {"control": (1_999, {20: 200}), "blue": (1_999, {20: 300})})
    count(test, "purchase", {"control": (1_999, 200), "blue": (1_999, 300)})
    early = results_of(test, LATER)
    day = LATER.date()
    earn(test, "revenue", {"control": (1, {}), "blue": (1, {})}, day)
    count(test, "purchase", {"control": (1, 0), "blue": (1, 0)}, day=day)
    complete = results_of(test, LATER)

    standings = [
        (_blue(found, "purchase").standing, _blue(found).standing, found.decision.action)
        for found in (early, complete)
    ]
    assert standings == [("open", "open", "keep_running"), ("better", "better", "ship")]


def _compared(units: int, control: int, arm: int, method: str, effect: str) -> Comparison:
    arms = ArmStatistics(units, control), ArmStatistics(units, arm)
    return compare(*arms, method=method, effect=effect)


@given(
    st.sampled_from(get_args(Method)),
    st.integers(100, 3_000),
    st.lists(st.floats(0.02, 0.4), min_size=2, max_size=4),
    st.booleans(),
    st.integers(0, 20),
)
def test_a_test_ships_what_is_better_and_stops_for_what_its_bound_says_is_worse(
    method: str, units: int, rates: list[float], more_is_better: bool, days: int
) -> None:
    rule = Rule(method, 0.1, planned_units=1_500, more_is_better=more_is_better)
    control = round(rates[0] * units)
    readings = [
        Reading(
            str(place), units,
            _compared(units, control, round(rate * units), method, "absolute"),
            _compared(units, control, round(rate * units), "always_valid", "absolute"),
            _compared(units, control, round(rate * units), "always_valid", "relative"),
        )
        for place, rate in enumerate(rates[1:])
    ]  # fmt: skip

    told = verdicts(readings, rule, is_settled=is_settled([units], rule, days))
    decision = decide(readings, rule, Progress(days, units))

    standings = {one.variant: said for one, (said, _) in zip(readings, told, strict=True)}
    if decision.action == "ship":
        assert standings[decision.variant] == "better"
    elif decision.action == "stop_harm":
        assert standings[decision.variant] == "worse"
    elif days >= rule.min_days:
        assert "better" not in standings.values()
    assert all(standings[one.variant] == "worse" for one in readings if does_harm(one, rule))


def test_without_a_margin_a_guardrail_is_safe_by_its_own_scale() -> None:
    control, blue = ArmStatistics(2_000, 3_500, 1_225_000), ArmStatistics(2_000, 5_000, 1_205_000)
    absolute, relative = (
        compare(control, blue, metric="mean", method="always_valid", effect=effect)
        for effect in ("absolute", "relative")
    )
    guardrail = Guardrail("revenue", absolute, relative)

    assert not suffers(guardrail)
    assert is_safe(guardrail) == (absolute.ci_low > 0)
