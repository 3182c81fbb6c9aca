"""Senders of webhooks: what each signs, and how its calls come apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.workspaces.inbound_calls import (
    OTHER_SECRET,
    SECRET,
    as_json,
    call,
    call_of,
    clock_of,
    hub,
    standard,
    twilio,
)
from workspaces.inbound.base import ForgedError, UnreadableError
from workspaces.inbound.providers.generic import GenericProvider
from workspaces.inbound.providers.meta import MetaProvider
from workspaces.inbound.providers.twilio import TwilioProvider

PAYLOADS = Path(__file__).parent / "payloads/inbound"
VECTORS = json.loads((PAYLOADS / "vectors.json").read_text())
GENERIC, META, TWILIO = GenericProvider(), MetaProvider(), TwilioProvider()
BY_SCHEME = {
    "standard_webhooks_v1": (GENERIC, "secret"),
    "x_hub_signature_256": (META, "app_secret"),
    "twilio_hmac_sha1": (TWILIO, "auth_token"),
}
URL = "https://countersign.example/api/webhooks/twilio/1"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_published_vector(vector):
    provider, name = BY_SCHEME[vector["scheme"]]
    # The published messages lie years apart, so each is judged at its own moment.
    words = {"secret": {name: vector["inputs"]["secret"]}, "now": clock_of(vector)}

    if vector["expect_valid"]:
        provider.verify(call_of(vector), **words)
    else:
        with pytest.raises(ForgedError):
            provider.verify(call_of(vector), **words)


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["expect_valid"]], ids=lambda vector: vector["id"]
)
def test_vector_with_one_byte_more_or_another_secret_is_forged(vector):
    provider, name = BY_SCHEME[vector["scheme"]]
    good, now = call_of(vector), clock_of(vector)

    with pytest.raises(ForgedError):
        provider.verify(replace(good, body=good.body + b"0"), {name: vector["inputs"]["secret"]},
                        now=now)  # fmt: skip
    with pytest.raises(ForgedError):
        provider.verify(good, {name: OTHER_SECRET}, now=now)
    with pytest.raises(ForgedError, match=f"no {name}"):
        provider.verify(good, {}, now=now)


@pytest.mark.parametrize(("age_s", "is_good"), [(300, True), (301, False), (-300, True),
                                                (-301, False)])  # fmt: skip
def test_generic_window_is_five_minutes_both_ways(now, age_s, is_good):
    sent = call(b"{}", standard(b"{}", now=now))
    later = now + timedelta(seconds=age_s)

    if is_good:
        GENERIC.verify(sent, {"secret": SECRET}, now=later)
    else:
        with pytest.raises(ForgedError):
            GENERIC.verify(sent, {"secret": SECRET}, now=later)


def test_generic_takes_any_of_our_secrets_and_any_of_the_senders_signatures(now):
    old, new = (
        standard(b"{}", now=now, secret=SECRET),
        standard(b"{}", now=now, secret=OTHER_SECRET),
    )
    both = {**old, "webhook-signature": f"v1a,AAAA {new['webhook-signature']}"}

    GENERIC.verify(call(b"{}", old), {"secret": OTHER_SECRET, "previous_secret": SECRET}, now=now)
    GENERIC.verify(call(b"{}", both), {"secret": OTHER_SECRET}, now=now)
    with pytest.raises(ForgedError):
        GENERIC.verify(call(b"{}", old), {"secret": OTHER_SECRET}, now=now)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("junk", [None, "", "x", "9" * 400, "١٢", "v1,é"])
def test_generic_headers_that_are_none_are_forged(now, name, junk):
    headers = standard(b"{}", now=now)
    headers = {**headers, name: junk} if junk is not None else {
        key: value for key, value in headers.items() if key != name
    }  # fmt: skip

    with pytest.raises(ForgedError):
        GENERIC.verify(call(b"{}", headers), {"secret": SECRET}, now=now)


def test_generic_secret_that_is_no_base64_verifies_nothing(now):
    with pytest.raises(ForgedError):
        GENERIC.verify(call(b"{}", standard(b"{}", now=now)), {"secret": "whsec_é"}, now=now)


def test_generic_event_is_known_by_the_senders_id(now):
    body = b'{"type": "deal.won", "amount": 1.50}'

    (event,) = GENERIC.split(call(body, standard(body, now=now, message_id="msg_7")), {}).events

    assert (event.dedup_key, event.kind, event.body) == ("msg_7", "deal.won", body.decode())


def test_generic_id_too_long_for_a_column_still_tells_repeats():
    long, longer = ({"webhook-id": "x" * size} for size in (201, 202))

    keys = [
        GENERIC.split(call(b"{}", headers), {}).events[0].dedup_key
        for headers in (long, long, longer)
    ]

    assert [len(key) for key in keys] == [64, 64, 64]
    assert (keys[0] == keys[1], keys[0] == keys[2]) == (True, False)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b'"\x00"', b"NaN", b"1e999",
                                  b"[" * 100_000])  # fmt: skip
def test_body_that_is_no_json_is_refused_in_words(body):
    with pytest.raises(UnreadableError, match=r"^The .*\.$"):
        GENERIC.split(call(body, {"webhook-id": "1"}), {})


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"type": 7}', b'{"type": "a b"}',
                                  b'{"type": "\\ud800"}'])  # fmt: skip
def test_type_that_cannot_be_stored_is_no_type(body):
    (event,) = GENERIC.split(call(body, {"webhook-id": "1"}), {}).events

    assert (event.kind, event.body) == ("", body.decode())


def test_meta_signs_what_it_sent_not_what_it_means():
    body = b'{"object":"page","text":"Gr\\u00fc\\u00dfe"}'
    written_anew = json.dumps(json.loads(body), ensure_ascii=False).encode()
    headers = hub(body, "app-secret")

    META.verify(call(body, headers), {"app_secret": "app-secret"}, now=None)
    with pytest.raises(ForgedError):
        META.verify(call(written_anew, headers), {"app_secret": "app-secret"}, now=None)


def test_meta_secret_may_be_on_its_way_out():
    secrets = {"app_secret": "new", "previous_app_secret": "old"}

    META.verify(call(b"{}", hub(b"{}", "old")), secrets, now=None)
    META.verify(call(b"{}", hub(b"{}", "new")), secrets, now=None)


def test_meta_updates_become_events_with_their_entry():
    body = (PAYLOADS / "meta_page.json").read_bytes()

    events = META.split(call(body), {}).events

    assert [event.kind for event in events] == ["page.leadgen", "page.messaging", "page.messaging"]
    assert len({event.dedup_key for event in events}) == 3
    first, second = (json.loads(event.body)["entry"][0] for event in events[:2])
    assert first["changes"][0]["value"]["leadgen_id"] == "443"
    assert second["messaging"] == [json.loads(body)["entry"][1]["messaging"][0]]
    assert second["time"] == 1763712001


def test_meta_repeat_with_another_sending_time_has_the_same_keys():
    payload = json.loads((PAYLOADS / "meta_page.json").read_text())
    first = META.split(call(as_json(payload)), {}).events
    for entry in payload["entry"]:
        entry["time"] += 3600

    second = META.split(call(as_json(payload)), {}).events

    assert [event.dedup_key for event in first] == [event.dedup_key for event in second]


ODD = [[], 7, {}, {"entry": {}}, {"object": "page", "entry": []},
       {"entry": [1, None, {"changes": 5}, {"changes": [7]}]}]  # fmt: skip


@pytest.mark.parametrize("payload", ODD)
def test_meta_of_another_shape_is_kept(payload):
    events = META.split(call(as_json(payload)), {}).events

    entries = payload.get("entry") if isinstance(payload, dict) else None
    assert len(events) == (len(entries) if isinstance(entries, list) and entries else 1)


def test_meta_updates_beyond_what_meta_sends_are_refused():
    payload = {"object": "page", "entry": [{"id": "1", "changes": [{"n": n} for n in range(1001)]}]}

    with pytest.raises(UnreadableError, match="More than 1000 events"):
        META.split(call(as_json(payload)), {})


HANDSHAKE = "https://countersign.example/x?hub.mode={}&hub.verify_token={}&hub.challenge={}"


def test_meta_handshake_echoes_the_challenge():
    asked = call(method="GET", url=HANDSHAKE.format("subscribe", "t0ken", "1158201444"))

    assert META.challenge(asked, {"verify_token": "t0ken"}) == "1158201444"


@pytest.mark.parametrize("asked", [("subscribe", "wrong", "1"), ("other", "t0ken", "1"),
                                   ("subscribe", "t0ken", "%3Cscript%3E"), ("subscribe", "", "1"),
                                   ("subscribe", "t0ken", "1" * 201)])  # fmt: skip
def test_meta_handshake_tells_strangers_nothing(asked):
    with pytest.raises(ForgedError):
        META.challenge(call(method="GET", url=HANDSHAKE.format(*asked)), {"verify_token": "t0ken"})


@pytest.mark.parametrize("url", [URL, URL.replace("example/", "example:443/")])
def test_twilio_counts_with_and_without_the_default_port(url):
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    headers = twilio(fields, url=url, secret="t")

    TWILIO.verify(call(urlencode(fields).encode(), headers, url=URL), {"auth_token": "t"}, now=None)


def test_twilio_repeated_fields_are_sorted_and_counted_once():
    headers = twilio({"a": "1a2"}, url=URL, secret="t")  # signed as a1a2

    TWILIO.verify(call(b"a=2&a=1&a=2", headers, url=URL), {"auth_token": "t"}, now=None)


def test_twilio_json_is_signed_by_its_hash_in_the_address():
    body = b'{"a": 1}'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = twilio({}, url=url, secret="t")

    TWILIO.verify(call(body, headers, url=url), {"auth_token": "t"}, now=None)
    with pytest.raises(ForgedError):
        TWILIO.verify(call(b'{"a": 2}', headers, url=url), {"auth_token": "t"}, now=None)


def test_twilio_way_of_signing_that_we_do_not_know_is_refused():
    headers = twilio({}, url=URL, secret="t")
    headers["X-Twilio-Webhooks-Signature-Settings"] = "key=1,algorithm=HMAC_SHA256"

    with pytest.raises(ForgedError, match="shared key"):
        TWILIO.verify(call(b"", headers, url=URL), {"auth_token": "t"}, now=None)


def test_twilio_status_is_told_once_per_step():
    calls = [b"MessageSid=SM1&MessageStatus=sent", b"MessageStatus=sent&MessageSid=SM1&x=2",
             b"MessageSid=SM1&MessageStatus=delivered"]  # fmt: skip

    sent, again, delivered = (TWILIO.split(call(body), {}).events[0] for body in calls)

    assert sent.dedup_key == again.dedup_key != delivered.dedup_key
    assert (sent.kind, delivered.kind) == ("message.sent", "message.delivered")


@pytest.mark.parametrize("body", [b"\xff=1", b"a=1" + b"&a=1" * 600])
def test_twilio_body_that_is_no_form_is_forged(body):
    with pytest.raises(ForgedError):
        TWILIO.verify(call(body, {"X-Twilio-Signature": "x"}, url=URL), {"auth_token": "t"},
                      now=None)  # fmt: skip
