"""Who may be written to: each channel's law, the order of the checks, and an oracle beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.engine.channels import Channel, Purpose
from outreach.engine.contact import Contact, can_send
from outreach.engine.facts import Consent, Facts, Point, Suppression
from outreach.engine.laws import DEFAULT_LAWS, ChannelLaw, Region, region_of
from outreach.engine.permission import Hours, Verdict, Why, Window, permissions
from outreach.engine.zones import Zones, moment, to_datetime
from tests.examples import examples
from tests.outreach.engine.asking import code, facts_of
from tests.outreach.engine.oracle import Line, permission

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NIGHT = NOON.replace(hour=22)
ANYBODY = Contact(point=Point.USABLE, consent=Consent.GIVEN, consent_id=9)
HOUR = timedelta(hours=1)


def ago(hours: float) -> datetime:
    return NOON - hours * HOUR


def ask(channel: Channel, contact: Contact = ANYBODY, purpose=Purpose.MARKETING, **more):
    return can_send(channel, contact, purpose, more.pop("now", NOON), **more)


def told(channel: Channel, *, purpose=Purpose.MARKETING, by_person=False, **facts):
    """Verdict, reason and window of somebody who agreed."""
    found = ask(channel, replace(ANYBODY, **facts), purpose, by_person=by_person)
    return found.verdict, found.why, found.window


@pytest.mark.parametrize(
    ("channel", "facts", "verdict", "window"),
    [
        (Channel.EMAIL, {}, Verdict.ALLOW, Window.NOT_NEEDED),
        (Channel.SMS, {}, Verdict.ALLOW, Window.NOT_NEEDED),
        (Channel.CHAT, {}, Verdict.ALLOW, Window.NOT_NEEDED),
        (Channel.LINKEDIN, {}, Verdict.TASK_FOR_HUMAN, Window.PERSON),
        (Channel.TWITTER, {"point": Point.ACCEPTING}, Verdict.ALLOW, Window.NOT_NEEDED),
        (Channel.WHATSAPP, {}, Verdict.TEMPLATE_ONLY, Window.TEMPLATE),
        (Channel.WHATSAPP, {"last_inbound": ago(23.9)}, Verdict.ALLOW, Window.CONVERSATION),
        (Channel.WHATSAPP, {"last_inbound": ago(24)}, Verdict.TEMPLATE_ONLY, Window.TEMPLATE),
        (Channel.WHATSAPP, {"ad_entry": ago(71.9)}, Verdict.ALLOW, Window.ADVERTISEMENT),
        (Channel.WHATSAPP, {"ad_entry": ago(72)}, Verdict.TEMPLATE_ONLY, Window.TEMPLATE),
        (Channel.INSTAGRAM, {"last_inbound": ago(23.9)}, Verdict.ALLOW, Window.CONVERSATION),
        (Channel.INSTAGRAM, {"last_inbound": ago(24)}, Verdict.TASK_FOR_HUMAN, Window.PERSON),
        (Channel.FACEBOOK, {"last_inbound": ago(167)}, Verdict.TASK_FOR_HUMAN, Window.PERSON),
        (Channel.FACEBOOK, {"ad_entry": ago(167)}, Verdict.ALLOW, Window.ADVERTISEMENT),
    ],
)  # fmt: skip
def test_law_of_each_channel(channel, facts, verdict, window) -> None:
    assert told(channel, **facts) == (verdict, Why.FINE, window)


@pytest.mark.parametrize(
    ("channel", "facts", "why"),
    [
        (Channel.TWITTER, {}, Why.NOT_ACCEPTED),
        (Channel.INSTAGRAM, {}, Why.WINDOW),
        (Channel.INSTAGRAM, {"last_inbound": ago(168)}, Why.WINDOW),
        (Channel.FACEBOOK, {"ad_entry": ago(168)}, Why.WINDOW),
        (Channel.WHATSAPP, {"is_nanp": True}, Why.TEMPLATE_REFUSED),
        (Channel.EMAIL, {"suppression": Suppression.BOUNCE}, Why.SUPPRESSED),
        (Channel.EMAIL, {"consent": Consent.UNKNOWN}, Why.NO_CONSENT),
        (Channel.EMAIL, {"consent": Consent.WITHDRAWN}, Why.NO_CONSENT),
        (Channel.EMAIL, {"consent_id": 0}, Why.NO_CONSENT),
        (Channel.EMAIL, {"point": Point.MISSING}, Why.NO_ADDRESS),
        (Channel.EMAIL, {"point": Point.UNREACHABLE}, Why.UNREACHABLE),
    ],
)
def test_what_is_never_allowed(channel, facts, why) -> None:
    found = ask(channel, replace(ANYBODY, **facts))

    assert (found.verdict, found.form, found.why) == (Verdict.NEVER, Verdict.NEVER, why)
    assert (found.until, found.closes, found.window) == (None, None, Window.CLOSED)


def test_templates_reach_plus_one_numbers_for_service_and_in_a_conversation() -> None:
    assert told(Channel.WHATSAPP, is_nanp=True, purpose=Purpose.SERVICE)[0] == Verdict.TEMPLATE_ONLY
    assert told(Channel.WHATSAPP, is_nanp=True, last_inbound=ago(1))[0] == Verdict.ALLOW


@pytest.mark.parametrize("channel", [Channel.INSTAGRAM, Channel.FACEBOOK])
def test_human_agent_is_for_replies_of_people_only(channel: Channel) -> None:
    """The machine makes a task of it; a person may answer for seven days, and never promote."""
    day = {"last_inbound": ago(30)}

    assert told(channel, **day, purpose=Purpose.REPLY)[0] == Verdict.TASK_FOR_HUMAN
    assert told(channel, **day, purpose=Purpose.REPLY, by_person=True) == (
        Verdict.ALLOW, Why.FINE, Window.HUMAN_AGENT,
    )  # fmt: skip
    assert told(channel, **day, by_person=True)[:2] == (Verdict.NEVER, Why.PROMOTION)
    week = {"last_inbound": ago(168)}
    assert told(channel, **week, purpose=Purpose.REPLY, by_person=True)[1] == Why.WINDOW


def test_linkedin_is_a_task_for_people_too() -> None:
    assert told(Channel.LINKEDIN, by_person=True)[0] == Verdict.TASK_FOR_HUMAN


@pytest.mark.parametrize(
    ("channel", "zone", "now", "until"),
    [
        (Channel.SMS, "Europe/Berlin", "2026-03-28T18:59:59", None),
        (Channel.SMS, "Europe/Berlin", "2026-03-28T19:00:00", "2026-03-29T07:00:00"),  # to summer
        (Channel.SMS, "Europe/Berlin", "2026-10-25T07:59:59", "2026-10-25T08:00:00"),  # to winter
        (Channel.WHATSAPP, "Europe/Berlin", "2026-10-24T19:00:00", "2026-10-25T07:00:00"),
        (Channel.TWITTER, "Asia/Kolkata", "2026-11-22T15:29:59", None),
        (Channel.TWITTER, "Asia/Kolkata", "2026-11-22T15:30:00", "2026-11-23T02:30:00"),
        (Channel.EMAIL, "Europe/Berlin", "2026-11-22T02:00:00", None),
        (Channel.LINKEDIN, "Europe/Berlin", "2026-11-22T02:00:00", None),
    ],
)
def test_quiet_hours(channel, zone, now, until) -> None:
    at = datetime.fromisoformat(now + "+00:00")

    found = ask(channel, replace(ANYBODY, point=Point.ACCEPTING, zones=(zone,)), now=at)

    if until is None:
        assert (found.until, found.verdict) == (at, found.form)
    else:
        assert (found.verdict, found.why) == (Verdict.WAIT, Why.QUIET_HOURS)
        assert found.until == datetime.fromisoformat(until + "+00:00")


def test_states_of_the_us_have_hours_of_their_own() -> None:
    """A workspace that asks for no quiet hours keeps those of the law."""
    laws = {**DEFAULT_LAWS, Channel.SMS: ChannelLaw(legal_hours=True, consent_for_service=True)}
    evening = {"laws": laws, "now": NOON.replace(hour=20)}

    def verdict(country: str, state: str = "") -> Verdict:
        who = replace(ANYBODY, region=region_of(country, state))
        return ask(Channel.SMS, who, **evening).verdict

    assert verdict("DE") == Verdict.ALLOW
    assert verdict("US", "NY") == Verdict.ALLOW
    assert verdict("US", "FL") == verdict("US", "OK") == verdict("US", "WA") == Verdict.WAIT
    assert verdict("US") == Verdict.WAIT
    evening["now"] = NOON.replace(hour=21)
    assert verdict("US", "NY") == Verdict.WAIT


def test_a_window_that_closes_during_quiet_hours_is_closed_when_they_end() -> None:
    """Written at 22 h yesterday, asked at 21 h: at 8 h a template or a person is left."""
    wrote = replace(ANYBODY, last_inbound=NIGHT - 24 * HOUR)
    at = NIGHT - HOUR

    assert ask(Channel.WHATSAPP, wrote, now=at).form == Verdict.TEMPLATE_ONLY
    assert ask(Channel.INSTAGRAM, wrote, now=at).form == Verdict.TASK_FOR_HUMAN
    assert ask(Channel.WHATSAPP, replace(wrote, is_nanp=True), now=at).why == Why.TEMPLATE_REFUSED


def test_replies_are_answered_at_night_without_caps() -> None:
    wrote = replace(
        ANYBODY, consent=Consent.UNKNOWN, last_inbound=NIGHT - HOUR,
        marketing_at=[NIGHT] * 5, service_at=[NIGHT] * 5,
    )  # fmt: skip

    found = ask(Channel.SMS, wrote, Purpose.REPLY, now=NIGHT)

    assert (found.verdict, found.hours) == (Verdict.ALLOW, Hours.EXEMPT)


def test_who_unsubscribed_and_then_wrote_is_answered_but_not_by_telephone() -> None:
    stopped = replace(ANYBODY, suppression=Suppression.UNSUBSCRIBE, last_inbound=ago(1))

    assert ask(Channel.EMAIL, stopped, Purpose.REPLY).verdict == Verdict.ALLOW
    assert ask(Channel.EMAIL, stopped, Purpose.SERVICE).why == Why.SUPPRESSED
    assert ask(Channel.SMS, stopped, Purpose.REPLY).why == Why.SUPPRESSED
    assert ask(Channel.WHATSAPP, stopped, Purpose.REPLY).why == Why.SUPPRESSED
    bounced = replace(stopped, suppression=Suppression.COMPLAINT)
    assert ask(Channel.EMAIL, bounced, Purpose.REPLY).why == Why.SUPPRESSED


def test_service_needs_consent_on_telephones_only() -> None:
    unknown = replace(ANYBODY, consent=Consent.UNKNOWN)

    assert ask(Channel.EMAIL, unknown, Purpose.SERVICE).verdict == Verdict.ALLOW
    assert ask(Channel.SMS, unknown, Purpose.SERVICE).why == Why.NO_CONSENT
    withdrawn = replace(ANYBODY, consent=Consent.WITHDRAWN)
    assert ask(Channel.EMAIL, withdrawn, Purpose.SERVICE).why == Why.NO_CONSENT


def test_order_of_the_checks() -> None:
    """Somebody whom everything refuses is told the first reason, then the next."""
    who = Contact(suppression=Suppression.MANUAL, is_nanp=True, marketing_at=[NIGHT])
    steps = [
        (Why.SUPPRESSED, {"suppression": Suppression.FREE}),
        (Why.NO_CONSENT, {"consent": Consent.GIVEN, "consent_id": 1}),
        (Why.NO_ADDRESS, {"point": Point.UNREACHABLE}),
        (Why.UNREACHABLE, {"point": Point.USABLE}),
        (Why.TEMPLATE_REFUSED, {"is_nanp": False}),
        (Why.FREQUENCY_CAP, {"marketing_at": []}),
        (Why.QUIET_HOURS, {"zones": ("America/New_York",)}),
    ]

    assert ask(Channel.WHATSAPP, who, now=NIGHT, is_stopped=True).why == Why.STOPPED
    for why, next_facts in steps:
        assert ask(Channel.WHATSAPP, who, now=NIGHT).why == why
        who = replace(who, **next_facts)
    assert ask(Channel.WHATSAPP, who, now=NIGHT).verdict == Verdict.TEMPLATE_ONLY


def test_caps_wait_into_open_hours() -> None:
    """The day after 23 h is still night: 9 h it is."""
    who = replace(ANYBODY, marketing_at=[NOON.replace(hour=19, minute=30) - 23 * HOUR])

    found = ask(Channel.SMS, who)

    assert (found.why, found.until) == (Why.FREQUENCY_CAP, NOON.replace(hour=9) + 24 * HOUR)


def test_regions() -> None:
    assert region_of("US", "FL") == region_of("US", "US-WA") == region_of("US") == Region.US_STRICT
    assert region_of("US", "NY") == Region.US
    assert region_of("CA", "FL") == region_of("") == Region.OTHER


def test_facts_that_do_not_fit_are_named() -> None:
    facts = Facts.unknown(2, (Channel.EMAIL,), Zones((("UTC",),)))

    for name, value in (
        ("point", np.zeros((2, 2), np.int8)),
        ("zone", np.array([0, 1], np.int16)),
        ("consent", np.full((2, 1), 3, np.int8)),
        ("is_nanp", np.zeros(1, np.bool_)),
        ("channels", (Channel.EMAIL, Channel.EMAIL)),
    ):
        with pytest.raises(ValueError, match=f"^{name}: "):
            replace(facts, **{name: value})


def test_nobody_is_asked_about() -> None:
    nobody = Facts.unknown(0, tuple(Channel), Zones((("UTC",),)))

    assert permissions(nobody, purpose=Purpose.SERVICE, at=moment(NOON)).verdict.shape == (0, 8)


moments = st.integers(-9 * 24 * 4, 4).map(lambda quarters: NOON + quarters * 0.25 * HOUR)
several = st.lists(st.integers(-8 * 24, 24).map(lambda hours: NOON + hours * HOUR), max_size=5)
zones = st.sampled_from(
    [("UTC",), ("Europe/Berlin",), ("America/New_York", "Pacific/Honolulu"), ("Asia/Kathmandu",)]
)


@st.composite
def people(draw) -> list[Line]:
    """One person on all channels."""
    shared = {
        "zones": draw(zones), "region": draw(st.sampled_from(["other", "us", "us_strict"])),
        "nanp": draw(st.booleans()), "marketing": draw(several), "service": draw(several),
    }  # fmt: skip
    return [
        Line(
            channel.key,
            point=draw(st.sampled_from(["usable", "accepting", "missing", "unreachable"])),
            consent=draw(st.sampled_from(["given", "given", "unknown", "withdrawn"])),
            has_proof=draw(st.sampled_from([True, True, False])),
            suppression=draw(st.sampled_from(["free"] * 4 + ["unsubscribe", "bounce"])),
            inbound=draw(st.none() | moments),
            ad=draw(st.none() | moments),
            **shared,
        )
        for channel in Channel
    ]


@settings(max_examples=examples(150))
@given(
    st.lists(people(), min_size=1, max_size=2),
    st.sampled_from(list(Purpose)),
    st.integers(0, 36 * 3_600).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    st.booleans(),
)
def test_it_is_what_the_specification_says(lines, purpose: Purpose, at, by_person) -> None:
    found = permissions(facts_of(lines, at), purpose=purpose, at=moment(at), by_person=by_person)

    for who, person in enumerate(lines):
        for column, line in enumerate(person):
            verdict, form, until, why = permission(line, purpose.key, at, by_person=by_person)
            assert Verdict(found.verdict[who, column]) == code(Verdict, verdict), line
            assert Verdict(found.form[who, column]) == code(Verdict, form), line
            assert Why(found.why[who, column]) == code(Why, why), line
            when = found.until[who, column]
            assert (None if np.isnat(when) else to_datetime(when)) == until, line


@pytest.mark.parametrize(
    ("hours", "inbound", "verdict", "window"),
    [
        (167.9, None, Verdict.ALLOW, Window.COMMENT),
        (168, None, Verdict.NEVER, Window.CLOSED),
        (100, 1, Verdict.ALLOW, Window.CONVERSATION),
        (None, None, Verdict.NEVER, Window.CLOSED),
    ],
)
def test_a_comment_opens_the_way_for_seven_days(hours, inbound, verdict, window) -> None:
    line = Line(channel="instagram", inbound=None if inbound is None else ago(inbound))
    wrote = np.datetime64("NaT", "s") if hours is None else moment(ago(hours))

    found = permissions(
        facts_of([[line]], NOON), purpose=Purpose.SERVICE, at=moment(NOON),
        commented=np.array([wrote]),
    )  # fmt: skip

    assert (found.verdict[0, 0], found.window[0, 0]) == (verdict, window)
