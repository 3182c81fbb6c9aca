"""Statistics behind signals, on figures whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from campaigns.engine.signals.geography import uneven_regions
from campaigns.engine.signals.history import ChannelHistory, History
from campaigns.engine.signals.robust import change_point, seasonal_baseline, slope
from campaigns.engine.signals.scan import scan
from campaigns.engine.signals.synergy import lagged_link
from campaigns.engine.signals.worth import priorities

DAYS = 60
WEEKDAYS = np.arange(DAYS) % 7
ALL = np.ones(DAYS, dtype=bool)


def test_the_baseline_knows_the_weekend_and_is_not_moved_by_outliers():
    rng = np.random.default_rng(1)
    values = np.where(WEEKDAYS >= 5, 2.0, 1.0) + rng.normal(0, 0.05, DAYS)
    values[[40, 50]] = 9.0

    baseline = seasonal_baseline(values, WEEKDAYS, ALL)

    assert baseline.level + baseline.weekday[2] == pytest.approx(1.0, abs=0.05)
    assert baseline.level + baseline.weekday[6] == pytest.approx(2.0, abs=0.1)
    assert baseline.sigma == pytest.approx(0.05, abs=0.03)


def test_nothing_is_usual_before_ten_days():
    usable = ALL.copy()
    usable[9:] = False

    assert seasonal_baseline(np.zeros(DAYS), WEEKDAYS, usable) is None


def test_a_step_and_a_ramp_are_dated():
    step = np.r_[np.zeros(9), np.full(5, 0.4)]

    assert change_point(step) == 9
    assert slope(np.arange(7) * 0.03) == pytest.approx(0.03)
    assert slope(np.full(7, np.nan)) == 0.0


def test_regions_that_lost_are_told_from_those_that_did_not():
    rng = np.random.default_rng(2)
    installs = rng.poisson(np.array([[400], [300], [200], [100]]), (4, 40)).astype(float)
    past = np.ones(40, dtype=bool)
    past[-3:] = False
    calm = uneven_regions(installs, past=past, newest=3)
    installs[:2, -3:] *= 0.6

    hit = uneven_regions(installs, past=past, newest=3)

    assert calm.p > 0.05
    assert hit.p < 1e-4
    assert hit.hit.tolist() == [True, True, False, False]


def test_a_response_is_tied_to_what_came_a_day_before_it():
    rng = np.random.default_rng(3)
    cause, other = rng.normal(0, 0.3, (2, DAYS))
    response = 0.5 * np.r_[0, cause[:-1]] + rng.normal(0, 0.05, DAYS)

    link = lagged_link(response, {"tiktok": cause, "meta": other})

    assert (link.cause, link.lag) == ("tiktok", 1)
    assert link.effect == pytest.approx(2**0.5 - 1, abs=0.1)
    assert lagged_link(response, {"meta": other}) is None


def test_priority_weighs_severity_money_confidence_and_recency():
    places = priorities(
        severities=["critical", "info", "warning"],
        money=np.array([-500.0, 900.0, np.nan]),
        confidences=np.array([1.0, 0.5, 0.0]),
        ages=np.array([0.0, 7.0, 30.0]),
    )

    assert places.tolist() == pytest.approx([40 + 15 + 20 + 10, 40 / 3 + 30 + 10 + 5, 80 / 3])


def _history(days: int) -> History:
    """Costs fall by two fifths from day 45 on."""
    rng = np.random.default_rng(4)
    factor = np.where(np.arange(DAYS) >= 45, 0.6, 1.0)
    installs = 200 / factor * np.exp(rng.normal(0, 0.05, DAYS))
    spend = 2 * factor * installs * np.exp(rng.normal(0, 0.05, DAYS))
    clicks = 10 * installs
    arrays = (spend, 50 * clicks, clicks, installs)
    channel = ChannelHistory("tiktok", *(array[:days] for array in arrays))
    nothing = np.full(days, np.nan)
    return History(WEEKDAYS[:days], (channel,), nothing, nothing)


def test_an_event_is_seen_without_looking_ahead_and_only_once():
    (whole,) = scan(_history(DAYS))
    (cut,) = scan(_history(whole.detected + 1))

    assert (whole.type, whole.began, whole.ended) == ("creative_breakthrough", 45, None)
    assert 45 <= whole.detected <= 48
    assert (cut.began, cut.detected) == (whole.began, whole.detected)
    assert scan(_history(whole.detected)) == []


def test_arrays_of_other_lengths_are_refused_by_name():
    with pytest.raises(ValueError, match="spend of meta has shape"):
        History(
            WEEKDAYS,
            (ChannelHistory("meta", np.ones(3), np.ones(DAYS), np.ones(DAYS), np.ones(DAYS)),),
            np.ones(DAYS),
            np.ones(DAYS),
        )


def test_a_sudden_rise_is_told_apart_from_spending_that_was_above_its_plan_all_along():
    rng = np.random.default_rng(5)
    factor = np.where(np.arange(DAYS) >= 45, 1.4, 1.0)
    spend = 400 * factor * np.exp(rng.normal(0, 0.05, DAYS))
    installs = np.full(DAYS, 200.0)
    arrays = (spend, 50 * installs, 10 * installs, installs)
    channel = ChannelHistory("meta", *arrays, planned_spend=np.full(DAYS, 300.0))
    nothing = np.full(DAYS, np.nan)

    found = scan(History(WEEKDAYS, (channel,), nothing, nothing))

    above, risen, *_ = (one for one in found if one.type == "budget_overrun")
    assert (above.began, above.detected) == (0, 12)
    assert (above.hit.measure, risen.hit.measure) == ("plan", "pace")
    assert above.ended == risen.detected
    assert 45 <= risen.detected <= 47
