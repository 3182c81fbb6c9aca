"""What the lists show, in how many queries, and what entering something does."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import AdAccount, DailyPerformance, ImportRun, SafetyPolicy
from campaigns.services.importing import run_import
from mlops.models import SamplerDecision, SamplerFeedback
from tests.api.conftest import key_client
from tests.api.test_gate import propose
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    AdSetFactory,
    DailyPerformanceFactory,
)
from tests.database import answers_alone
from workspaces import hooks, scopes
from workspaces.models import Connection, Proposal, WebhookDelivery, WebhookEndpoint
from workspaces.services import signing


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


def test_proposals_page_by_page(note, workspace, client):
    ids = [str(propose(workspace, str(n)).public_id) for n in range(5)]

    first = client.get("/api/proposals/?page_size=3").json()
    second = client.get(first["next"]).json()

    assert [row["id"] for row in first["results"] + second["results"]] == ids[::-1]
    assert second["next"] is None


def test_proposals_are_filtered(note, workspace, approver, client):
    kept, closed = propose(workspace, "1"), propose(workspace, "2")
    sha = closed.current_plan.sha256
    signing.reject(
        proposal_id=closed.pk, plan_sha256=sha, by=approver, now=timezone.now(), why="No."
    )

    def ids(query):
        return [row["id"] for row in client.get(f"/api/proposals/?{query}").json()["results"]]

    assert ids("status=pending") == [str(kept.public_id)]
    assert ids("status=pending&status=rejected") == [str(closed.public_id), str(kept.public_id)]
    assert ids("ordering=created_at") == [str(kept.public_id), str(closed.public_id)]
    assert ids("proposer=model:other") == []
    assert ids("kind=note&risk=low&created_after=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("proposals", 6),
        ("pending-ad-changes", 6),
        ("ad-sets", 5),
        ("ads", 5),
        ("campaigns", 6),
        ("performance/?group=ad&from=2026-11-01&to=2026-11-02", 5),
        ("ad-accounts", 5),
    ],
)
def test_lists_take_few_queries_however_long(
    workspace, client, django_assert_max_num_queries, path, queries
):
    for n in range(4):
        day = DailyPerformanceFactory(
            ad__ad_set__campaign__account__workspace=workspace, day="2026-11-01"
        )
        client.post(
            "/api/pending-ad-changes/",
            {"entity_type": "adset", "entity_id": day.ad_set.external_id,
             "change_type": "budget", "value": str(105 + n), "reason": "r"},
            format="json",
        )  # fmt: skip
    client.get("/api/whoami/")  # the use of the key is noted by now

    # key, two for the person's role, rate, rows (campaigns: and their figures; the gate's: keys)
    with django_assert_max_num_queries(queries):
        rows = client.get(f"/api/{path}").json()["results"]

    assert len(rows) == 4


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("proposals/?status=pending", "workspaces_proposal_status_ix"),
        ("proposals/?risk=high", "workspaces_proposal_risk_ix"),
        ("proposals/?kind=note", "workspaces_proposal_kind_ix"),
        ("pending-ad-changes/?status=pending", "workspaces_proposal_status_ix"),
        ("pending-ad-changes/?change_type=bid", "campaigns_change_type"),
        ("pending-ad-changes/", "workspaces_proposal_open"),
    ],
)
def test_the_gates_lists_read_their_keys_from_an_index(client, path, index):
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/api/{path}")
    (keys,) = (one["sql"] for one in asked if re.match(r'SELECT "\w+"."\w*id" FROM', one["sql"]))

    answers_alone(index)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {keys}")
        plan = str(cursor.fetchall())

    assert f"Index Only Scan using {index}" in plan


def test_accounts_and_what_is_in_them_are_entered_and_read(workspace, client):
    def make(path, **body):
        answer = client.post(f"/api/{path}/", body, format="json")
        assert answer.status_code == 201, answer.content
        return answer.json()

    account = make(
        "ad-accounts", platform="other", external_id="9", name="Nine", currency="EUR",
        time_zone="Europe/Berlin",
    )  # fmt: skip
    campaign = make("campaigns", ad_account="9", external_id="c", name="C", channel="search")
    ad_set = make("ad-sets", campaign="c", external_id="s", name="S", daily_budget="12.5")
    creative = make("creatives", ad_account=account["id"], external_id="k", headline="Hello")
    ad = make("ads", ad_set=ad_set["id"], external_id="a", name="A", creative="k")

    assert (ad_set["daily_budget"], ad_set["currency"]) == ("12.50", "EUR")
    assert ad["campaign"] == campaign["id"]
    assert ad["creative"] == creative["id"]
    assert client.get("/api/ads/a/").json() == ad
    workspace.refresh_from_db()
    assert workspace.data_since is not None


def test_account_is_entered_once(client):
    body = {"platform": "other", "external_id": "9", "name": "Nine", "currency": "EUR"}
    client.post("/api/ad-accounts/", body, format="json")

    answer = client.post("/api/ad-accounts/", body, format="json")

    assert answer.status_code == 400
    assert "here already" in answer.json()["errors"][0]["message"]
    assert AdAccount.objects.count() == 1


def test_campaign_rows_carry_their_figures(workspace, client):
    day = DailyPerformanceFactory(
        ad__ad_set__campaign__account__workspace=workspace, day="2026-11-01", clicks=20,
        impressions=1000, spend=Decimal(50), conversions=4, revenue=Decimal(150), engagement=7,
    )  # fmt: skip
    DailyPerformanceFactory(ad=day.ad, day="2026-11-05", spend=Decimal(999))

    row = client.get("/api/campaigns/?from=2026-11-01&to=2026-11-02").json()["results"][0]

    assert row["campaign_id"] == day.campaign.external_id
    assert (row["cost"], row["currency"], row["clicks"], row["engagement"]) == (
        "50.00", "USD", 20, 7,
    )  # fmt: skip
    assert (row["roi"], row["roas"], row["conversion_rate"]) == (2.0, 3.0, 0.2)
    assert (row["date_from"], row["date_to"]) == ("2026-11-01", "2026-11-02")


def test_ratios_of_unusable_conversions_are_unknown(workspace, client):
    account = AdAccountFactory(workspace=workspace, has_usable_conversions=False)
    DailyPerformanceFactory(
        ad__ad_set__campaign__account=account, day="2026-11-01", conversions=4, revenue=90
    )

    row = client.get("/api/campaigns/?from=2026-11-01&to=2026-11-02").json()["results"][0]

    assert (row["roi"], row["roas"], row["conversion_rate"]) == (None, None, None)
    assert row["ctr"] == 0.02


def test_performance_never_adds_unlike_money_nor_two_levels(workspace, client):
    dollars = DailyPerformanceFactory(
        ad__ad_set__campaign__account__workspace=workspace, day="2026-11-01", spend=10
    )
    DailyPerformance.objects.create(
        workspace=workspace, account=dollars.account, campaign=dollars.campaign,
        level="campaign", day="2026-11-01", spend=99, fetched_at=timezone.now(),
    )  # fmt: skip
    euros = AdAccountFactory(workspace=workspace, currency="EUR")
    DailyPerformanceFactory(ad__ad_set__campaign__account=euros, day="2026-11-01", spend=7)

    rows = client.get("/api/performance/?group=day&from=2026-11-01&to=2026-11-02").json()["results"]

    assert sorted((row["day"], row["currency"], row["cost"]) for row in rows) == [
        ("2026-11-01", "EUR", "7.00"),
        ("2026-11-01", "USD", "10.00"),
    ]


@pytest.mark.parametrize("group", ["day", "channel", "campaign", "ad"])
def test_performance_pages_reach_every_group(workspace, client, group):
    for n in range(5):
        day = DailyPerformanceFactory(
            ad__ad_set__campaign__account__workspace=workspace, day=f"2026-11-0{n + 1}"
        )
        day.campaign.channel = f"channel-{n}"
        day.campaign.save()

    seen, url = [], f"/api/performance/?group={group}&page_size=2&from=2026-11-01&to=2026-11-09"
    while url:
        page = client.get(url).json()
        seen += [str(row[group]) for row in page["results"]]
        url = page["next"]

    assert len(seen) == len(set(seen)) == 5


def test_file_is_queued_with_its_guess_and_read_by_a_worker(workspace, client):
    text = "Day,Campaign name,Impressions,Clicks,Spend\n2026-11-01,One,100,5,2.50\n"
    answer = client.post(
        "/api/performance/import/",
        {
            "file": SimpleUploadedFile("a.csv", text.encode()),
            "platform": "other",
            "currency": "USD",
        },
    )

    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    run = ImportRun.objects.get(public_id=answer.json()["id"])
    run_import(run_id=run.pk, now=timezone.now())
    shown = client.get(f"/api/performance/import/{run.public_id}/").json()
    assert (shown["state"], shown["days_written"], shown["bad_rows"]) == ("completed", 1, [])


@pytest.mark.parametrize("acts_as", [None, "operator"])
def test_key_imports_and_is_named_as_who_did(workspace, request, acts_as):
    person = request.getfixturevalue(acts_as) if acts_as else None
    client = key_client(workspace, ["insight:write", "insight:read"], person)
    text = "Day,Campaign name,Impressions,Clicks,Spend\n2026-11-01,One,100,5,2.50\n"
    file = SimpleUploadedFile("a.csv", text.encode())

    answer = client.post("/api/performance/import/", {"file": file, "platform": "other"})

    assert answer.status_code == 202
    run = ImportRun.objects.get(public_id=answer.json()["id"])
    run_import(run_id=run.pk, now=timezone.now())
    run.refresh_from_db()
    assert (run.api_key, run.created_by, run.job.trigger) == (client.api_key, person, "api")
    assert run.days_written == 1
    by = f"{person} by key test" if person else "key test"
    assert client.get(f"/api/performance/import/{run.public_id}/").json()["imported_by"] == by


def test_key_without_the_scope_imports_nothing(workspace):
    client = key_client(workspace, ["insight:read"])
    file = SimpleUploadedFile("a.csv", b"Day,Campaign name,Spend\n2026-11-01,One,2\n")

    answer = client.post("/api/performance/import/", {"file": file, "platform": "other"})

    assert answer.status_code == 403
    assert not ImportRun.objects.exists()


def test_policy_that_tightens_holds_at_once(workspace, client):
    saved = client.put(
        "/api/safety-policy/", {"values": {"max_change_pct": "30"}, "why": "New."}, format="json"
    )

    assert saved.status_code == 200
    standing = client.get("/api/safety-policy/").json()
    assert standing["policy"]["values"]["max_change_pct"] == "30.00"
    assert standing["waiting"] is None


def test_policy_that_loosens_waits_for_a_second_person(workspace, client, approver, browser):
    saved = client.put("/api/safety-policy/", {"values": {"max_change_pct": "60"}}, format="json")
    version = {"version": saved.json()["version"]}

    own = client.post("/api/safety-policy/confirm/", version, format="json")

    assert (saved.status_code, saved.json()["loosens"]) == (202, ["max_change_pct"])
    assert own.status_code == 403
    standing = client.get("/api/safety-policy/").json()
    assert standing["policy"]["version"] == 0
    assert standing["waiting"]["version"] == 1
    confirmed = browser(approver).post("/api/safety-policy/confirm/", version, format="json")
    assert confirmed.json()["confirmed_by"] == str(approver)
    assert client.get("/api/safety-policy/").json()["policy"]["version"] == 1


def test_simulation_counts_and_writes_nothing(workspace, client):
    AdSetFactory(campaign__account__workspace=workspace, external_id="3000")
    client.post(
        "/api/pending-ad-changes/",
        {"entity_type": "adset", "entity_id": "3000", "change_type": "budget", "value": "110",
         "reason": "r"},
        format="json",
    )  # fmt: skip

    body = {"values": {"max_daily_budget": "105"}}
    shown = client.post("/api/safety-policy/simulate/", body, format="json").json()

    assert sum(shown["edited"].values()) == sum(shown["standing"].values()) == 1
    assert shown["edited"].get("blocked") == 1
    assert len(shown["differing"]) == 1
    assert not SafetyPolicy.objects.exists()


def test_connection_secrets_never_come_out(workspace, client, monkeypatch):
    monkeypatch.setattr(hooks._registry, "connection_kinds", {})
    fields = (hooks.SecretField("token", "Token"),)
    hooks.register_connection_kind("probe", "Probe", fields, lambda row, secret: "Works.")
    body = {"kind": "probe", "name": "P", "secret": {"token": "s3cr3t-value"}}

    made = client.post("/api/connections/", body, format="json")
    path = f"/api/connections/{made.json()['id']}/"

    assert made.status_code == 201
    for answer in (made, client.get("/api/connections/"), client.get(path)):
        assert b"s3cr3t" not in answer.content
    assert client.post(f"{path}test/", {}, format="json").json() == {"ok": True, "words": "Works."}
    assert client.post(f"{path}pause/", {}, format="json").json()["status"] == "paused"
    assert client.post(f"{path}pause/", {}, format="json").status_code == 409
    assert client.post(f"{path}resume/", {}, format="json").json()["status"] == "active"
    assert Connection.objects.get().workspace == workspace


def test_webhook_secret_is_shown_once(workspace, client):
    body = {"url": "https://93.184.215.14/hook", "event_types": ["proposal.created"]}
    made = client.post("/api/webhook-endpoints/", body, format="json").json()
    path = f"/api/webhook-endpoints/{made['id']}/"

    shown = client.get(path).json()

    assert made["secret"].startswith("whsec_")
    assert "secret" not in shown
    off = client.patch(path, {"is_enabled": False}, format="json").json()
    assert off["is_enabled"] is False


def test_delivery_is_listed_and_sent_again(workspace, client):
    endpoint = WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com/h")
    now = timezone.now()
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_type="proposal.created", event_id="e", body="{}",
        created_at=now, failed_at=now, attempts=10,
    )  # fmt: skip
    path = f"/api/webhook-endpoints/{endpoint.public_id}/deliveries/"

    listed = client.get(f"{path}?is_delivered=false").json()["results"]
    again = client.post(f"{path}{delivery.public_id}/replay/", {}, format="json")

    assert [row["id"] for row in listed] == [str(delivery.public_id)]
    assert again.status_code == 202
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.failed_at) == (0, None)


def test_reports_are_read(client):
    for name in (
        "v_job_queue_health", "v_failed_jobs", "v_job_performance_by_tenant",
        "v_rate_limit_status", "v_recent_budget_changes", "v_campaign_activity_summary",
        "v_safety_check_failures",
    ):  # fmt: skip
        assert client.get(f"/api/reports/{name}").json()["results"] == [], name


ARMS = [
    {"ad_id": "a", "impressions": 5000, "clicks": 150, "spend": "500", "pipeline_value": 4500,
     "cash_revenue": 4500, "age_hours": 48, "daily_budget": "100", "frequency": 1.5},
    {"ad_id": "b", "impressions": 8000, "clicks": 40, "spend": "900", "pipeline_value": 100,
     "cash_revenue": 100, "age_hours": 120, "daily_budget": 100},
]  # fmt: skip


def test_selection_shares_the_total_out_and_logs_the_odds(workspace, client):
    body = {"ad_states": ARMS, "total_budget": "200.00", "mode": "pipeline"}

    shown = client.post("/api/ml/battle-hardened/select/", body, format="json").json()

    rows = shown["recommendations"]
    total = sum(Decimal(row["recommended_budget"]) for row in rows) + Decimal(shown["unallocated"])
    assert (shown["total_budget"], shown["num_ads"], shown["currency"]) == ("200.00", 2, "USD")
    assert abs(total - 200) <= Decimal("0.01")
    assert [row["ad_id"] for row in rows] == ["a", "b"]
    assert [row["decision"] for row in rows] == ["scale", "kill"]
    assert set(rows[0]["metrics"]) == {
        "impressions", "clicks", "ctr", "pipeline_roas", "ctr_weight", "roas_weight",
        "blended_score", "decay_factor", "age_hours",
    }  # fmt: skip
    assert rows[0]["metrics"]["pipeline_roas"] == 9.0
    assert rows[0]["metrics"]["ctr_weight"] == pytest.approx(0.5)
    logged = SamplerDecision.objects.filter(allocation_id=shown["allocation_id"])
    assert sorted(logged.values_list("arm", flat=True)) == ["a", "b"]
    assert sum(logged.values_list("propensity", flat=True)) == pytest.approx(1)
    assert not Proposal.objects.exists()


def test_feedback_is_taken_once_per_event(workspace, client):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")
    body = {
        "ad_id": "4000", "actual_pipeline_value": "300", "actual_spend": "100", "event_id": "e-1",
    }  # fmt: skip

    def send(**change):
        return client.post("/api/ml/battle-hardened/feedback/", {**body, **change}, format="json")

    first, again, other = send(), send(), send(actual_spend="101")

    assert (first.status_code, first.json()["status"]) == (201, "recorded")
    assert (first.json()["actual_roas"], first.json()["ad_id"]) == (3.0, "4000")
    assert (again.status_code, again.json()["status"]) == (200, "already_recorded")
    assert again.json()["timestamp"] == first.json()["timestamp"]
    assert other.status_code == 409
    row = SamplerFeedback.objects.get()
    assert row.arm == f"meta:{ad.account.external_id}:adset:{ad.ad_set.external_id}:budget"
