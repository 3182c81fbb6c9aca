"""Lines and figures: on which side, and where nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from campaigns.engine.alerting import AMOUNTS, FACTS, METRICS, Book, Condition, Line, State, judge

DAYS = 30


def book(*, has_data=None, days: int = DAYS, facts=None, home: bool = True, **amounts) -> Book:
    """One subject; an amount is the same on each day, or an array of days."""
    known = {name: np.zeros((1, days)) for name in AMOUNTS}
    for name, value in amounts.items():
        if name in known:
            known[name][0] = value
    for name in ("spend", "clicks"):
        if f"known_{name}" not in amounts:
            known[f"known_{name}"] = known[name].copy()
    return Book(
        amounts=known,
        has_data=np.ones((1, days), bool) if has_data is None else np.array([has_data]),
        daily_budget_used=np.full((1, days), amounts.get("used", np.nan)),
        facts={name: np.array([(facts or {}).get(name, np.nan)]) for name in FACTS},
        has_home_money=np.array([home]),
    )


def state(line: Line, of: Book) -> State:
    return State(judge(line, of).states[0])


def newest(value: float, usual: float, *, running: float | None = None) -> np.ndarray:
    """A usual amount, another one yesterday, and maybe another one today."""
    days = np.full(DAYS, usual)
    days[-2] = value
    days[-1] = value if running is None else running
    return days


@pytest.mark.parametrize(
    ("operator", "below", "on", "above"),
    [("lt", True, False, False), ("lte", True, True, False),
     ("gt", False, False, True), ("gte", False, True, True)],
)  # fmt: skip
def test_each_operator_below_on_and_above_its_line(operator, below, on, above):
    line = Line("roas", operator, 1.5)
    found = [
        state(line, book(spend=100.0, revenue=revenue)) == State.CROSSED
        for revenue in (149.99, 150.0, 150.01)
    ]
    assert found == [below, on, above]


def test_sums_of_cents_stand_on_the_line_that_they_add_up_to():
    cents = np.full(DAYS, 0.1)
    assert (cents[:3] * 3).sum() / 3 != 0.3
    line = Line("spend", "gt", 0.3, lookback_days=3)
    assert state(line, book(spend=cents * 3)) == State.IN_RANGE
    assert state(Line("spend", "gte", 0.3, lookback_days=3), book(spend=cents * 3)) == State.CROSSED


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("basis", ["absolute", "own_mean", "peer_mean"])
def test_nothing_at_all_is_unknown_and_never_an_error(metric, basis):
    line = Line(metric, "gt", 0.0, basis, 7)
    assert state(line, book(has_data=[False] * DAYS)) == State.UNKNOWN


@pytest.mark.parametrize("metric", ["roas", "cpa", "ctr", "cvr", "engagement_rate"])
def test_nothing_to_divide_by_is_unknown(metric):
    zero = book(clicks=0.0 if metric == "cvr" else 5.0, revenue=10.0)
    assert state(Line(metric, "gte", 0.0), zero) == State.UNKNOWN


def test_too_little_shows_nothing():
    few = book(clicks=29.0)
    enough = book(clicks=30.0)
    assert state(Line("cvr", "lt", 0.03), few) == State.UNKNOWN
    assert state(Line("cvr", "lt", 0.03), enough) == State.CROSSED


def test_conversions_that_do_not_count_are_unknown():
    untrusted = book(spend=100.0, revenue=0.0, known_spend=0.0)
    assert state(Line("roas", "lt", 1.5), untrusted) == State.UNKNOWN


def test_foreign_money_is_not_held_against_ours_but_its_ratios_are():
    foreign = book(spend=900.0, revenue=90.0, conversions=1.0, home=False)
    assert state(Line("spend", "gt", 500), foreign) == State.UNKNOWN
    assert state(Line("cpa", "gt", 100), foreign) == State.UNKNOWN
    assert state(Line("roas", "lt", 1.5), foreign) == State.CROSSED


def test_a_mean_is_of_the_fourteen_days_before_the_look_back():
    line = Line("conversions", "gte", 1.5, "own_mean")
    surge = book(conversions=newest(15.0, 10.0))
    found = judge(line, surge)
    assert (found.values[0], found.limits[0], found.states[0]) == (15.0, 15.0, State.CROSSED)
    assert state(line, book(conversions=newest(14.9, 10.0))) == State.IN_RANGE


@pytest.mark.parametrize(("known", "found"), [(7, State.CROSSED), (6, State.UNKNOWN)])
def test_a_mean_of_too_few_days_is_none(known, found):
    has_data = [False] * DAYS
    has_data[-2 - known :] = [True] * (known + 2)
    conversions = np.where(has_data, newest(30.0, 10.0), 0.0)
    line = Line("conversions", "gte", 1.5, "own_mean")
    assert state(line, book(conversions=conversions, has_data=has_data)) == found


def test_missing_days_do_not_pull_a_mean_down():
    has_data = [True] * DAYS
    has_data[-12:-5] = [False] * 7
    conversions = np.where(has_data, newest(12.0, 10.0), 0.0)
    line = Line("conversions", "gte", 1.5, "own_mean")
    assert judge(line, book(conversions=conversions, has_data=has_data)).limits[0] == 15.0


def test_few_conversions_are_no_surge():
    line = Line("conversions", "gte", 1.5, "own_mean")
    assert state(line, book(conversions=newest(9.0, 1.0))) == State.UNKNOWN


def test_cost_of_the_running_day_counts_only_against_a_line_above_it():
    days = newest(400.0, 400.0, running=600.0)
    assert state(Line("spend", "gt", 500), book(spend=days)) == State.CROSSED
    early = newest(400.0, 400.0, running=5.0)
    assert state(Line("spend", "lt", 100), book(spend=early)) == State.IN_RANGE
    assert judge(Line("spend", "lt", 100), book(spend=early)).values[0] == 400.0


def test_without_figures_of_today_the_newest_full_day_counts():
    has_data = [True] * (DAYS - 1) + [False]
    days = newest(600.0, 400.0, running=0.0)
    assert state(Line("spend", "gt", 500), book(spend=days, has_data=has_data)) == State.CROSSED


def test_a_second_condition_has_to_hold_too():
    line = Line("ctr", "gt", 0.15, also=Condition("cvr", "lt", 0.05))
    clicks = {"impressions": 1000.0, "clicks": 200.0}
    assert state(line, book(**clicks, conversions=9.0)) == State.CROSSED
    assert state(line, book(**clicks, conversions=10.0)) == State.IN_RANGE
    assert state(line, book(**clicks, known_clicks=0.0)) == State.UNKNOWN
    few = {"impressions": 1000.0, "clicks": 100.0, "known_clicks": 0.0}
    assert state(line, book(**few)) == State.IN_RANGE


def test_a_channel_is_held_against_the_mean_of_all():
    spend = np.full((3, DAYS), 100.0)
    revenue = np.array([[300.0], [200.0], [100.0]]) * np.ones((1, DAYS))
    amounts = {name: np.zeros((3, DAYS)) for name in AMOUNTS}
    amounts |= {"spend": spend, "known_spend": spend, "revenue": revenue}
    channels = Book(
        amounts, np.ones((3, DAYS), bool), np.full((3, DAYS), np.nan),
        {name: np.full(3, np.nan) for name in FACTS}, np.ones(3, bool),
    )  # fmt: skip
    found = judge(Line("roas", "lt", 0.7, "peer_mean", 14), channels)
    assert found.limits == pytest.approx([1.4] * 3)
    assert list(found.states) == [State.IN_RANGE, State.IN_RANGE, State.CROSSED]


def test_one_channel_alone_has_no_mean_of_others():
    line = Line("roas", "lt", 0.7, "peer_mean")
    assert state(line, book(spend=100.0, revenue=1.0)) == State.UNKNOWN


@pytest.mark.parametrize("name", FACTS)
def test_figures_of_now_are_read_as_they_are(name):
    assert state(Line(name, "gte", 0.3), book(facts={name: 0.3})) == State.CROSSED
    assert state(Line(name, "gte", 0.3), book(facts={name: 0.29})) == State.IN_RANGE
    assert state(Line(name, "gte", 0.3), book()) == State.UNKNOWN


def test_a_thousand_readings_of_one_book_are_the_same():
    line, same = Line("roas", "lt", 1.5, lookback_days=7), book(spend=100.0, revenue=120.0)
    assert {float(judge(line, same).values[0]) for _ in range(1_000)} == {1.2}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"operator": "eq"}, "operator"), ({"lookback_days": 0}, "lookback_days"),
     ({"metric": "luck"}, "metric"), ({"lookback_days": 40}, "days")],
)  # fmt: skip
def test_impossible_lines_are_refused_by_name(wrong, told):
    with pytest.raises(ValueError, match=told):
        judge(Line(**{"metric": "roas", "operator": "lt", "threshold": 1.0, **wrong}), book())


def test_a_book_of_uneven_arrays_is_refused():
    whole = book()
    with pytest.raises(ValueError, match="spend"):
        replace(whole, amounts={**whole.amounts, "spend": np.zeros((1, 2))})
