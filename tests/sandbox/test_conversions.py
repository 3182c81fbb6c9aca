"""Conversions that are sent back: checked as the platforms check them, kept, read back."""

from __future__ import annotations

import hashlib

import pytest
from facebook_business.adobjects.adspixel import AdsPixel
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from tests.sandbox.conftest import Box

HASH = hashlib.sha256(b"joe@eg.com").hexdigest()
NOW = 1795262400  # the noon at which the clock stands
DAY = 86_400


def meta_event(**fields):
    return {
        "event_name": "Lead", "event_time": NOW, "event_id": "e1", "action_source": "other",
        "user_data": {"em": [HASH]}, **fields,
    }  # fmt: skip


def google_event(**fields):
    return {
        "eventTimestamp": "2026-11-21T12:00:00Z", "transactionId": "e1", "eventSource": "WEB",
        "adIdentifiers": {"gclid": "Cj0"}, **fields,
    }  # fmt: skip


def tiktok_event(**fields):
    return {
        "event": "Lead", "event_time": NOW, "event_id": "e1", "user": {"email": HASH}, **fields,
    }  # fmt: skip


def linkedin_event(**fields):
    return {
        "conversion": "urn:lla:llaPartnerConversion:99", "conversionHappenedAt": NOW * 1000,
        "eventId": "e1", "user": {"userIds": [{"idType": "SHA256_EMAIL", "idValue": HASH}]},
        **fields,
    }  # fmt: skip


@pytest.fixture
def far(box: Box):
    """An account on each platform."""
    accounts = [
        {"platform": name, "id": "123", "token": "token-a"}
        for name in ("meta", "google", "tiktok", "linkedin")
    ]
    box.control("seed", {"accounts": accounts})
    return box


def kept(box):
    return [
        (event["platform"], event["dataset"], event["event_id"], event["is_repetition"])
        for event in box.http.get("/_sandbox/conversions").json()["events"]
    ]


def send_meta(box, *events):
    headers = {"Authorization": "Bearer token-a"}
    return box.http.post("/v26.0/77/events", json={"data": list(events)}, headers=headers)


def send_google(box, *events, **fields):
    form = {"grant_type": "refresh_token", "client_id": "c", "refresh_token": "token-a"}
    token = box.http.post("/token", data=form).json()["access_token"]
    destination = {
        "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "123"},
        "productDestinationId": "88",
    }
    body = {"destinations": [destination], "events": list(events), "encoding": "HEX", **fields}
    headers = {"Authorization": f"Bearer {token}"}
    return box.http.post("/v1/events:ingest", json=body, headers=headers), headers


def send_tiktok(box, *events):
    body = {"event_source": "web", "event_source_id": "C4B", "data": list(events)}
    headers = {"Access-Token": "token-a"}
    return box.http.post("/open_api/v1.3/event/track/", json=body, headers=headers).json()


def test_meta_takes_a_batch_and_tells_repetitions(far):
    answer = send_meta(far, meta_event(), meta_event(), meta_event(event_name="Purchase",
        custom_data={"value": 1, "currency": "USD"}))  # fmt: skip

    assert answer.json()["events_received"] == 3
    assert kept(far) == [("meta", "77", "e1", 0), ("meta", "77", "e1", 1), ("meta", "77", "e1", 0)]


@pytest.mark.parametrize(
    "bad",
    [
        {"event_time": NOW - 8 * DAY},
        {"event_time": NOW + DAY},
        {"event_time": "soon"},
        {"action_source": "moon"},
        {"user_data": {}},
        {"user_data": {"em": ["joe@eg.com"]}},
        {"user_data": {"country": [HASH]}},
        {"action_source": "website"},
        {"event_name": "Purchase"},
    ],
)
def test_one_bad_event_makes_meta_refuse_all(far, bad):
    answer = send_meta(far, meta_event(), meta_event(event_id="e2", **bad))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert kept(far) == []


def test_store_visits_may_be_older(far):
    event = meta_event(event_time=NOW - 60 * DAY, action_source="physical_store")

    assert send_meta(far, event).status_code == 200


def test_metas_own_library_sends_events(far):
    session = FacebookSession(access_token="token-a", timeout=5)
    session.GRAPH = far.base_url
    session.requests.trust_env = False

    AdsPixel("77", api=FacebookAdsApi(session)).create_event(params={"data": [meta_event()]})

    session.requests.close()
    assert kept(far) == [("meta", "77", "e1", 0)]


def test_google_takes_a_batch_and_decides_later(far):
    unknown = google_event(transactionId="e2", adIdentifiers={"gclid": "unknown-1"})
    answer, headers = send_google(far, google_event(), unknown)
    params = {"requestId": answer.json()["requestId"]}

    asked = far.http.get("/v1/requestStatus:retrieve", params=params, headers=headers).json()

    (status,) = asked["requestStatusPerDestination"]
    assert status["requestStatus"] == "PARTIAL_SUCCESS"
    assert status["errorInfo"]["errorCounts"][0]["recordCount"] == "1"
    assert [row[2] for row in kept(far)] == ["e1", "e2"]


@pytest.mark.parametrize(
    "bad",
    [
        {"adIdentifiers": {"gbraid": "a", "wbraid": "b"}},
        {"adIdentifiers": {}},
        {"eventTimestamp": "2026-11-21T12:00:00"},
        {"eventSource": "MOON"},
        {"userData": {"userIdentifiers": [{"emailAddress": "joe@eg.com"}]}},
        {"conversionValue": 5},
    ],
)
def test_google_refuses_what_is_malformed(far, bad):
    answer, _ = send_google(far, google_event(**bad))

    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert kept(far) == []


def test_google_looks_only_when_asked_to(far):
    answer, _ = send_google(far, google_event(), validateOnly=True)

    assert answer.status_code == 200
    assert kept(far) == []


def test_tiktok_takes_a_batch(far):
    assert send_tiktok(far, tiktok_event())["code"] == 0
    assert kept(far) == [("tiktok", "C4B", "e1", 0)]


@pytest.mark.parametrize(
    "bad",
    [
        {"event_time": "soon"},
        {"user": {"email": "joe@eg.com"}},
        {"user": {"user_agent": "UA"}},
        {"properties": {"value": 5}},
        {"event": ""},
    ],
)
def test_tiktok_refuses_what_is_malformed(far, bad):
    assert send_tiktok(far, tiktok_event(**bad))["code"] == 40002
    assert kept(far) == []


def send_linkedin(box, body, method):
    headers = {
        "Authorization": "Bearer token-a", "LinkedIn-Version": "202609",
        "X-Restli-Protocol-Version": "2.0.0", "X-RestLi-Method": method,
    }  # fmt: skip
    return box.http.post("/rest/conversionEvents", json=body, headers=headers)


def test_linkedin_answers_one_event_with_nothing(far):
    answer = send_linkedin(far, linkedin_event(), "CREATE")

    assert (answer.status_code, answer.content) == (201, b"")
    assert kept(far) == [("linkedin", "99", "e1", 0)]


def test_linkedin_answers_each_event_of_a_batch(far):
    events = [linkedin_event(), linkedin_event(eventId="e2", user={}), linkedin_event()]

    told = send_linkedin(far, {"elements": events}, "BATCH_CREATE").json()["elements"]

    assert [element["status"] for element in told] == [201, 400, 201]
    assert told[1]["error"]["message"] == "At least one id is wanted"
    assert kept(far) == [("linkedin", "99", "e1", 0), ("linkedin", "99", "e1", 1)]


@pytest.mark.parametrize(
    "bad",
    [
        {"conversion": "99"},
        {"conversionHappenedAt": NOW},
        {"conversionHappenedAt": (NOW - 91 * DAY) * 1000},
        {"conversionHappenedAt": (NOW + 60) * 1000},
        {"conversionValue": {"currencyCode": "USD", "amount": 5}},
        {"conversionValue": {"amount": "5"}},
        {"user": {"userIds": [{"idType": "SHA256_EMAIL", "idValue": "joe@eg.com"}]}},
        {"user": {"userIds": [{"idType": "EMAIL", "idValue": HASH}]}},
    ],
)
def test_linkedin_refuses_what_is_malformed(far, bad):
    assert send_linkedin(far, linkedin_event(**bad), "CREATE").status_code == 400
    assert kept(far) == []


@pytest.mark.parametrize("path", ["/v26.0/77/events", "/v1/events:ingest"])
def test_wrong_token_opens_nothing(far, path):
    answer = far.http.post(path, json={}, headers={"Authorization": "Bearer other"})

    assert answer.status_code in (400, 401)
