"""Which click a conversion came from, at every edge of the layers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine.matching import (
    FINGERPRINT_COMPONENTS,
    ClickSeen,
    Evidence,
    Method,
    Outcome,
    Windows,
    attribute,
    fingerprint,
    probabilistic_score,
    truncate_ip,
)
from tests.examples import examples

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICRO = timedelta(microseconds=1)

EXACT = Evidence(click_ids=frozenset({("gclid", "Cj0")}))
IDENTITY = Evidence(identities=frozenset({("email", "ab12")}), has_consent=True)
PRINT = Evidence(fingerprints=frozenset({"f1"}), has_consent=True)
NEAR = Evidence(truncated_ip="203.0.113.0", user_agent="Mozilla/5.0", has_consent=True)
LAYERS = [
    (EXACT, Method.URL_PARAMETER, timedelta(days=7), 1.0),
    (IDENTITY, Method.IDENTITY, timedelta(days=30), 0.95),
    (PRINT, Method.FINGERPRINT, timedelta(days=7), 0.90),
    (NEAR, Method.PROBABILISTIC, timedelta(hours=24), 0.70),
]


def click(evidence, before=timedelta(hours=1), key=1, **more):
    return ClickSeen(key=key, clicked_at=AT - before, evidence=evidence, **more)


@pytest.mark.parametrize(("evidence", "method", "window", "confidence"), LAYERS)
def test_a_layer_matches_up_to_the_end_of_its_window(evidence, method, window, confidence):
    found = attribute(evidence, AT, [click(evidence, window)])
    missed = attribute(evidence, AT, [click(evidence, window + MICRO)])

    assert (found.method, found.click, found.confidence) == (method, 1, confidence)
    assert found.window_hours == window / timedelta(hours=1)
    assert (missed.method, missed.click, missed.confidence) == (Method.UNATTRIBUTED, None, 0.0)
    assert (missed.window_hours, missed.score, missed.candidates) == (None, None, ())


@pytest.mark.parametrize(("evidence", "method", "_window", "_confidence"), LAYERS)
def test_a_click_counts_from_its_own_instant(evidence, method, _window, _confidence):
    assert attribute(evidence, AT, [click(evidence, timedelta(0))]).method is method
    assert attribute(evidence, AT, [click(evidence, -MICRO)]).method is Method.UNATTRIBUTED


@pytest.mark.parametrize(("evidence", "method", "_window", "_confidence"), LAYERS)
@pytest.mark.parametrize("side", ["conversion", "click"])
def test_only_exact_ids_do_without_consent(evidence, method, _window, _confidence, side):
    without = replace(evidence, has_consent=False)
    ours, theirs = (without, evidence) if side == "conversion" else (evidence, without)

    answer = attribute(ours, AT, [click(theirs)])

    expected = method if method is Method.URL_PARAMETER else Method.UNATTRIBUTED
    assert answer.method is expected


def test_the_first_layer_wins_over_newer_clicks():
    everything = Evidence(
        EXACT.click_ids, IDENTITY.identities, PRINT.fingerprints, "203.0.113.0", "Mozilla/5.0", True
    )
    clicks = [click(e, timedelta(hours=9 - n), key=n) for n, (e, *_) in enumerate(LAYERS)]

    for number, (_, method, *_) in enumerate(LAYERS):
        answer = attribute(everything, AT, clicks[number:])
        assert (answer.method, answer.click) == (method, number)
        assert answer.tried[-1] == (method, Outcome.MATCHED)
        assert len(answer.tried) == number + 1


def test_the_newest_click_wins_and_five_are_kept():
    clicks = [click(PRINT, timedelta(hours=n), key=n) for n in (3, 1, 7, 2, 6, 5, 4)]

    answer = attribute(PRINT, AT, clicks)

    assert answer.click == 1
    assert [candidate.key for candidate in answer.candidates] == [1, 2, 3, 4, 5]
    assert [candidate.hours for candidate in answer.candidates] == [1, 2, 3, 4, 5]


def test_of_two_clicks_at_one_instant_the_later_recorded_wins():
    assert attribute(EXACT, AT, [click(EXACT, key=8), click(EXACT, key=9)]).click == 9


def test_an_invalid_click_earns_nothing():
    clicks = [click(EXACT, key=1), click(EXACT, timedelta(0), key=2, is_valid=False)]

    assert attribute(EXACT, AT, clicks).click == 1


def test_ids_of_different_kinds_do_not_meet():
    other = Evidence(click_ids=frozenset({("gbraid", "Cj0")}))

    assert attribute(EXACT, AT, [click(other)]).method is Method.UNATTRIBUTED


def test_blank_texts_match_nobody():
    blank = Evidence(
        frozenset({("gclid", "")}), frozenset({("email", "")}), frozenset({""}), "", "", True
    )

    answer = attribute(blank, AT, [click(blank)])

    assert answer.method is Method.UNATTRIBUTED
    assert {outcome for _, outcome in answer.tried} == {Outcome.NO_EVIDENCE}


def test_what_was_tried_is_told():
    answer = attribute(replace(PRINT, has_consent=False), AT, [click(PRINT)])
    other = attribute(PRINT, AT, [click(NEAR)])

    assert answer.tried == (
        (Method.URL_PARAMETER, Outcome.NO_EVIDENCE),
        (Method.IDENTITY, Outcome.NO_CONSENT),
        (Method.FINGERPRINT, Outcome.NO_CONSENT),
        (Method.PROBABILISTIC, Outcome.NO_CONSENT),
    )
    assert other.tried[2:] == (
        (Method.FINGERPRINT, Outcome.NO_MATCH),
        (Method.PROBABILISTIC, Outcome.NO_EVIDENCE),
    )


@pytest.mark.parametrize(
    "change", [{"truncated_ip": "203.0.114.0"}, {"user_agent": "curl"}, {"user_agent": ""}]
)
def test_network_or_browser_alone_is_not_enough_even_at_once(change):
    theirs = replace(NEAR, **change)

    assert attribute(NEAR, AT, [click(theirs, timedelta(0))]).method is Method.UNATTRIBUTED


@pytest.mark.parametrize(("hours", "score"), [(0, 1.0), (6, 0.95), (12, 0.9), (24, 0.8)])
def test_score_falls_with_age_and_confidence_stays_capped(hours, score):
    answer = attribute(NEAR, AT, [click(NEAR, timedelta(hours=hours))])

    assert answer.score == pytest.approx(score)
    assert answer.confidence == 0.70


@pytest.mark.parametrize(
    ("ip", "agent", "hours", "score"),
    [
        (True, False, 0, 0.7),
        (True, False, 12, 0.6),
        (False, True, 0, 0.5),
        (False, False, 0, 0.2),
        (False, False, 24, 0.0),
        (True, True, 240, 0.8),
    ],
)
def test_score_of_parts(ip, agent, hours, score):
    given_score = probabilistic_score(has_same_ip=ip, has_same_agent=agent, hours=hours)

    assert given_score == pytest.approx(score)


@pytest.mark.parametrize("hours", [-0.1, float("nan")])
def test_score_refuses_a_click_after_its_conversion(hours):
    with pytest.raises(ValueError, match="hours is"):
        probabilistic_score(has_same_ip=True, has_same_agent=True, hours=hours)


def test_windows_are_a_policy():
    short = Windows(url_parameter=2)

    assert attribute(EXACT, AT, [click(EXACT, timedelta(hours=2))], short).window_hours == 2
    missed = attribute(EXACT, AT, [click(EXACT, timedelta(hours=2) + SECOND)], short)
    assert missed.method is Method.UNATTRIBUTED


def test_wrong_windows_and_times_are_refused():
    with pytest.raises(ValueError, match="identity window is 0 hours"):
        Windows(identity=0)
    with pytest.raises(
        ValueError, match="converted_at is 2026-11-21T09:00:00: give it a time zone"
    ):
        attribute(EXACT, AT.replace(tzinfo=None), [])
    with pytest.raises(ValueError, match="clicked_at"):
        attribute(EXACT, AT, [ClickSeen(1, AT.replace(tzinfo=None), EXACT)])


ids = st.frozensets(
    st.tuples(st.sampled_from(["gclid", "fbclid"]), st.sampled_from("xy")), max_size=2
)
people = st.builds(
    Evidence,
    click_ids=ids,
    identities=ids,
    fingerprints=st.frozensets(st.sampled_from(["f", "g"]), max_size=1),
    truncated_ip=st.sampled_from(["", "10.0.0.0"]),
    user_agent=st.sampled_from(["", "Mozilla"]),
    has_consent=st.booleans(),
)
seen = st.lists(st.tuples(people, st.integers(-3, 800), st.booleans()), max_size=8).map(
    lambda rows: [
        ClickSeen(key, AT - timedelta(hours=hours), who, is_valid)
        for key, (who, hours, is_valid) in enumerate(rows)
    ]
)


@settings(max_examples=examples(150), deadline=None)
@given(people, seen, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_answer(who, clicks, random):
    answer = attribute(who, AT, clicks)

    assert attribute(who, AT, random.sample(clicks, len(clicks))) == answer
    assert [key for key, _ in answer.tried] == [m for _, m, *_ in LAYERS][: len(answer.tried)]
    if answer.click is not None:
        assert clicks[answer.click].is_valid
        assert 0 <= answer.candidates[0].hours <= answer.window_hours


@settings(max_examples=examples(100), deadline=None)
@given(people, seen)
def test_losing_the_winner_never_raises_confidence(who, clicks):
    answer = attribute(who, AT, clicks)
    rest = [seen_click for seen_click in clicks if seen_click.key != answer.click]

    assert attribute(who, AT, rest).confidence <= answer.confidence


FIVE = dict(
    zip(
        FINGERPRINT_COMPONENTS,
        ["1920x1080", "Europe/Berlin", "desktop", "Linux", "Firefox"],
        strict=True,
    )
)


def test_fingerprint_is_salted_sha256():
    text = '["pepper", "1920x1080", "Europe/Berlin", "desktop", "Linux", "Firefox"]'

    assert fingerprint(FIVE, "pepper") == hashlib.sha256(text.encode()).hexdigest()
    assert fingerprint(dict(reversed(FIVE.items())), "pepper") == fingerprint(FIVE, "pepper")
    assert fingerprint(FIVE, "salt") != fingerprint(FIVE, "pepper")


@pytest.mark.parametrize("name", FINGERPRINT_COMPONENTS)
def test_every_component_counts_and_none_may_be_missing(name):
    assert fingerprint(FIVE | {name: "other"}, "s") != fingerprint(FIVE, "s")
    assert fingerprint(FIVE | {name: " "}, "s") == ""
    assert fingerprint({k: v for k, v in FIVE.items() if k != name}, "s") == ""


def test_parts_cannot_run_into_each_other():
    moved = FIVE | {"device": "desktopL", "os": "inux"}

    assert fingerprint(moved, "s") != fingerprint(FIVE, "s")


def test_fingerprint_refuses_unknown_parts_and_no_salt():
    with pytest.raises(ValueError, match="components has canvas"):
        fingerprint(FIVE | {"canvas": "x"}, "s")
    with pytest.raises(ValueError, match="salt is empty"):
        fingerprint(FIVE, "")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("203.0.113.255", "203.0.113.0"),
        ("203.0.114.0", "203.0.114.0"),
        (" 203.0.113.9 ", "203.0.113.0"),
        ("2001:db8:7:1::9", "2001:db8:7::"),
        ("2001:0db8:0007:ffff:ffff:ffff:ffff:ffff", "2001:db8:7::"),
        ("2001:db8:8::", "2001:db8:8::"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_addresses_are_cut_to_their_network(address, network):
    assert truncate_ip(address) == network


@pytest.mark.parametrize(
    "address", ["", "203.0.113", "203.0.113.256", "example.com", "203.0.113.0/24"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        truncate_ip(address)
