"""Decisions in bulk agree with those of an oracle that takes one person after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.engine.channels import Channel, CustomerType, Device, Purpose, Urgency
from outreach.engine.choice import By
from outreach.engine.deciding import decide
from outreach.engine.decisions import Ledger, Reason, Recipients, Rules, Status
from outreach.engine.pacing import Pace
from outreach.engine.zones import moment, to_datetime
from tests.examples import examples
from tests.outreach.engine.asking import CONSENT_ID, code, code_or_none, facts_of, time
from tests.outreach.engine.oracle import Line
from tests.outreach.engine.oracle_plan import Answer, Campaign, Planner, Someone

NOW = datetime(2026, 10, 23, 12, tzinfo=UTC)  # two days before clocks go back in Europe
HOUR = timedelta(hours=1)
sent = st.lists(st.integers(-8 * 24, 30).map(lambda hours: NOW + hours * HOUR), max_size=2)
before = st.none() | st.integers(-9 * 24, 0).map(lambda hours: NOW + hours * HOUR)
ZONES = [("Europe/Berlin",), ("UTC",), ("America/New_York", "America/Los_Angeles")]


@st.composite
def lines(draw, channels) -> list[Line]:
    shared = {
        "zones": draw(st.sampled_from(ZONES)), "nanp": draw(st.booleans()),
        "marketing": draw(st.just([]) | sent), "service": draw(st.just([]) | sent),
    }  # fmt: skip
    return [
        Line(
            channel,
            point=draw(st.sampled_from(["usable"] * 4 + ["missing"])),
            consent=draw(st.sampled_from(["given"] * 5 + ["unknown"])),
            suppression=draw(st.sampled_from(["free"] * 6 + ["bounce"])),
            inbound=draw(before),
            **shared,
        )
        for channel in channels
    ]


@st.composite
def someone(draw, channels) -> Someone:
    return Someone(
        draw(lines(channels)),
        number=draw(st.integers(0, 12)),
        kind=draw(st.sampled_from(["new", "returning", "existing"])),
        device=draw(st.sampled_from(["", "mobile", "desktop"])),
        preferred=draw(st.sampled_from(["", "", "whatsapp", "instagram"])),
        segment=draw(st.integers(-1, 2)),
        engaged=[draw(st.sampled_from([0.2, 0.5, 0.25, 0.75])) for _ in channels],
        hour=draw(st.sampled_from([-1, -1, 3, 12, 21])),
        is_ready=draw(st.sampled_from([True] * 5 + [False])),
        same_campaign=draw(st.sampled_from([None] * 4 + [NOW - 24 * HOUR, NOW - 23 * HOUR])),
        same_content=draw(st.sampled_from([None] * 4 + [NOW - 168 * HOUR, NOW - 167 * HOUR])),
    )


def campaigns():
    return st.builds(
        Campaign,
        start=st.just(NOW),
        end=st.sampled_from([NOW + 9 * HOUR, NOW + 40 * HOUR, NOW + 101 * HOUR]),
        zone=st.sampled_from(["UTC", "Europe/Berlin"]),
        purpose=st.sampled_from(["marketing", "marketing", "service"]),
        urgency=st.sampled_from(["urgent", "normal", "low"]),
        lists=st.sampled_from([[], None, [["sms"], ["instagram", "email"]]]),
        templates=st.sampled_from([set(), {"whatsapp"}]),
        allows_tasks=st.booleans(),
        optimises=st.booleans(),
        is_forced=st.sampled_from([False, False, True]),
        waits_for_caps=st.booleans(),
        budget=st.sampled_from([None, 9_000, 20_000, 60_000]),
        spent=st.sampled_from([0, 4_000, 30_000]),
        days=st.just(5),
        days_gone=st.integers(0, 2),
        channel_left=st.sampled_from([{}, {"whatsapp": 11_000}]),
        daily_limit=st.sampled_from([None, 0, 1, 3]),
        day_messages=st.sampled_from([(), (1, 1)]),
        day_micros=st.sampled_from([(), (1_000, 5_000)]),
    )


def rules_of(campaign: Campaign, channels) -> Rules:
    pace = None
    if campaign.budget is not None:
        pace = Pace(campaign.budget, campaign.spent, campaign.days, campaign.days_gone)
    lists = campaign.lists
    return Rules(
        channels=channels,
        zone=campaign.zone,
        ends_at=moment(campaign.end),
        purpose=code(Purpose, campaign.purpose),
        urgency=code(Urgency, campaign.urgency),
        lists=None if lists is None else tuple(tuple(code(Channel, c) for c in s) for s in lists),
        templates=frozenset(code(Channel, one) for one in campaign.templates),
        allows_tasks=campaign.allows_tasks,
        optimises_time=campaign.optimises,
        is_forced=campaign.is_forced,
        waits_for_caps=campaign.waits_for_caps,
        pace=pace,
        channel_left_micros={code(Channel, c): left for c, left in campaign.channel_left.items()},
        daily_limit=campaign.daily_limit,
    )


def recipients_of(people: list[Someone]) -> Recipients:
    return Recipients(
        facts=facts_of([person.lines for person in people], NOW),
        person=np.array([one.number for one in people], np.int64),
        segment=np.array([one.segment for one in people], np.int32),
        customer_type=np.array([code(CustomerType, one.kind) for one in people], np.int8),
        device=np.array([code_or_none(Device, one.device) for one in people], np.int8),
        preferred=np.array([code_or_none(Channel, one.preferred) for one in people], np.int8),
        engaged=np.array([one.engaged for one in people], np.float32),
        best_hour=np.array([one.hour for one in people], np.int8),
        is_ready=np.array([one.is_ready for one in people], np.bool_),
    )  # fmt: skip


def check(found, place: int, wanted: Answer) -> None:
    reason = Reason(found.reason[place]).name.lower()
    if wanted.reason == "no_day_left":
        assert reason in ("daily_budget_exceeded", "daily_limit_reached")
    else:
        assert reason == wanted.reason
    assert Status(found.status[place]).name.lower() == wanted.status
    if wanted.status not in ("scheduled", "queued"):
        assert (found.channel[place], found.day[place], found.cost_micros[place]) == (-1, -1, 0)
        assert np.isnat(found.slot[place])
        return
    assert Channel(found.channel[place]).key == wanted.channel
    assert [Channel(one).key for one in found.fallbacks[place] if one >= 0] == wanted.fallbacks
    assert By(found.by[place]).name.lower() == wanted.by
    assert (to_datetime(found.slot[place]), found.day[place]) == (wanted.slot, wanted.day)
    assert found.consent_id[place] == CONSENT_ID


@settings(max_examples=examples(200))
@given(st.data())
def test_it_is_what_the_specification_says(data) -> None:
    names = data.draw(
        st.sampled_from([("email", "whatsapp", "instagram"), ("sms", "linkedin", "email")])
    )
    people = data.draw(st.lists(someone(names), min_size=1, max_size=7))
    campaign = data.draw(campaigns())

    found = decide(
        recipients_of(people),
        rules_of(campaign, tuple(code(Channel, one) for one in names)),
        Ledger(
            np.array([time(one.same_campaign) for one in people], "datetime64[s]"),
            np.array([time(one.same_content) for one in people], "datetime64[s]"),
            campaign.day_messages,
            campaign.day_micros,
        ),
        moment(NOW),
    )

    for place, wanted in enumerate(Planner(people, campaign).decide()):
        check(found, place, wanted)
