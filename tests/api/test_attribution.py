"""Credit, journeys and channels over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from attribution.models import ChannelPerformance
from attribution.services.attribution_runs import refresh_attribution, seed_models
from attribution.services.channel_days import count_messages
from attribution.services.touches import channels_of
from tests.api.conftest import key_client
from tests.attribution.journey_steps import three_walks
from tests.campaigns.factories import CampaignFactory
from workspaces import scopes

MODELS = ("first", "last", "linear", "time_decay", "position_based")


@pytest.fixture
def filled(workspace):
    now = timezone.now()
    three_walks(workspace, now)
    refresh_attribution(workspace=workspace, now=now, windows=(30,))
    return workspace


@pytest.fixture
def client(workspace):
    return key_client(workspace, [scopes.ATTRIBUTION_READ])


def test_credits_of_a_model_add_up(filled, client):
    answer = client.get("/api/conversions/attribution", {"model": "linear"}).json()

    credits = {row["channel"]: row for row in answer["credits"]}
    assert credits["direct"]["conversions"] == pytest.approx(0.5, abs=1e-12)
    assert credits["direct"]["revenue"] == {"amount": "5.005", "currency": filled.currency}
    assert sum(row["conversions"] for row in answer["credits"]) == pytest.approx(2, abs=1e-9)
    assert sum(row["share"] for row in answer["credits"]) == pytest.approx(1, abs=1e-9)
    assert (answer["model"], answer["by"], answer["conversions"]) == ("linear", "channel", 2)


def test_exactly_the_days_of_a_run_answer_from_it(filled, client):
    yesterday = (timezone.now().astimezone(filled.zone) - timedelta(days=1)).date()
    asked = {"model": "markov", "from": yesterday - timedelta(days=29), "to": yesterday, "by": "ad"}

    answer = client.get("/api/conversion/attribution/", asked).json()

    assert answer["ran_at"] is not None
    assert all(row["conversions_low"] is not None for row in answer["credits"])


def test_models_that_are_not_active_are_refused(filled, client):
    answer = client.get("/api/conversions/attribution/", {"model": "shapley_rate"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "model"


def test_a_workspace_without_models_answers_in_words(client):
    answer = client.get("/api/attribution/summary/")

    assert answer.status_code == 409
    assert "switch one on" in answer.json()["detail"]


def test_journey_of_a_person_touch_by_touch(filled, client):
    answer = client.get("/api/conversions/journey/ann").json()

    (journey,) = answer["journeys"]
    assert [touch["channel"] for touch in journey["touches"]] == ["meta", "email", "google"]
    assert journey["conversion_id"] == "order of ann"
    for model in MODELS:
        shares = [touch["credit"][model] for touch in journey["touches"]]
        assert sum(shares) == pytest.approx(1, abs=1e-9)
    assert [touch["credit"]["position_based"] for touch in journey["touches"]] == pytest.approx(
        [0.4, 0.2, 0.4]
    )


def test_journey_without_conversion_has_no_credit(filled, client):
    (journey,) = client.get("/api/conversions/journey/cid").json()["journeys"]

    assert journey["conversion_id"] is None
    assert [touch["credit"] for touch in journey["touches"]] == [{}]


def test_channel_by_day_has_its_rates(filled, client):
    day = (timezone.now() - timedelta(days=2)).date()
    count_messages(workspace=filled, day=day, channel="email", counts={
        "sent": 10, "delivered": 8, "opened": 4, "clicked": 2, "replied": 1})  # fmt: skip

    total = client.get("/api/conversions/performance/email").json()["total"]

    assert [total[name] for name in ("delivery_rate", "open_rate", "click_rate", "reply_rate")] == [
        0.8, 0.5, 0.5, 0.125,
    ]  # fmt: skip
    assert total["attributed_conversions"] == 0.2
    assert total["cost"] is None


def test_summary_names_the_strongest(filled, client):
    answer = client.get("/api/attribution/summary/", {"model": "linear"}).json()

    assert (answer["top_channel"], answer["top_campaign"]) == ("google", None)
    assert (answer["mean_touches"], answer["mean_hours_to_convert"]) == (2.5, 60.0)
    assert answer["top_paths"][0]["channels"] == ["meta", "email", "google"]


def test_thin_data_give_no_halo_but_a_reason(filled, client):
    answer = client.get("/api/attribution/halo/").json()

    assert answer["elasticity"] is None
    assert "28 are the least" in answer["reason"]


def test_halo_is_found_where_it_is(workspace, client):
    channels = channels_of(workspace=workspace, names=["meta", "organic"])
    campaign = CampaignFactory(account__workspace=workspace)
    first = datetime(2026, 1, 1, tzinfo=UTC).date()
    for n in range(60):
        paid = 20 + (n * 37) % 60
        for channel, owner, count in (("meta", campaign, paid), ("organic", None, 2 * paid)):
            ChannelPerformance.objects.create(
                workspace=workspace, day=first + timedelta(days=n), channel=channels[channel],
                campaign=owner, conversions=count,
            )  # fmt: skip

    answer = client.get("/api/attribution/halo/", {"from": "2026-01-01", "to": "2026-03-01"}).json()

    assert answer["elasticity"] == pytest.approx(1, abs=0.02)
    assert answer["low"] < answer["elasticity"] < answer["high"]
    assert answer["organic_per_paid_unit"] == pytest.approx(2, abs=0.05)


def test_heatmap_is_empty_without_countries(filled, client):
    assert client.get("/api/attribution/heatmap/").json()["cells"] == []


def test_nothing_of_another_workspace(filled, other_workspace, outsider):
    seed_models(workspace=other_workspace)
    client = key_client(other_workspace, [scopes.ATTRIBUTION_READ])

    assert client.get("/api/conversions/attribution/").json()["credits"] == []
    for path in ("journey/ann", "performance/meta"):
        assert client.get(f"/api/conversions/{path}").status_code == 404
