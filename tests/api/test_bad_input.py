"""Bad input: a clear 4xx that names the field, and nothing written."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from campaigns.models import AdAccount, Campaign, ImportRun, SafetyPolicy
from mlops.models import SamplerDecision, SamplerFeedback
from tests.api.conftest import key_client
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    AdSetFactory,
    CampaignFactory,
    DailyPerformanceFactory,
)
from tests.workspaces.factories import ConnectionFactory
from workspaces import scopes
from workspaces.models import Proposal, WebhookEndpoint

ARM = {
    "ad_id": "a", "impressions": 5000, "clicks": 150, "spend": "500", "pipeline_value": "4500",
    "age_hours": 48, "daily_budget": "100",
}  # fmt: skip
CHANGE = {
    "entity_type": "adset",
    "entity_id": "3000",
    "change_type": "budget",
    "value": "110",
    "reason": "Because.",
}
ACCOUNT = {"platform": "other", "external_id": "9", "name": "Nine", "currency": "USD"}


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


def fields(answer):
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [error["field"] for error in answer.json()["errors"]]


def post(client, path, body):
    return client.post(f"/api/{path}/", body, format="json")


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"{'a': 1}", b"\xff\xfe", b'{"on": NaN, "reason": "x"}', b'{"on": Infinity}',
        b'{"reason": 1e999}', b'{"reason": ' + b"9" * 5000 + b"}", b'{"reason": "\\u0000"}',
        b'{"a\\u0000": 1}', b'{"reason": "\\ud800"}', b"[" * 100_000, b"", b"[]", b"null", b"3",
        b'"text"',
    ],
)  # fmt: skip
def test_bodies_that_are_no_object_of_ours(client, workspace, raw):
    answer = client.generic("POST", "/api/kill-switch/", raw, content_type="application/json")

    workspace.refresh_from_db()
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not workspace.kill_switch


def test_oversized_json_is_413(client):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        answer = post(client, "proposals", {"reason": "x" * 1000})

    assert answer.status_code == 413
    assert "1,000 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data"])
def test_other_media_types_are_415(client, kind):
    answer = client.generic("POST", "/api/proposals/", b"{}", content_type=kind)

    assert answer.status_code == 415


def test_import_takes_no_json(client):
    assert post(client, "performance/import", {}).status_code == 415


def test_other_answers_than_json_are_406(client):
    assert client.get("/api/proposals/", HTTP_ACCEPT="text/csv").status_code == 406


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity_type": "planet"}, "entity_type"),
        ({"entity_id": "no-such"}, "entity_id"),
        ({"entity_id": ""}, "entity_id"),
        ({"change_type": "name"}, "change_type"),
        ({"value": "-5"}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "many"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "1e30"}, "value"),
        ({"value": {"a": 1}}, "value"),
        ({"value": "100"}, "value"),
        ({"reason": ""}, "reason"),
        ({"ad_account": "no-such"}, "ad_account"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_ad_changes(client, workspace, change, field):
    AdSetFactory(campaign__account__workspace=workspace, external_id="3000")

    assert fields(post(client, "pending-ad-changes", {**CHANGE, **change})) == [field]
    assert not Proposal.objects.exists()


def test_ambiguous_id_names_the_accounts(client, workspace):
    sets = [
        AdSetFactory(campaign__account__workspace=workspace, external_id="3000") for _ in range(2)
    ]

    answer = post(client, "pending-ad-changes", CHANGE)
    named = post(
        client, "pending-ad-changes", {**CHANGE, "ad_account": sets[0].account.external_id}
    )

    assert answer.status_code == 422
    for row in sets:
        assert str(row.account.public_id) in answer.json()["errors"][0]["message"]
    assert named.status_code == 202
    assert client.get("/api/ad-sets/3000/").status_code == 422
    assert client.get(f"/api/ad-sets/{sets[1].public_id}/").json()["id"] == str(sets[1].public_id)


def test_account_id_of_two_platforms_names_both(client, workspace):
    for platform in ("meta", "google"):
        AdAccountFactory(workspace=workspace, platform=platform, external_id="77")

    answer = client.get("/api/ad-accounts/77/")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].count(" = ") == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"kind": 5.5}, "kind"),
        ({"request": "text"}, "request"),
        ({"request": {"entity_type": "adset"}}, "change_type"),
        ({"reason": None}, "reason"),
        ({"evidence": []}, "evidence"),
    ],
)
def test_proposals(client, workspace, change, field):
    body = {"kind": "ad_change", "request": {}, "reason": "Because.", **change}

    assert fields(post(client, "proposals", body))[0] == field
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("ad-accounts", {"platform": "myspace"}, "platform"),
        ("ad-accounts", {"currency": "usd"}, "currency"),
        ("ad-accounts", {"time_zone": "Mars/Base"}, "time_zone"),
        ("ad-accounts", {"external_id": "x" * 121}, "external_id"),
        ("ad-accounts", {"external_id": ["x"]}, "external_id"),
    ],
)
def test_accounts(client, path, change, field):
    assert fields(post(client, path, {**ACCOUNT, **change})) == [field]
    assert not AdAccount.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"daily_budget": "-1"}, "daily_budget"),
        ({"daily_budget": "1e20"}, "daily_budget"),
        ({"daily_budget": "0.1234567"}, "daily_budget"),
        ({"ad_account": "no-such"}, "ad_account"),
        ({"starts_on": "tomorrow"}, "starts_on"),
        ({"status": "sleeping"}, "status"),
        ({"name": None}, "name"),
    ],
)
def test_campaigns(client, workspace, change, field):
    account = AdAccountFactory(workspace=workspace)
    body = {"ad_account": account.external_id, "external_id": "1", "name": "One"}

    assert fields(post(client, "campaigns", {**body, **change})) == [field]
    assert not Campaign.objects.exists()


def test_what_stands_in_a_connected_account_comes_from_the_platform(client, workspace):
    account = AdAccountFactory(
        workspace=workspace, connection=ConnectionFactory(workspace=workspace)
    )
    body = {"ad_account": str(account.public_id), "external_id": "1", "name": "One"}

    answer = post(client, "campaigns", body)

    assert answer.status_code == 409
    assert "start a sync" in answer.json()["detail"]
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "group=planet", "from=yesterday", "from=2026-02-30", "from=2026-02-02&to=2026-02-01",
        "from=2000-01-01&to=2026-01-01", "cursor=cD1ub25zZW5zZQ==", "to=9999-99-99",
    ],
)  # fmt: skip
def test_performance_queries(client, workspace, query):
    DailyPerformanceFactory(ad__ad_set__campaign__account__workspace=workspace)
    field = "to" if "to=2026-02-01" in query else query.split("=")[0]

    assert fields(client.get(f"/api/performance/?{query}")) == [field]


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense", "risk=extreme", "created_after=soon", "bundle_id=7", "kind=%00",
        "cursor=cD1ub25zZW5zZQ==", "cursor=cj0xJnA9JTAw",
    ],
)  # fmt: skip
def test_list_queries(note, workspace, client, query):
    from tests.api.test_gate import propose

    propose(workspace, "1")

    assert fields(client.get(f"/api/proposals/?{query}")) == [query.split("=")[0]]


def test_moments_with_wide_offsets_are_understood(note, workspace, client):
    from tests.api.test_gate import propose

    propose(workspace, "1")

    wide = client.get("/api/proposals/", {"created_before": "3100-02-06T00:33:58+22:53"})
    outside = client.get("/api/proposals/", {"created_after": "0001-01-01T00:00:00+22:53"})

    assert len(wide.json()["results"]) == 1
    assert fields(outside) == ["created_at"]


def test_ids_of_entities_in_addresses(client, workspace):
    CampaignFactory(account__workspace=workspace)
    for given in ("nope", "%00", "../../x", "'; --", "9" * 300):
        assert client.get(f"/api/campaigns/{given}/").status_code == 404, given
        assert (
            client.get("/api/ad-sets/", {"campaign": given.replace("%00", "z")}).json()["results"]
            == []
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"values": {}}, "values"),
        ({"values": {"nonsense": 1}}, "values.nonsense"),
        ({"values": {"velocity_pct": "-1"}}, "values.velocity_pct"),
        ({"values": {"velocity_pct": "101"}}, "values.velocity_pct"),
        ({"values": {"velocity_pct": None}}, "values.velocity_pct"),
        ({"values": {"velocity_pct": "much"}}, "values.velocity_pct"),
        ({"values": {"rate_campaign_hour": 10**12}}, "values.rate_campaign_hour"),
        ({"values": {"blackout_weekly": 5}}, "blackout_weekly"),
        ({"values": {"fuzz_pct": "3.01"}}, "values.fuzz_pct"),
        ({"values": {"loosens": []}}, "values.loosens"),
        ({"values": {"max_change_pct": 40}, "ad_account": "no-such"}, "ad_account"),
    ],
)
def test_policies(client, workspace, change, field):
    answer = client.put("/api/safety-policy/", {"why": "x", **change}, format="json")

    assert fields(answer) == [field]
    assert not SafetyPolicy.objects.exists()
    if change["values"]:  # trying the policy as it stands is no mistake
        assert fields(post(client, "safety-policy/simulate", change)) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"impressions": -1}, "ad_states.0.impressions"),
        ({"impressions": 1.5}, "ad_states.0.impressions"),
        ({"impressions": 10**30}, "ad_states.0.impressions"),
        ({"clicks": 5001}, "ad_states.0.clicks"),
        ({"spend": "-0.01"}, "ad_states.0.spend"),
        ({"age_hours": "old"}, "ad_states.0.age_hours"),
        ({"daily_budget": None}, "ad_states.0.daily_budget"),
        ({"ad_id": ""}, "ad_states.0.ad_id"),
        ({"last_updated": "now"}, "ad_states.0.last_updated"),
        ({"surprise": 1}, "ad_states.0.surprise"),
    ],
)
def test_arms(client, workspace, change, field):
    body = {"ad_states": [{**ARM, **change}], "total_budget": "100"}

    assert fields(post(client, "ml/battle-hardened/select", body)) == [field]
    assert not SamplerDecision.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ad_states": [], "total_budget": 1}, "ad_states"),
        ({"ad_states": [ARM], "total_budget": -1}, "total_budget"),
        ({"ad_states": [ARM, ARM], "total_budget": 1}, "ad_states"),
        ({"ad_states": [ARM], "total_budget": 1, "mode": "fast"}, "mode"),
        (
            {"ad_states": [ARM], "total_budget": 1, "creative_dna_scores": {"a": 2}},
            "creative_dna_scores.a",
        ),
        ({"ad_states": "text", "total_budget": 1}, "ad_states"),
    ],
)
def test_selections(client, workspace, body, field):
    assert fields(post(client, "ml/battle-hardened/select", body)) == [field]
    assert not SamplerDecision.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ad_id": "no-such"}, "ad_id"),
        ({"actual_spend": "-1"}, "actual_spend"),
        ({"actual_pipeline_value": "x"}, "actual_pipeline_value"),
        ({"event_id": ""}, "event_id"),
    ],
)
def test_feedback(client, workspace, change, field):
    AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")
    body = {"ad_id": "4000", "actual_pipeline_value": 1, "actual_spend": 1, "event_id": "e"}

    assert fields(post(client, "ml/battle-hardened/feedback", {**body, **change})) == [field]
    assert not SamplerFeedback.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "https://example.com/h", "event_types": ["nonsense"]}, "event_types"),
        ({"url": "https://example.com/h", "format": "morse"}, "format"),
    ],
)
def test_webhook_endpoints(client, workspace, body, field):
    assert fields(post(client, "webhook-endpoints", body)) == [field]
    assert not WebhookEndpoint.objects.exists()


def test_connections_name_the_kind(client, workspace):
    body = {"kind": "carrier-pigeon", "name": "P", "secret": {}}

    assert fields(post(client, "connections", body)) == ["kind"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b""), ("a.csv", b"\x00\x01\x02"), ("a.xls", b"\xd0\xcf\x11\xe0"), ("a.csv", b"x")],
)
def test_files_that_are_no_tables(client, workspace, name, content):
    answer = client.post("/api/performance/import/", {"file": SimpleUploadedFile(name, content)})

    assert fields(answer) == ["file"]
    assert not ImportRun.objects.exists()


def test_file_that_is_too_large(client, workspace, monkeypatch):
    monkeypatch.setattr("campaigns.api.performance.MAX_UPLOAD_BYTES", 10)

    answer = client.post(
        "/api/performance/import/", {"file": SimpleUploadedFile("a.csv", b"x" * 11)}
    )

    assert answer.status_code == 413
    assert "import_performance" in answer.json()["detail"]
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("path", ["analytics/channels", "executive/summary", "performance"])
@pytest.mark.parametrize(
    ("asked", "field"),
    [("from=0253-06-24", "from"), ("from=1995-01-01", "from"), ("to=0001-01-02", "to")],
)
def test_no_period_is_endless_or_before_all_time(client, path, asked, field):
    assert fields(client.get(f"/api/{path}/?{asked}")) == [field]
