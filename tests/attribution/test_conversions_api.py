"""Clicks and conversions over REST."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from attribution.models import AttributionAttempt, AttributionMethod, Click, Conversion
from tests.api.conftest import key_client
from tests.api.test_bad_input import fields
from tests.campaigns.factories import AdFactory
from workspaces import scopes
from workspaces.models import ThrottleRate

CLICK, ATTRIBUTE = "ml/attribution/track-click", "ml/attribution/attribute-conversion"
TRACK = "conversions/track"
CLICKED = {"ad_id": "4000", "campaign_id": "1000", "fbclid": "IwAR1", "consent": True}


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


@pytest.fixture
def ad(workspace):
    return AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")


def post(client, path, body, **headers):
    return client.post(f"/api/{path}/", body, format="json", **headers)


def conversion(**fields):
    return {"conversion_id": "order-1", "type": "purchase", "value": "49.90", **fields}


def asked(**fields):
    moment = timezone.now().isoformat()
    return {
        "conversion_id": "order-1", "conversion_type": "purchase", "conversion_value": "49.90",
        "conversion_timestamp": moment, **fields,
    }  # fmt: skip


def test_click_is_tracked_once(client, ad):
    first = post(client, CLICK, {**CLICKED, "click_id": "c-1"})
    again = post(client, CLICK, {**CLICKED, "click_id": "c-1"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "status": "tracked", "click_id": "c-1", "attribution_window_days": 7.0,
    }  # fmt: skip
    assert again.json()["status"] == "already_tracked"
    assert Click.objects.get().ad == ad


def test_click_keeps_no_person_without_consent(client):
    person = {"email": "joe@eg.com", "visitor_id": "v", "ip_address": "203.0.113.9"}

    post(client, CLICK, {**CLICKED, **person, "consent": False})

    row = Click.objects.get()
    assert (row.person, row.email_hash, row.visitor_id, row.truncated_ip) == (None, "", "", "")
    assert row.fbclid == "IwAR1"


def test_other_names_of_fields_are_taken(client):
    post(client, CLICK, {**CLICKED, "device_type": "iPhone", "landing_page_url": "https://a.eg/"})

    row = Click.objects.get()
    assert (row.device, row.landing_page) == ("iPhone", "https://a.eg/")


def test_conversion_finds_its_click(client, ad):
    post(client, CLICK, {**CLICKED, "click_id": "c-1"})

    shown = post(client, ATTRIBUTE, asked(fbclid="IwAR1")).json()

    assert shown == {
        "success": True,
        "attributed_click_id": "c-1",
        "attribution_method": "url_parameter",
        "attribution_confidence": 1.0,
        "attribution_window_hours": 168,
        "reason": "The click id of the conversion is that of the click.",
        "ad_id": str(ad.public_id),
        "campaign_id": str(ad.campaign.public_id),
    }


def test_conversion_without_a_click_says_so(client):
    shown = post(client, ATTRIBUTE, asked(click_id="nobody")).json()

    assert (shown["success"], shown["attribution_method"]) == (False, "unattributed")
    assert (shown["attributed_click_id"], shown["ad_id"]) == (None, None)
    assert shown["reason"] == "No click matches inside the windows of the layers."


def test_conversion_is_recorded_once(client):
    first, again = (post(client, TRACK, conversion(currency="EUR")) for _ in range(2))

    row = Conversion.objects.get()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["id"] == str(row.public_id)
    assert (row.value, row.currency, row.value_kind) == (Decimal("49.90"), "EUR", "cash")


def test_repeat_with_its_key_is_answered_from_the_store(client):
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}

    first, again = (post(client, TRACK, conversion(), **key) for _ in range(2))

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"


def test_payload_is_kept_without_the_person(client):
    post(client, TRACK, conversion(email="joe@eg.com", user_agent="UA", consent=True))

    row = Conversion.objects.get()
    assert row.payload == {**conversion(), "consent": True}
    assert row.email_hash == "8830eedd6c6b5ea97d181563a349476ca1bb25ace1f94b5c5e48d9cad727941b"


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (CLICK, {"ad_id": ""}, "ad_id"),
        (CLICK, {"campaign_id": None}, "campaign_id"),
        (CLICK, {"fbclid": "x" * 501}, "fbclid"),
        (CLICK, {"ip_address": "300.1.1.1"}, "ip_address"),
        (CLICK, {"consent": "perhaps"}, "consent"),
        (CLICK, {"fingerprint_components": {"shoe": "42"}}, "fingerprint_components"),
        (CLICK, {"fingerprint_hash": "abc"}, "fingerprint_hash"),
        (CLICK, {"clicked_at": "2999-01-01T00:00:00Z"}, "clicked_at"),
        (CLICK, {"clicked_at": "0001-01-01T00:00:00Z"}, "clicked_at"),
        (CLICK, {"surprise": 1}, "surprise"),
        (TRACK, {"conversion_id": ""}, "conversion_id"),
        (TRACK, {"type": "x" * 41}, "type"),
        (TRACK, {"value": "-1"}, "value"),
        (TRACK, {"value": "1e30"}, "value"),
        (TRACK, {"currency": "usd"}, "currency"),
        (TRACK, {"value_kind": "gold"}, "value_kind"),
        (TRACK, {"converted_at": "soon"}, "converted_at"),
        (TRACK, {"converted_at": "2999-01-01T00:00:00Z"}, "converted_at"),
        (TRACK, {"extra": []}, "extra"),
        (ATTRIBUTE, {"conversion_value": None}, "conversion_value"),
        (ATTRIBUTE, {"conversion_timestamp": "2999-01-01T00:00:00Z"}, "conversion_timestamp"),
        (ATTRIBUTE, {"conversion_timestamp": "0001-01-01T00:00:00Z"}, "conversion_timestamp"),
    ],
)
def test_bad_fields_are_named_and_nothing_is_written(client, path, change, field):
    body = {CLICK: CLICKED, TRACK: conversion(), ATTRIBUTE: asked()}[path]

    assert fields(post(client, path, {**body, **change})) == [field]
    assert not Click.objects.exists()
    assert not Conversion.objects.exists()


def test_ad_that_several_accounts_know_is_ambiguous(client, workspace, ad):
    AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")

    answer = post(client, CLICK, CLICKED)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "ad_id"
    assert not Click.objects.exists()


@pytest.mark.parametrize("path", [CLICK, ATTRIBUTE, TRACK])
def test_other_tenant_is_refused(client, other_workspace, path):
    body = {CLICK: CLICKED, TRACK: conversion(), ATTRIBUTE: asked()}[path]

    answer = post(client, path, {**body, "tenant_id": other_workspace.slug})

    assert answer.status_code == 403
    assert not Click.objects.exists()
    assert not Conversion.objects.exists()


def test_workspaces_share_neither_clicks_nor_conversions(client, other_workspace):
    other = key_client(other_workspace, [scopes.ML_WRITE, scopes.ATTRIBUTION_READ])
    post(other, CLICK, {**CLICKED, "click_id": "c-1"})

    shown = post(client, ATTRIBUTE, asked(fbclid="IwAR1", click_id="c-1")).json()

    assert shown["success"] is False
    assert other.get("/api/conversions/events/").json()["results"] == []
    assert post(client, CLICK, {**CLICKED, "click_id": "c-1"}).status_code == 201


def test_events_are_filtered_and_newest_first(client, workspace):
    now = timezone.now()
    for hour, kind in enumerate(("lead", "purchase", "lead")):
        at = (now - timedelta(hours=hour)).isoformat()
        post(client, TRACK, conversion(conversion_id=f"{hour}", type=kind, converted_at=at))

    rows = client.get("/api/conversions/events/?type=lead").json()["results"]
    late = {"converted_after": (now - timedelta(hours=1)).isoformat()}

    assert {row["conversion_id"] for row in rows} == {"0", "2"}
    found = client.get("/api/conversion/events", late).json()["results"]
    assert {row["conversion_id"] for row in found} == {"0", "1"}
    assert fields(client.get("/api/conversions/events/?method=magic")) == ["method"]


def test_events_of_many_cost_few_queries(client, django_assert_max_num_queries):
    for number in range(5):
        post(client, TRACK, conversion(conversion_id=f"{number}"))

    with django_assert_max_num_queries(8):
        assert len(client.get("/api/conversions/events/").json()["results"]) == 5


def test_stats_keep_unlike_money_apart(client):
    post(client, CLICK, {**CLICKED, "click_id": "c-1"})
    post(client, TRACK, conversion(click_id="c-1"))
    post(client, TRACK, conversion(conversion_id="2", type="lead", value="10", currency="JPY"))

    shown = client.get("/api/conversions/stats/").json()

    assert (shown["conversions"], shown["attributed"], shown["recovery_rate"]) == (2, 1, 0.5)
    assert shown["by_method"] == {"unattributed": 1, "url_parameter": 1}
    assert shown["by_type"] == {"lead": 1, "purchase": 1}
    assert shown["value"] == {"JPY": "10", "USD": "49.90"}
    assert shown["attributed_value"] == {"USD": "49.90"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("to=9999-12-31", "to"),
        ("from=0001-01-01", "from"),
    ],
)
def test_impossible_periods_are_named(client, query, field):
    assert fields(client.get(f"/api/conversions/stats/?{query}")) == [field]


@pytest.mark.parametrize("path", [CLICK, TRACK])
def test_beacons_send_json_as_text(client, path):
    body = json.dumps({CLICK: CLICKED, TRACK: conversion()}[path])

    answer = client.generic("POST", f"/api/{path}/", body, content_type="text/plain")

    assert answer.status_code == 201


def test_other_media_are_refused(client):
    answer = client.generic("POST", f"/api/{ATTRIBUTE}/", "{}", content_type="text/plain")

    assert answer.status_code == 415


def test_burst_over_the_rate_writes_whole_rows_or_none(client, workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="ingest", calls=40, seconds=10**9)
    bodies = [conversion(conversion_id=f"{number}") for number in range(64)]
    bodies[7]["value"] = "-1"

    answers = [post(client, TRACK, body) for body in bodies]

    codes = [answer.status_code for answer in answers]
    assert codes == [201] * 7 + [400] + [201] * 32 + [429] * 24
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert Conversion.objects.count() == AttributionAttempt.objects.count() == 39
    assert not Conversion.objects.filter(needs_attribution=True).exists()
    assert set(Conversion.objects.values_list("method", flat=True)) == {
        AttributionMethod.UNATTRIBUTED
    }


def test_one_visitor_cannot_use_up_the_key(client, workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="visitor", calls=2, seconds=10**9)

    codes = [post(client, CLICK, {**CLICKED, "visitor_id": "loud"}).status_code for _ in range(3)]
    other = post(client, CLICK, {**CLICKED, "visitor_id": "quiet"})

    assert codes == [201, 201, 429]
    assert other.status_code == 201
    assert Click.objects.count() == 3
