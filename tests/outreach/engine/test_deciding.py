"""Who gets a message and who does not: every reason, their order, money and days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outreach.engine.caps import CapUse
from outreach.engine.channels import Channel, Purpose
from outreach.engine.choice import By
from outreach.engine.deciding import decide
from outreach.engine.decisions import Ledger, Reason, Recipients, Rules, Status
from outreach.engine.facts import Consent, Facts, Point, Suppression
from outreach.engine.learned import Learned
from outreach.engine.pacing import Pace
from outreach.engine.permission import Hours, Verdict, Window
from outreach.engine.zones import Zones

NOW = np.datetime64("2026-11-22T12:00:00")
HOUR = np.timedelta64(3_600, "s")
DAY = 24 * HOUR
EMAIL, SMS, WHATSAPP = Channel.EMAIL, Channel.SMS, Channel.WHATSAPP
CHANNELS = (EMAIL, WHATSAPP, Channel.INSTAGRAM)
MESSAGE = 1_000  # micros of an e-mail


def people(n: int, channels=CHANNELS, **facts) -> Recipients:
    """People who agreed to everything and have an address everywhere."""
    shape = (n, len(channels))
    told = {
        "point": np.full(shape, Point.USABLE, np.int8),
        "consent": np.full(shape, Consent.GIVEN, np.int8),
        "consent_id": np.arange(1, 1 + n * len(channels)).reshape(shape),
    }
    unknown = Facts.unknown(n, channels, Zones((("UTC",), ("Asia/Tokyo",))))
    return Recipients.of(replace(unknown, **{**told, **facts}))


def rules(channels=CHANNELS, **more) -> Rules:
    return Rules(channels, **{"ends_at": NOW + 5 * DAY, "optimises_time": False, **more})


def decided(recipients: Recipients, told: Rules | None = None, ledger=None, now=NOW, **more):
    n = recipients.facts.n
    told = told or rules(recipients.facts.channels)
    return decide(recipients, told, ledger or Ledger.empty(n), now, **more)


def reasons(found) -> list[str]:
    return [Reason(one).name.lower() for one in found.reason]


def sent_at(n: int, **moments) -> CapUse:
    return replace(CapUse.none(n), **{name: np.full(n, at) for name, at in moments.items()})


def test_proof_of_a_message() -> None:
    found = decided(people(1))

    assert found.counts() == {"scheduled": 1, "queued": 0}
    assert (found.channel[0], found.day[0], found.cost_micros[0]) == (EMAIL, 0, MESSAGE)
    assert (found.slot[0], found.consent_id[0]) == (NOW, 1)
    assert (found.form[0], found.window[0]) == (Verdict.ALLOW, Window.NOT_NEEDED)
    assert (found.by[0], found.hours[0]) == (By.SCORE, Hours.NONE)
    assert found.proof(0) == {
        "consent": 1, "window": "not_needed", "quiet_hours": "none", "form": "allow",
        "chosen_by": "score",
        "sent_before": {"marketing_day": 0, "marketing_week": 0, "any_day": 0, "any_week": 0},
    }  # fmt: skip


def test_order_of_the_checks() -> None:
    """Somebody whom everything refuses is told the first reason, then the next."""
    who = people(
        1, channels=(WHATSAPP,),
        suppression=np.array([[Suppression.BOUNCE]], np.int8),
        consent=np.array([[Consent.UNKNOWN]], np.int8),
        caps=sent_at(1, marketing_day=NOW - HOUR),
    )  # fmt: skip
    who = replace(who, is_ready=np.array([False]))
    ledger = replace(Ledger.empty(1), same_campaign=np.array([NOW - HOUR]))
    told = rules((WHATSAPP,), pace=Pace(0, 0, 5, 0), daily_limit=0)
    steps = [
        ("suppressed", {"suppression": np.zeros((1, 1), np.int8)}),
        ("no_consent", {"consent": np.array([[Consent.GIVEN]], np.int8)}),
        ("duplicate", {}),
        ("frequency_cap", {"caps": CapUse.none(1)}),
        ("outside_window", {"point": np.zeros((1, 1), np.int8)}),
        ("no_viable_channel", {"point": np.ones((1, 1), np.int8)}),
    ]

    for reason, cure in steps:
        assert reasons(decided(who, told, ledger)) == [reason]
        who = replace(who, facts=replace(who.facts, **cure))
        ledger = Ledger.empty(1) if reason == "duplicate" else ledger
    told = replace(told, templates=frozenset({WHATSAPP}))
    found = decided(who, told)
    assert (reasons(found), found.status[0]) == (["not_ready"], Status.FAILED)
    who = replace(who, is_ready=np.array([True]))
    assert reasons(decided(who, told)) == ["budget_exceeded"]
    # Two days of 4,000, and a conversation that no template goes on with is open on one of them.
    wrote = replace(who.facts, last_inbound=np.array([[NOW - 20 * HOUR]]))
    who = replace(who, facts=wrote)
    told = replace(told, pace=Pace(8_000, 0, 2, 0), ends_at=NOW + DAY, templates=frozenset())
    assert reasons(decided(who, replace(told, daily_limit=1))) == ["daily_budget_exceeded"]
    told = replace(told, pace=Pace(10_000, 0, 2, 0))
    assert reasons(decided(who, told)) == ["daily_limit_reached"]
    assert reasons(decided(who, replace(told, daily_limit=1))) == ["fine"]


def test_some_suppressed_and_the_rest_without_consent_is_no_consent() -> None:
    mixed = people(
        2,
        suppression=np.array([[1, 0, 0], [1, 1, 0]], np.int8),
        consent=np.array([[1, 0, 2], [1, 1, 1]], np.int8),
        point=np.array([[1, 1, 1], [1, 1, 0]], np.int8),
    )  # fmt: skip

    assert reasons(decided(mixed)) == ["no_consent", "suppressed"]


@pytest.mark.parametrize(
    ("campaign_h", "content_h", "reason"),
    [
        (24, None, "fine"),
        (23, None, "duplicate"),
        (-3, None, "duplicate"),  # planned for later today
        (None, 168, "fine"),
        (None, 167, "duplicate"),
    ],
)
def test_duplicates(campaign_h, content_h, reason) -> None:
    def at(hours):
        return np.array(["NaT" if hours is None else NOW - hours * HOUR], "datetime64[s]")

    assert reasons(decided(people(1), ledger=Ledger(at(campaign_h), at(content_h)))) == [reason]


def test_a_workspace_can_repeat_itself_later_or_sooner() -> None:
    hours = replace(Ledger.empty(1), same_campaign=np.array([NOW - 30 * HOUR]))
    days = replace(Ledger.empty(1), same_content=np.array([NOW - 50 * HOUR]))

    assert reasons(decided(people(1), rules(repeat_hours=31), hours)) == ["duplicate"]
    assert reasons(decided(people(1), rules(content_days=2), days)) == ["fine"]


def test_who_stands_twice_in_the_list_is_written_to_once() -> None:
    twice = replace(people(4), person=np.array([7, 8, 7, 7]))

    assert reasons(decided(twice)) == ["fine", "fine", "duplicate", "duplicate"]


def test_caps_leave_out_or_wait() -> None:
    capped = people(1, caps=sent_at(1, marketing_day=NOW - 20 * HOUR))

    assert reasons(decided(capped)) == ["frequency_cap"]
    found = decided(capped, rules(waits_for_caps=True))
    assert (found.slot[0], found.status[0]) == (NOW + 4 * HOUR, Status.SCHEDULED)
    just_over = people(1, caps=sent_at(1, marketing_day=NOW - DAY))
    assert reasons(decided(just_over)) == ["fine"]
    soon = rules(waits_for_caps=True, ends_at=NOW + 4 * HOUR)
    assert reasons(decided(capped, soon)) == ["frequency_cap"]
    assert reasons(decided(capped, rules(purpose=Purpose.SERVICE))) == ["fine"]


def test_a_forced_send_skips_caps_and_pacing_and_nothing_else() -> None:
    told = rules(is_forced=True, daily_limit=0, pace=Pace(5_000, 4_000, 5, 0))
    capped = people(2, caps=sent_at(2, any_day=NOW - HOUR))

    found = decided(capped, told)

    assert reasons(found) == ["fine", "budget_exceeded"]
    assert found.slot[0] == NOW
    assert reasons(decided(people(1, consent=np.full((1, 3), 2, np.int8)), told)) == ["no_consent"]
    out = people(1, suppression=np.full((1, 3), 3, np.int8))
    assert reasons(decided(out, told)) == ["suppressed"]
    ledger = replace(Ledger.empty(1), same_campaign=np.array([NOW]))
    assert reasons(decided(people(1), told, ledger)) == ["duplicate"]
    sms = decided(people(1, (SMS,)), rules((SMS,), is_forced=True), now=NOW + 9 * HOUR)
    assert sms.slot[0] == NOW + 21 * HOUR  # quiet hours hold


def test_outside_window_and_no_viable_channel() -> None:
    """A window that the person can open, or quiet hours to the end; or nothing that would help."""
    instagram = (Channel.INSTAGRAM,)
    assert reasons(decided(people(1, instagram))) == ["outside_window"]
    assert reasons(decided(people(1, (Channel.TWITTER,)))) == ["no_viable_channel"]
    wrote = people(1, instagram, last_inbound=np.array([[NOW - 30 * HOUR]]))
    found = decided(wrote)
    assert (found.form[0], found.window[0]) == (Verdict.TASK_FOR_HUMAN, Window.PERSON)
    assert reasons(decided(wrote, rules(instagram, allows_tasks=False))) == ["outside_window"]
    linkedin = (Channel.LINKEDIN,)
    assert decided(people(1, linkedin)).form[0] == Verdict.TASK_FOR_HUMAN
    assert reasons(decided(people(1, linkedin), rules(linkedin, allows_tasks=False))) == [
        "no_viable_channel"
    ]
    evening = {"now": NOW + 9 * HOUR}
    for ends_at, reason in ((NOW + 21 * HOUR, "outside_window"), (NOW + 22 * HOUR, "fine")):
        over = rules((SMS,), ends_at=ends_at)
        assert reasons(decided(people(1, (SMS,)), over, **evening)) == [reason]


def test_money_goes_in_the_given_order_and_the_first_who_does_not_fit_closes_it() -> None:
    """WhatsApp costs five e-mails; the e-mails behind it are not paid, those for nothing go."""
    mixed = replace(people(5), preferred=np.array([0, 0, 2, 0, 3], np.int8))
    mixed = replace(mixed, facts=replace(mixed.facts, last_inbound=np.full((5, 3), NOW - HOUR)))

    found = decided(mixed, rules(pace=Pace(6_000, 0, 5, 0), ends_at=NOW + HOUR))

    assert reasons(found) == ["fine", "fine", "budget_exceeded", "budget_exceeded", "fine"]
    assert found.cost_micros.tolist() == [1_000, 1_000, 0, 0, 0]


def test_a_channel_can_have_a_budget_of_its_own() -> None:
    found = decided(people(4), rules(channel_left_micros={EMAIL: 2_500}))

    assert reasons(found) == ["fine", "fine", "budget_exceeded", "budget_exceeded"]


def test_over_the_daily_limit_is_queued_while_days_are_left() -> None:
    told = rules(daily_limit=2, ends_at=NOW + DAY + 13 * HOUR)  # the rest of today, then two days
    found = decided(people(8), told, replace(Ledger.empty(8), day_messages=(1,)))

    assert found.day.tolist() == [0, 1, 1, 2, 2, -1, -1, -1]
    assert [Status(one).name[0] for one in found.status] == list("SQQQQBBB")
    assert reasons(found)[5:] == ["daily_limit_reached"] * 3


def test_money_of_a_day_is_what_is_left_over_the_days_left() -> None:
    """Six e-mails' money over three days: two a day."""
    told = rules(pace=Pace(6_000, 0, 3, 0), ends_at=NOW + DAY + 13 * HOUR)

    found = decided(people(7), told)

    assert found.day.tolist() == [0, 0, 1, 1, 2, 2, -1]
    assert reasons(found)[6] == "budget_exceeded"


def test_a_campaign_of_years_is_planned_for_three_months() -> None:
    """And keeps the money of the days that are too far away: 365 e-mails' for 365 days."""
    told = rules(pace=Pace(365_000, 0, 365, 0), ends_at=NOW + 364 * DAY, daily_limit=3)

    found = decided(people(200), told)

    assert np.bincount(found.day[found.is_sent]).tolist() == [1] * 93
    assert set(reasons(found)) == {"fine", "daily_budget_exceeded"}


def test_pace_changes_the_limit_of_today() -> None:
    ahead = rules(daily_limit=10, pace=Pace(1_000_000, 500_000, 5, 1))  # half of it on day two
    behind = rules(daily_limit=10, pace=Pace(1_000_000, 0, 5, 2))

    assert (decided(people(20), ahead).day == 0).sum() == 7
    assert (decided(people(20), behind).day == 0).sum() == 13


def test_messages_are_kept_apart_within_the_day() -> None:
    few = decided(people(3)).slot
    many = decided(people(48)).slot

    assert ((few - NOW) // np.timedelta64(1, "m")).tolist() == [0, 30, 60]
    assert set(np.diff(many) // np.timedelta64(1, "s")) == {12 * 3_600 // 48}


def test_the_best_hour_in_the_zone_of_the_person() -> None:
    """New customers read e-mails at 10: in UTC tomorrow, in Tokyo in the night before."""
    who = people(3, zone=np.array([0, 1, 0], np.int16))
    who = replace(who, best_hour=np.array([-1, -1, 15], np.int8))

    slots = decided(who, rules(optimises_time=True)).slot

    assert [str(one)[5:16] for one in slots] == ["11-23T10:00", "11-23T01:30", "11-22T15:00"]


def test_no_time_but_the_conversation_s() -> None:
    """The best hour comes after the window closes, so the first allowed time is taken."""
    wrote = people(1, (Channel.INSTAGRAM,), last_inbound=np.array([[NOW - 20 * HOUR]]))

    found = decided(wrote, rules((Channel.INSTAGRAM,), optimises_time=True))

    assert (found.slot[0], found.window[0]) == (NOW, Window.CONVERSATION)


def test_a_conversation_that_ends_goes_on_by_template() -> None:
    """At the best hour the window is closed; the proof says so."""
    wrote = people(1, (WHATSAPP,), last_inbound=np.array([[NOW - 20 * HOUR]]))
    told = rules((WHATSAPP,), optimises_time=True, templates=frozenset({WHATSAPP}))

    found = decided(wrote, told)

    assert str(found.slot[0]) == "2026-11-22T18:00:00"
    assert (found.form[0], found.window[0]) == (Verdict.TEMPLATE_ONLY, Window.TEMPLATE)


def test_lists_by_segment_and_by_customer_type() -> None:
    who = replace(people(3), segment=np.array([0, 1, 5], np.int32))
    who = replace(who, facts=replace(who.facts, last_inbound=np.full((3, 3), NOW - HOUR)))
    told = rules(lists=((Channel.INSTAGRAM,), (WHATSAPP, EMAIL)))

    found = decided(who, told)

    assert [Channel(one).key for one in found.channel] == ["instagram", "whatsapp", "email"]
    assert [By(one).name for one in found.by] == ["LIST", "LIST", "SCORE"]
    none = decided(replace(who, customer_type=np.array([0, 1, 2], np.int8)), rules(lists=None))
    assert [Channel(one).key for one in none.channel] == ["email", "instagram", "whatsapp"]


def test_what_was_learnt_decides_for_its_share_and_for_enough_data() -> None:
    counts = np.array([[1_000, 1_000, 1_000], [1_000, 1_000, 100]])
    wins = np.array([[10, 10, 900], [10, 10, 90]])
    who = people(2_000, last_inbound=np.full((2_000, 3), NOW - HOUR))
    who = replace(who, segment=(np.arange(2_000) % 3 - 1).astype(np.int32))
    told = rules(learned=Learned(counts, wins, share=0.25))

    found = decided(who, told, rng=np.random.default_rng(7))
    again = decided(who, told, rng=np.random.default_rng(7))

    learned = found.by == By.LEARNED
    assert set(who.segment[learned]) == {0}
    assert set(found.channel[learned]) == {Channel.INSTAGRAM}
    assert 130 < learned.sum() < 200  # a quarter of 667
    assert (found.channel == again.channel).all()
    told = rules(learned=Learned(counts, wins, share=1.0))
    champion = decided(who, told, rng=np.random.default_rng(7))
    assert ((champion.by == By.LEARNED) == (who.segment == 0)).all()


def test_parts_of_any_size_give_the_same(monkeypatch) -> None:
    who = replace(people(50), preferred=np.resize(np.array([-1, 0, 2], np.int8), 50))
    known = Learned(np.full((1, 3), 500), np.full((1, 3), 50), share=0.5)
    told = rules(learned=known, daily_limit=9)
    who = replace(who, segment=np.zeros(50, np.int32))
    whole = decided(who, told, rng=np.random.default_rng(3))

    monkeypatch.setattr("outreach.engine.deciding.CHUNK", 7)
    parts = decided(who, told, rng=np.random.default_rng(3))

    assert (whole.channel == parts.channel).all()
    assert (whole.slot == parts.slot)[whole.is_sent].all()
    assert (whole.reason == parts.reason).all()


def test_nobody_gets_nothing() -> None:
    found = decided(people(0))

    assert found.counts() == {"scheduled": 0, "queued": 0}
    assert found.fallbacks.shape == (0, 2)


def test_what_does_not_fit_is_named() -> None:
    some, two = people(2), rules(learned=Learned(np.ones((1, 2)), np.ones((1, 2))))
    with pytest.raises(ValueError, match=r"^channels: "):
        decided(some, rules((EMAIL,)))
    with pytest.raises(ValueError, match=r"^same_content: it is of 3 people, not 2"):
        decided(some, ledger=replace(Ledger.empty(2), same_content=Ledger.empty(3).same_content))
    with pytest.raises(ValueError, match=r"^ends_at: the campaign is over"):
        decided(some, rules(ends_at=NOW))
    with pytest.raises(ValueError, match=r"^ends_at: .* is not after"):
        rules(starts_at=NOW, ends_at=NOW)
    with pytest.raises(ValueError, match=r"^rng: "):
        decided(some, rules(learned=Learned(np.ones((1, 3)), np.ones((1, 3)))))
    with pytest.raises(ValueError, match=r"^learned: "):
        decided(some, two, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match=r"^daily_limit: "):
        rules(daily_limit=-1)
    with pytest.raises(ValueError, match=r"^costs_micros: -1 of email"):
        rules(costs_micros={EMAIL: -1})
    with pytest.raises(ValueError, match=r"^engaged: "):
        replace(some, engaged=np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match=r"^customer_type: "):
        replace(some, customer_type=np.array([0, 3], np.int8))
    with pytest.raises(ValueError, match=r"^person: "):
        replace(some, person=np.zeros(3, np.int64))
