"""Synthetic revenue over REST."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from attribution.models import (
    AdPipelineValue,
    Deal,
    QuarantinedAd,
    StageMapping,
    SyntheticRevenueConfig,
)
from attribution.services.crm_values import ingest_ad_values, resolve_ad
from attribution.services.ledger import DealRef, SeenMove, record_moves
from tests.api.conftest import key_client
from tests.api.test_bad_input import fields
from tests.attribution.stage_steps import document, installed
from tests.campaigns.factories import AdFactory
from workspaces import scopes
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Proposal

ML = "ml/synthetic-revenue"


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


@pytest.fixture
def ptd(workspace):
    return installed(workspace, timezone.now())


def post(client, path, body):
    return client.post(f"/api/{path}/", body, format="json")


def test_calculate(ptd, client):
    body = {"stage_from": "show_up", "stage_to": "closed_won", "deal_value": "12000"}

    shown = post(client, f"{ML}/calculate", body).json()

    assert shown.pop("timestamp")
    assert shown == {
        "stage_from": "show_up",
        "stage_to": "closed_won",
        "synthetic_value": "12000.00",
        "calculated_value": "3000.00",
        "confidence": 1.0,
        "is_known": True,
        "reason": (
            "The deal was won for a known amount, which takes the place of the stage's value."
        ),
        "currency": "USD",
    }


def test_calculate_of_a_new_deal_and_of_a_lost_one(ptd, client):
    new = post(client, f"{ML}/calculate", {"stage_to": "appointment_scheduled"}).json()
    lost = post(
        client, f"{ML}/calculate", {"stage_from": "show_up", "stage_to": "closed_lost"}
    ).json()

    assert (new["stage_from"], new["calculated_value"]) == (None, "2250.00")
    assert lost["calculated_value"] == "-9000.00"


def test_unknown_stage_is_worth_nothing_and_said_so(ptd, client):
    shown = post(client, f"{ML}/calculate", {"stage_to": "mystery"}).json()

    assert (shown["calculated_value"], shown["is_known"]) == ("0.00", False)


def test_ad_roas(ptd, client):
    booked = {"stage_from": "lead", "stage_to": "appointment_scheduled"}

    shown = post(
        client, f"{ML}/ad-roas", {"ad_spend": "500", "stage_changes": [booked, booked]}
    ).json()

    assert shown == {
        "pipeline_value": "4500.00",
        "pipeline_roas": 9.0,
        "avg_confidence": 0.6,
        "num_stage_changes": 2,
        "ad_spend": "500.00",
        "currency": "USD",
    }


@pytest.mark.parametrize("method", ["get", "post"])
def test_stages_stand_by_value(method, ptd, client):
    shown = getattr(client, method)(f"/api/{ML}/get-stages").json()

    assert [(row["key"], row["value"]) for row in shown["stages"]] == [
        ("lead", "0.00"),
        ("closed_lost", "0.00"),
        ("appointment_scheduled", "2250.00"),
        ("show_up", "9000.00"),
        ("closed_won", "15000.00"),
    ]
    assert shown["stages"][2]["implied_conversion"] == 0.15


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("calculate", {}, "stage_to"),
        ("calculate", {"stage_to": ""}, "stage_to"),
        ("calculate", {"stage_to": 7 * ["x"]}, "stage_to"),
        ("calculate", {"stage_to": "lead", "deal_value": "-1"}, "deal_value"),
        ("calculate", {"stage_to": "lead", "surprise": 1}, "surprise"),
        ("ad-roas", {"ad_spend": "-1", "stage_changes": []}, "ad_spend"),
        ("ad-roas", {"ad_spend": "1", "stage_changes": "x"}, "stage_changes"),
        ("ad-roas", {"ad_spend": "1", "stage_changes": [{}]}, "stage_changes.0.stage_to"),
    ],
)
def test_bad_input_names_the_field(ptd, client, path, body, field):
    assert fields(post(client, f"{ML}/{path}", body)) == [field]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "calculate", {"stage_to": "lead"}),
        ("post", "ad-roas", {"ad_spend": 1, "stage_changes": []}),
        ("get", "get-stages", None),
    ],
)
def test_without_values_it_is_said_what_to_do_and_anothers_are_not_used(
    method, path, body, client, other_workspace
):
    installed(other_workspace, timezone.now())

    answer = getattr(client, method)(f"/api/{ML}/{path}/", body, format="json")

    assert answer.status_code == 409
    assert "no stage values yet" in answer.json()["detail"]


def test_another_tenant_in_the_body_is_refused(ptd, client, other_workspace):
    body = {"stage_to": "lead", "tenant_id": other_workspace.slug}

    assert post(client, f"{ML}/calculate", body).status_code == 403


def _put(client, **body):
    return client.put(
        "/api/synthetic-revenue/config/", {"reason": "Data says so.", **body}, format="json"
    )


def test_config_is_proposed_and_not_changed(ptd, client):
    answer = _put(client, stages=document(show_up="9500")["stages"])

    assert answer.status_code == 202
    proposal = Proposal.objects.get()
    assert answer.json() == {
        "status": "pending",
        "proposal_id": str(proposal.public_id),
        "plan_sha256": proposal.current_plan.sha256,
        "summary": "Value stages anew: Show-up 9,000 → 9,500",
        "crossing_ads": 0,
        "flipping_changes": 0,
    }
    shown = client.get("/api/synthetic-revenue/config/").json()
    assert (shown["version"], shown["stages"][2]["value"]) == (1, "9000.00")
    assert (shown["average_deal_value"], shown["win_rate"]) == ("15000.00", 0.6)
    assert shown["waiting_proposal_id"] == str(proposal.public_id)
    assert shown["editor"] == "Template ptd_fitness"


def test_config_before_the_first_version(client):
    shown = client.get("/api/synthetic-revenue/config/").json()

    assert (shown["version"], shown["stages"], shown["win_rate"]) == (0, [], None)
    assert _put(client, template="b2b_saas").status_code == 202
    assert not SyntheticRevenueConfig.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "stages"),
        ({"template": "nope"}, "template"),
        ({"template": "ecommerce", "stages": []}, "stages"),
        ({"stages": []}, "stages"),
        ({"stages": [{"key": "a"}]}, "stages.0.value"),
        ({"stages": document(show_up="2000")["stages"]}, "stages.show_up"),
        ({"stages": document()["stages"]}, "values"),
        ({"stages": document(show_up="9500")["stages"], "win_rate": 2}, "win_rate"),
        ({"template": "ecommerce", "reason": ""}, "reason"),
    ],
)
def test_config_that_makes_no_sense(ptd, client, body, field):
    assert fields(_put(client, **body))[0] == field
    assert not Proposal.objects.exists()


# --- values from CRMs ---------------------------------------------------------------------------


def _ingest(client, **values):
    return post(client, "ml/ingest-crm-data", {"ad_performances": values})


def test_values_are_set_and_unknown_ads_wait(workspace, client):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4711")

    first = _ingest(client, **{"4711": "2250", "nobody": "7"}).json()
    again = _ingest(client, **{str(ad.public_id): "9000", "nobody": "8"}).json()

    assert first == {
        "status": "partly_ingested",
        "updated_ads": 1,
        "total_received": 2,
        "unknown_ads": ["nobody"],
    }
    assert again["unknown_ads"] == ["nobody"]
    assert AdPipelineValue.objects.get().value == 9000
    row = QuarantinedAd.objects.get()
    assert (row.given, row.value, row.times, row.ad) == ("nobody", 8, 2, None)


def test_ads_of_others_and_ambiguous_ids_are_unknown(workspace, other_workspace, client):
    AdFactory(ad_set__campaign__account__workspace=other_workspace, external_id="5")
    for _ in range(2):
        AdFactory(ad_set__campaign__account__workspace=workspace, external_id="6")

    shown = _ingest(client, **{"5": 1, "6": 1}).json()

    assert (shown["updated_ads"], shown["unknown_ads"]) == (0, ["5", "6"])
    assert not AdPipelineValue.objects.exists()


def test_both_ids_of_one_ad_add_up(workspace, client):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4711")

    _ingest(client, **{"4711": 1, str(ad.public_id): 2})

    assert AdPipelineValue.objects.get().value == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ad_performances"),
        ({"ad_performances": {}}, "ad_performances"),
        ({"ad_performances": [1]}, "ad_performances"),
        ({"ad_performances": {"a": "-1"}}, "ad_performances.a"),
        ({"ad_performances": {"a": "x"}}, "ad_performances.a"),
        ({"ad_performances": {" ": 1}}, "ad_performances"),
        ({"ad_performances": {"a" * 201: 1}}, "ad_performances"),
        ({"ad_performances": {"a": 1}, "source": "x" * 41}, "source"),
    ],
)
def test_bad_crm_data(client, body, field):
    assert fields(post(client, "ml/ingest-crm-data", body)) == [field]
    assert not QuarantinedAd.objects.exists()


def test_resolved_id_leads_later_reports_to_the_ad(workspace, operator, viewer, now):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    report = {"workspace": workspace, "source": "crm", "now": now}
    ingest_ad_values(values={"nobody": Decimal(7)}, **report)
    row = QuarantinedAd.objects.get()

    with pytest.raises(NotAllowedError):
        resolve_ad(quarantined=row, ad_id=str(ad.public_id), by=viewer, now=now)
    with pytest.raises(RequestError, match="There is no ad 'x'"):
        resolve_ad(quarantined=row, ad_id="x", by=operator, now=now)
    assert not AdPipelineValue.objects.exists()
    resolve_ad(quarantined=row, ad_id=str(ad.public_id), by=operator, now=now)
    with pytest.raises(StateError):
        resolve_ad(quarantined=row, ad_id=str(ad.public_id), by=operator, now=now)

    assert AdPipelineValue.objects.get(ad=ad).value == 7
    done = ingest_ad_values(values={"nobody": Decimal(9)}, **report)
    assert (done.updated, done.unknown) == (1, [])
    assert AdPipelineValue.objects.get(ad=ad).value == 9


def test_operator_resolves_an_unknown_ad_in_the_admin(ptd, operator, client_as, now):
    ad = AdFactory(ad_set__campaign__account__workspace=ptd)
    ingest_ad_values(workspace=ptd, values={"nobody": Decimal(7)}, source="crm", now=now)
    row = QuarantinedAd.objects.get()
    path = f"/admin/attribution/quarantinedad/{row.pk}/change/"
    form = {"workspace": str(ptd.public_id), "ad": str(ad.pk)}

    assert client_as(operator).post(path, form).status_code == 302

    row.refresh_from_db()
    assert (row.ad, row.resolved_by) == (ad, operator)
    assert client_as(operator).get(path).status_code == 200


def test_admin_maps_a_stage_in_the_admin(ptd, admin, client_as):
    now = timezone.now()
    record_moves(
        workspace=ptd, deal=DealRef("crm", "d"), moves=[SeenMove("1", "Trial", now)], now=now
    )
    row = StageMapping.objects.get()
    path = f"/admin/attribution/stagemapping/{row.pk}/change/"
    client = client_as(admin)

    refused = client.post(path, {"workspace": str(ptd.public_id), "stage_key": "nope"}, follow=True)
    assert "There is no stage" in refused.text
    client.post(path, {"workspace": str(ptd.public_id), "stage_key": "show_up"})

    row.refresh_from_db()
    assert (row.stage_key, row.mapped_by) == ("show_up", admin)
    assert Deal.objects.get().stage == "show_up"
