"""HubSpot's webhooks: signature v3, its window, and what makes two events the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from attribution.hubspot.webhook import HubSpotProvider, decoded
from tests.workspaces.inbound_calls import as_json, call, call_of, clock_of, hubspot_v3
from workspaces.inbound.base import ForgedError, UnreadableError
from workspaces.inbound.registry import provider_of

PAYLOADS = Path(__file__).parent / "payloads/hubspot"
VECTORS = json.loads((PAYLOADS / "vectors.json").read_text())
HUBSPOT = HubSpotProvider()
URL = "https://countersign.example/api/webhooks/hubspot/1"
SECRET = {"client_secret": "s3cret"}


def _signed(body, now, **words):
    return call(body, hubspot_v3(body, url=URL, now=now, secret="s3cret", **words), url=URL)


def test_provider_is_registered():
    assert isinstance(provider_of("hubspot"), HubSpotProvider)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_published_vector(vector):
    words = {"secret": {"client_secret": vector["inputs"]["secret"]}, "now": clock_of(vector)}

    if vector["expect_valid"]:
        HUBSPOT.verify(call_of(vector), **words)
    else:
        with pytest.raises(ForgedError, match="older than five minutes"):
            HUBSPOT.verify(call_of(vector), **words)


@pytest.mark.parametrize("change", [{"method": "PUT"}, {"body": b"[] "}, {"url": URL + "/"}])
def test_every_signed_part_counts(now, change):
    with pytest.raises(ForgedError, match="does not fit"):
        HUBSPOT.verify(replace(_signed(b"[]", now), **change), SECRET, now=now)


def test_body_written_anew_is_forged(now):
    body = (PAYLOADS / "deals.json").read_bytes()
    anew = as_json(json.loads(body))

    HUBSPOT.verify(_signed(body, now), SECRET, now=now)
    with pytest.raises(ForgedError):
        HUBSPOT.verify(replace(_signed(body, now), body=anew), SECRET, now=now)


@pytest.mark.parametrize(("age_ms", "is_good"), [(300_000, True), (300_001, False),
                                                 (-60_000, True), (-60_001, False)])  # fmt: skip
def test_window_is_five_minutes_back_and_one_ahead(now, age_ms, is_good):
    later = now + timedelta(milliseconds=age_ms)

    if is_good:
        HUBSPOT.verify(_signed(b"[]", now), SECRET, now=later)
    else:
        with pytest.raises(ForgedError, match="older than five minutes or more than one ahead"):
            HUBSPOT.verify(_signed(b"[]", now), SECRET, now=later)


@pytest.mark.parametrize("sent", ["", "now", "1e12", "-1", "9" * 400, "١٢٣"])
def test_time_that_is_none_is_forged(now, sent):
    good = _signed(b"[]", now)
    headers = {**good.headers, "x-hubspot-request-timestamp": sent}

    with pytest.raises(ForgedError, match="no number of milliseconds"):
        HUBSPOT.verify(replace(good, headers=headers), SECRET, now=now)


def test_exactly_the_documented_escapes_are_decoded():
    assert decoded("https://a.example/x%3Ay%2fz?a=%40%21%24%27%28%29%2A%2C%3B%20%3F%26%25") == (
        "https://a.example/x:y/z?a=@!$'()*,;%20?%26%25"
    )


def test_escaped_address_is_signed_decoded(now):
    headers = hubspot_v3(b"[]", url=f"{URL}?to=a:b", now=now, secret="s3cret")

    HUBSPOT.verify(call(b"[]", headers, url=f"{URL}?to=a%3Ab"), SECRET, now=now)


def test_secret_may_be_on_its_way_out(now):
    secret = {"client_secret": "next", "previous_client_secret": "s3cret"}

    HUBSPOT.verify(_signed(b"[]", now), secret, now=now)


def test_v1_counts_for_a_private_app_only(now):
    signature = hashlib.sha256(b"s3cret[]").hexdigest()
    sent = call(b"[]", {"X-HubSpot-Signature": signature, "X-HubSpot-Signature-Version": "v1"})

    HUBSPOT.verify(sent, {**SECRET, "app_type": "private"}, now=now)
    with pytest.raises(ForgedError):
        HUBSPOT.verify(sent, SECRET, now=now)
    with pytest.raises(ForgedError):
        HUBSPOT.verify(replace(sent, body=b"[1]"), {**SECRET, "app_type": "private"}, now=now)


def test_wrong_v3_is_not_made_good_by_a_right_v1(now):
    headers = {
        **hubspot_v3(b"[]", url=URL, now=now, secret="wrong"),
        "X-HubSpot-Signature": hashlib.sha256(b"s3cret[]").hexdigest(),
    }

    with pytest.raises(ForgedError):
        HUBSPOT.verify(call(b"[]", headers, url=URL), {**SECRET, "app_type": "private"}, now=now)


def test_array_comes_apart_untouched_and_foreign_portals_are_dropped():
    body = (PAYLOADS / "deals.json").read_bytes()

    batch = HUBSPOT.split(call(body), {"portal_id": "33"})

    assert batch.dropped == 1
    assert [event.kind for event in batch.events] == ["deal.propertyChange", "deal.creation"]
    assert all(event.body in body.decode() for event in batch.events)
    assert len(HUBSPOT.split(call(body), {}).events) == 3


EVENT = {
    "portalId": 33, "subscriptionType": "deal.propertyChange", "objectId": 1,
    "propertyName": "dealstage", "propertyValue": "won", "occurredAt": 5, "eventId": 8,
    "attemptNumber": 0,
}  # fmt: skip


def _key(**change):
    return HUBSPOT.split(call(as_json([{**EVENT, **change}])), {}).events[0].dedup_key


def test_repeat_is_known_whatever_its_number():
    assert _key() == _key(eventId=9, attemptNumber=3)


@pytest.mark.parametrize("name", ["portalId", "subscriptionType", "objectId", "propertyName",
                                  "propertyValue", "occurredAt"])  # fmt: skip
def test_every_part_of_the_key_counts(name):
    assert _key() != _key(**{name: "7"})


def test_associations_of_one_moment_are_told_apart():
    change = {"subscriptionType": "deal.associationChange", "objectId": None, "fromObjectId": 1}

    assert _key(**change, toObjectId=2) != _key(**change, toObjectId=3)


@pytest.mark.parametrize("body", [b"{}", b"7", b"", b"[1", b"\xff", b'["\x00"]', b"[NaN]",
                                  b"[" * 50_000])  # fmt: skip
def test_body_that_is_no_array_is_refused_in_words(body):
    with pytest.raises(UnreadableError, match=r"^The .*\.$"):
        HUBSPOT.split(call(body), {})


def test_one_odd_element_does_not_lose_the_others():
    body = b'[ 7 ,\n{"portalId":{"a":[1.50]}},\t"x", ' + as_json(EVENT) + b" ]"

    events = HUBSPOT.split(call(body), {}).events

    assert [event.body for event in events] == [
        "7", '{"portalId":{"a":[1.50]}}', '"x"', as_json(EVENT).decode(),
    ]  # fmt: skip
    assert [event.kind for event in events] == ["", "", "", "deal.propertyChange"]
