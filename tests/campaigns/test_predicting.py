"""Predictions in the database and over REST: made, replaced, judged, kept apart by workspace."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from campaigns.models import Prediction
from campaigns.services.predicting import predict_campaigns
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    CampaignFactory,
    DailyPerformanceFactory,
)
from workspaces.models import JobRun

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
YESTERDAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def run_for(campaign, days: int, *, roas: str, last: date = YESTERDAY) -> None:
    ad = AdFactory(ad_set__campaign=campaign)
    for number in range(days):
        DailyPerformanceFactory(
            ad=ad, day=last - timedelta(days=number), spend=Decimal(100),
            revenue=Decimal(100) * Decimal(roas), conversions=Decimal(3),
        )  # fmt: skip


@pytest.fixture
def account(workspace):
    return AdAccountFactory(workspace=workspace)


@pytest.fixture
def campaigns(account):
    """Returns of 0.5, 1.5 and 4; one that has just begun; one whose conversions are test values."""
    made = {}
    for name, days, roas in (("bad", 28, "0.5"), ("fair", 20, "1.5"), ("good", 28, "4"),
                             ("fresh", 6, "4")):  # fmt: skip
        made[name] = CampaignFactory(account=account, name=name, channel=name)
        run_for(made[name], days, roas=roas)
    untrusted = AdAccountFactory(workspace=account.workspace, has_usable_conversions=False)
    run_for(CampaignFactory(account=untrusted, name="untrusted"), 28, roas="9")
    return made


def test_risk_follows_the_predicted_return(workspace, campaigns):
    assert predict_campaigns(workspace=workspace, now=NOW) == 3

    rows = Prediction.objects.order_by("predicted_roas").select_related("campaign")
    assert [(row.campaign.name, row.predicted_roas, row.risk_level) for row in rows] == [
        ("bad", 0.5, "high"),
        ("fair", 1.5, "medium"),
        ("good", 4.0, "low"),
    ]
    assert [row.predicted_roi for row in rows] == [-0.5, 0.5, 3.0]
    assert {row.day for row in rows} == {YESTERDAY}
    assert all(sum(row.feature_importance.values()) == pytest.approx(1) for row in rows)


def test_the_same_day_is_replaced_and_the_next_one_added(workspace, campaigns):
    predict_campaigns(workspace=workspace, now=NOW)
    first = set(Prediction.objects.values_list("public_id", flat=True))
    predict_campaigns(workspace=workspace, now=NOW + timedelta(hours=1))

    assert set(Prediction.objects.values_list("public_id", flat=True)) == first
    assert {row.created_at for row in Prediction.objects.all()} == {NOW + timedelta(hours=1)}
    predict_campaigns(workspace=workspace, now=NOW + timedelta(days=1))
    assert Prediction.objects.count() == 6


def test_what_came_is_written_once_the_days_are_over(workspace, campaigns):
    predict_campaigns(workspace=workspace, now=NOW)
    run_for(campaigns["good"], 7, roas="3", last=YESTERDAY + timedelta(days=7))

    predict_campaigns(workspace=workspace, now=NOW + timedelta(days=6))
    assert set(Prediction.objects.values_list("actual_roas", flat=True)) == {None}
    predict_campaigns(workspace=workspace, now=NOW + timedelta(days=7))

    judged = Prediction.objects.get(campaign=campaigns["good"], day=YESTERDAY)
    assert judged.actual_roas == 3.0
    # Nothing was spent on it any more: there is nothing to judge by.
    assert Prediction.objects.get(campaign=campaigns["bad"], day=YESTERDAY).actual_roas is None


def test_nothing_to_predict(workspace, other_workspace, campaigns):
    assert predict_campaigns(workspace=other_workspace, now=NOW) == 0
    assert not Prediction.objects.exists()


def test_rest(workspace, campaigns, viewer, operator, other_workspace, outsider, client_as):
    predict_campaigns(workspace=workspace, now=NOW - timedelta(days=1))
    predict_campaigns(workspace=workspace, now=NOW)
    house = client_as(viewer)

    found = house.get("/api/predictions/latest?ordering=predicted_roas").json()["results"]
    assert [row["predicted_roas"] for row in found] == [0.5, 1.5, 4.0]
    assert found[0] | {
        "campaign_id": campaigns["bad"].external_id,
        "predicted_roi": -0.5,
        "risk_level": "high",
        "channel": "bad",
    } == found[0]  # fmt: skip
    assert len(house.get("/api/predictions/").json()["results"]) == 6
    asked = f"/api/predictions/?campaign={campaigns['bad'].public_id}&day={YESTERDAY}"
    assert len(house.get(asked).json()["results"]) == 1
    assert client_as(outsider).get("/api/predictions/").json()["results"] == []

    answer = client_as(operator).post(
        "/api/predictions/generate", data={}, content_type="application/json"
    )
    assert answer.status_code == 202
    assert JobRun.objects.filter(workspace=workspace, name="predictions").count() == 1
