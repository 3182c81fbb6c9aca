"""Frequency caps: the last 24 hours and 7 days, whatever was planned, at every edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.caps import (
    DEFAULT_CAPS,
    FAR_AWAY,
    LONG_AGO,
    CapRules,
    CapUse,
    cap_use,
    next_allowed,
)
from outreach.engine.channels import Channel, Purpose
from outreach.engine.contact import Contact, can_send
from outreach.engine.facts import Consent, Point
from outreach.engine.permission import Verdict, Why
from outreach.engine.zones import moment, to_datetime
from tests.outreach.engine.oracle import Line, is_capped

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANYBODY = Contact(point=Point.USABLE, consent=Consent.GIVEN, consent_id=1)


def used(marketing=(), service=(), rules: CapRules = DEFAULT_CAPS) -> CapUse:
    """What one person was sent: hours before now."""
    hours = [*marketing, *service]
    at = np.array([moment(NOW - timedelta(hours=one)) for one in hours], "datetime64[s]")
    is_marketing = np.arange(len(hours)) < len(marketing)
    return cap_use(
        np.zeros(len(hours), np.int64), at, is_marketing, people=1, now=moment(NOW), rules=rules
    )


def hours_to_wait(use: CapUse, purpose: Purpose) -> float:
    return (to_datetime(next_allowed(use, purpose)[0]) - NOW) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("marketing", "service", "purpose", "wait"),
    [
        ((24,), (), Purpose.MARKETING, 0),  # one a day, to the second
        ((23,), (), Purpose.MARKETING, 1),
        ((-5,), (), Purpose.MARKETING, 29),  # planned for five hours from now
        ((30, 60, 90, 120), (), Purpose.MARKETING, 48),  # four a week
        ((30, 60, 90, 168), (), Purpose.MARKETING, 0),
        ((), (1, 2, 23), Purpose.MARKETING, 1),  # three of any kind a day
        ((), (1, 2, 23), Purpose.SERVICE, 1),
        ((1,), (2,), Purpose.SERVICE, 22 - 1000),  # service is exempt from the first caps
        ((), tuple(range(25, 165, 14)), Purpose.SERVICE, 168 - 151),  # ten a week
        ((1, 1, 1), (1,), Purpose.REPLY, None),
    ],
)
def test_when_the_next_one_is_allowed(marketing, service, purpose, wait) -> None:
    found = next_allowed(used(marketing, service), purpose)[0]

    if wait is None:
        assert found == LONG_AGO
    elif wait < 0:
        assert found <= moment(NOW)
    else:
        assert hours_to_wait(used(marketing, service), purpose) == wait


def test_counts_for_the_proof() -> None:
    use = used((1, 24, 100, 200), (23, 30, -2))

    assert use.counts.tolist() == [[1, 3, 3, 6]]


def test_a_workspace_can_be_stricter() -> None:
    rules = CapRules(marketing_day=1, marketing_week=1, any_day=1, any_week=2)

    assert hours_to_wait(used((100,), rules=rules), Purpose.MARKETING) == 68
    assert hours_to_wait(used((), (3,), rules=rules), Purpose.SERVICE) == 21


def test_a_cap_of_nothing_lets_nothing_through() -> None:
    none = CapRules(marketing_day=0)
    use = used(rules=none)

    assert next_allowed(use, Purpose.MARKETING)[0] >= FAR_AWAY
    assert next_allowed(use, Purpose.SERVICE)[0] == LONG_AGO
    found = can_send(Channel.SMS, ANYBODY, Purpose.MARKETING, NOW, caps=none)
    assert (found.verdict, found.why) == (Verdict.NEVER, Why.FREQUENCY_CAP)
    with pytest.raises(ValueError, match="any_day: -1 is no number of messages"):
        CapRules(any_day=-1)


def test_nobody_and_nothing() -> None:
    nothing = cap_use(
        np.zeros(0, np.int64), np.zeros(0, "datetime64[s]"), np.zeros(0, np.bool_),
        people=3, now=moment(NOW),
    )  # fmt: skip

    assert (next_allowed(nothing, Purpose.MARKETING) == LONG_AGO).all()
    assert next_allowed(CapUse.none(0), Purpose.MARKETING).size == 0


hours = st.lists(st.integers(-100, 200), max_size=14)


@given(st.lists(st.tuples(hours, hours), max_size=4), st.sampled_from(list(Purpose)))
def test_it_is_what_counting_says(people, purpose: Purpose) -> None:
    """One second before it a message is one too many, and from then on it is not."""
    rows = [
        (who, NOW + timedelta(hours=at), kind == 0)
        for who, both in enumerate(people)
        for kind, some in enumerate(both)
        for at in some
    ]
    use = cap_use(
        np.array([row[0] for row in rows], np.int64),
        np.array([moment(row[1]) for row in rows], "datetime64[s]"),
        np.array([row[2] for row in rows], np.bool_),
        people=len(people), now=moment(NOW),
    )  # fmt: skip
    found = next_allowed(use, purpose)

    for who, both in enumerate(people):
        marketing, service = ([NOW + timedelta(hours=at) for at in some] for some in both)
        line = Line("email", marketing=marketing, service=service)
        if found[who] == LONG_AGO:
            assert not is_capped(line, purpose.key, NOW - timedelta(days=30))
            continue
        at = to_datetime(found[who])
        assert not is_capped(line, purpose.key, at)
        assert is_capped(line, purpose.key, at - timedelta(seconds=1))
