"""What was found of models of campaigns, on their pages and over REST, in campaigns' words."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from mlops.models import DriftReport, ModelVersion, ShadowReport
from mlops.services.watch.comparing import advance
from tests.api.conftest import key_client
from tests.campaigns.factories import CampaignFactory
from tests.mlops.registry.steps import champion
from tests.mlops.watch.steps import DAY, version_of

CHANCE = {"spend": 0.6, "roas": 0.1}


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def campaign(workspace) -> Campaign:
    """One of the workspace's."""
    return CampaignFactory(account__workspace=workspace, name="Summer")


def _pair(workspace, approver, now, name) -> tuple[ModelVersion, ModelVersion]:
    first = version_of(workspace, now - DAY, name=name)
    champion(first, now - DAY, approver)
    second = version_of(workspace, now, name=name)
    advance(workspace=workspace, name=name, now=now)
    return first, second


def _report(pair, campaign, now, **fields) -> None:
    first, second = pair
    row = {"campaign": campaign.pk, "began_on": str(now.date()), "champion": 0.4,
           "challenger": -0.2, "outcome": None}  # fmt: skip
    gone = {**row, "campaign": campaign.pk + 1}
    ShadowReport.objects.create(
        workspace=first.workspace, version=second, champion=first, day=now.date(), rows=1_200,
        scored=1_200, campaigns=60, metric="mean absolute error of ROI", is_eligible=False,
        verdict="Not yet.", made_at=now, differing=[row, gone], moved={"spend": 0.5}, chance=CHANCE,
        **fields,
    )  # fmt: skip
    DriftReport.objects.create(
        workspace=first.workspace, version=first, day=now.date(), rows=840, made_at=now,
        moved={"spend": 0.5, "roas": 0.3}, chance=CHANCE, score_moved=0.1, score_chance=0.2,
        is_moved=True, moved_since=now.date(), verdict="What it reads has moved: roas 0.30.",
    )  # fmt: skip


def test_pages_speak_of_campaigns(
    workspace, campaign, approver, viewer, client_as, now, django_assert_max_num_queries
):
    pair = _pair(workspace, approver, now, "roi")
    _report(pair, campaign, now, same_decisions=0.9)
    client = client_as(viewer)

    with django_assert_max_num_queries(15):
        serving = " ".join(client.get(f"/models/{pair[0].public_id}/").text.split())
    with django_assert_max_num_queries(15):
        shadow = " ".join(client.get(f"/models/{pair[1].public_id}/").text.split())

    assert "the 840 newest days of campaigns against" in serving
    assert "Since the days of" in serving
    assert "Not counted: duration, as every campaign is a day older each day." in serving
    assert '<strong class="cs-bad">0.30</strong>' in serving
    # Further than its limit, but not than chance.
    assert '<strong class="cs-bad">0.50</strong>' not in serving
    assert "What it predicts: ROI of the week ahead (PSI)" in serving
    assert "on days of 60 campaigns that neither learnt from" in shadow
    assert "90 % of days of campaigns, asked whether one earns back what it costs" in shadow
    assert f'href="/campaigns/campaign/{campaign.public_id}/">Summer</a>' in shadow
    assert "Week from" in shadow
    assert "users" not in shadow[shadow.index('id="shadow"') : shadow.index('id="calibration"')]


def test_where_nothing_is_decided_the_largest_gaps_are_told(
    workspace, campaign, approver, viewer, client_as, now
):
    pair = _pair(workspace, approver, now, "forecast")
    _report(pair, campaign, now)

    page = client_as(viewer).get(f"/models/{pair[1].public_id}/").text

    assert "Where the two say most different results of the week ahead" in page
    assert page.count('data-label="What came"') == 1


def test_pages_of_what_was_not_looked_at_yet_say_when_it_is(
    workspace, approver, viewer, client_as, now
):
    pair = _pair(workspace, approver, now, "forecast")
    client = client_as(viewer)

    serving = " ".join(client.get(f"/models/{pair[0].public_id}/").text.split())

    assert "once 20 campaigns have run in the last two weeks, with 200 days together" in serving
    assert "both score the same campaigns" in client.get(f"/models/{pair[1].public_id}/").text


def test_rest_tells_the_same(workspace, campaign, approver, operator, now):
    pair = _pair(workspace, approver, now, "roi")
    _report(pair, campaign, now)
    client = key_client(workspace, ["ml:read"], acts_as=operator)

    drift = client.get(f"/api/models/{pair[0].public_id}").json()["drift"]
    shadow = client.get(f"/api/models/{pair[1].public_id}").json()["shadow"]

    assert (drift["chance"], drift["score_chance"], drift["rows"]) == (CHANCE, 0.2, 840)
    assert (shadow["campaigns"], shadow["rows"], shadow["chance"]) == (60, 1_200, CHANCE)
