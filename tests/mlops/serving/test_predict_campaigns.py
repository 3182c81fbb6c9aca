"""Models of campaigns are asked about campaigns of the workspace, over REST and on *Try it*."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from campaigns.models import DailyPerformance
from mlops.engine.learning import roi
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.forecast.model import OUTPUTS, ForecastModel
from mlops.engine.learning.forecast.smoothing import Parameters
from mlops.engine.learning.roi_rows import roi_rows
from mlops.engine.learning.shapes import Trained
from mlops.models import ModelPrediction
from mlops.services.watch.campaigns import score_campaigns
from tests.api.conftest import key_client
from tests.mlops.campaign_rows import drawn_days
from tests.mlops.serving.steps import churn_trained, serving
from tests.mlops.watch.campaign_steps import keep_days

DAYS = 40
SMOOTH = Parameters(0.3, 0.05, 0.9, 2.0)


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def drawn(now):
    """Forty days up to yesterday of three campaigns."""
    days = drawn_days(campaigns=3, days=DAYS)
    shift = np.datetime64(now.date()) - np.timedelta64(DAYS, "D") - days.day.min()
    return replace(days, day=days.day + shift, started_on=days.started_on + shift)


@pytest.fixture
def campaigns(workspace, drawn):
    """They are the workspace's."""
    return keep_days(workspace, drawn)


def roi_trained(drawn) -> Trained:
    """Trees of few rows."""
    rows = roi_rows(panel(drawn))
    model, _ = roi.fit(rows.where(~np.isnan(rows.roi)), roi.Settings(seed=3, rounds=10))
    return _trained("roi", model)


def forecast_trained() -> Trained:
    """Smoothing that was not chosen by anything."""
    return _trained("forecast", ForecastModel("smoothing", (SMOOTH,) * 3, np.ones((3, 7, 2))))


def _trained(kind, model) -> Trained:
    return Trained(
        kind=kind, artefact=model.artefact(), features=model.features, levels=model.levels,
        metrics={"mae": 0.5}, baselines={"plain": {"mae": 0.6}}, is_better=True,
        verdict="Errs less.", rows=100, held_out=10, seed=3,
        card={"judged_from": "2020-01-01"},
    )  # fmt: skip


@pytest.fixture
def client(workspace):
    return key_client(workspace, ["ml:read"])


def post(client, body, name="roi"):
    return client.post(f"/api/ml/predict/{name}", body, format="json")


def ids(campaigns) -> list[str]:
    return [str(campaign.public_id) for campaign in campaigns]


def test_campaigns_are_read_from_the_database(
    client, worker, workspace, campaigns, drawn, approver, now
):
    version = serving(workspace, roi_trained(drawn), now, approver)
    asked = ids(campaigns)[::-1]

    answer = post(client, {"campaign_ids": asked})

    said = answer.json()
    assert answer.status_code == 200, said
    assert [one["subject"] for one in said["predictions"]] == asked
    assert said["outputs"] == ["prediction"]
    row = ModelPrediction.objects.get(subject=asked[0])
    last = roi_rows(panel(drawn), np.array([DAYS]))
    place = int(np.flatnonzero(last.series == 2)[0])
    assert row.features["clicks"] == last.rows["clicks"][place]
    assert row.features["duration"] == DAYS
    assert row.version == version


def test_what_is_said_is_what_is_scored_by_night(
    client, worker, workspace, campaigns, approver, now
):
    version = serving(workspace, forecast_trained(), now, approver)

    said = post(client, {"campaign_ids": ids(campaigns)}, "forecast").json()

    assert tuple(said["outputs"]) == OUTPUTS
    score_campaigns(workspace=workspace, name="forecast", now=now)
    newest = version.campaignscores.filter(began_on=now.date()).order_by("campaign_id")
    assert [row.figures for row in newest] == [one["figures"] for one in said["predictions"]]


def test_many_campaigns_are_read_by_as_many_queries_as_one(
    client, worker, workspace, campaigns, drawn, approver, now, django_assert_max_num_queries
):
    serving(workspace, roi_trained(drawn), now, approver)
    post(client, {"campaign_ids": ids(campaigns)[:1]})

    with django_assert_max_num_queries(24):
        assert post(client, {"campaign_ids": ids(campaigns) * 100}).status_code == 200


def test_a_campaign_that_is_not_here_or_cannot_be_read_is_refused(
    client, worker, workspace, other_workspace, campaigns, drawn, approver, now
):
    serving(workspace, roi_trained(drawn), now, approver)
    (theirs, *_) = keep_days(other_workspace, drawn)
    quiet = campaigns[1]
    DailyPerformance.objects.filter(
        campaign=quiet, day__gte=now.date() - timedelta(days=8)
    ).delete()

    unknown = [str(uuid4()), "summer", str(theirs.public_id)]
    for asked in unknown:
        answer = post(client, {"campaign_ids": [*ids(campaigns)[:1], asked]})
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {"field": "campaign_ids[1]", "message": f"There is no campaign “{asked}” here."}
        ]
    (error,) = post(client, {"campaign_ids": ids([quiet])}).json()["errors"]
    assert error["field"] == "campaign_ids[0]"
    assert error["message"].startswith("“Campaign 1” spent nothing in the week to")
    assert not ModelPrediction.objects.exists()


@pytest.mark.parametrize(
    ("name", "body", "field", "words"),
    [
        ("roi", {"user_ids": ["u"]}, "user_ids", "is not about users; send campaign_ids or rows"),
        ("churn", {"campaign_ids": ["c"]}, "campaign_ids", "not about campaigns; send user_ids or"),
        ("roi", {"campaign_ids": ["c"], "user_ids": ["u"]}, "rows", "one of the three"),
        ("roi", {"campaign_ids": []}, "campaign_ids", ""),
        ("roi", {"campaign_ids": ["c"] * 501}, "campaign_ids", ""),
    ],
)  # fmt: skip
def test_names_the_field_that_is_wrong(
    client, worker, workspace, drawn, approver, now, name, body, field, words
):
    trained = churn_trained() if name == "churn" else roi_trained(drawn)
    serving(workspace, trained, now, approver)

    answer = post(client, body, name)

    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert words in answer.text


def test_without_any_figures_a_campaign_is_refused_in_words(
    client, worker, workspace, drawn, approver, now
):
    serving(workspace, forecast_trained(), now, approver)
    (campaign,) = keep_days(workspace, drawn_days(campaigns=1, days=1))
    DailyPerformance.objects.all().delete()

    (error,) = post(client, {"campaign_ids": ids([campaign])}, "forecast").json()["errors"]

    assert "is younger than 14 days" in error["message"]


# --- Try it --------------------------------------------------------------------------------------


def test_a_campaign_fills_the_form_in(
    workspace, other_workspace, campaigns, drawn, approver, viewer, client_as, now,
    django_assert_max_num_queries,
):  # fmt: skip
    version = serving(workspace, roi_trained(drawn), now, approver)
    (theirs, *_) = keep_days(other_workspace, drawn)
    client, path = client_as(viewer), f"/models/{version.public_id}/try/"

    with django_assert_max_num_queries(12):
        page = client.get(f"{path}?subject={campaigns[2].public_id}").text

    assert page.count('<option value="') >= 3
    chosen = page[page.index(f'<option value="{campaigns[2].public_id}"') :][:200]
    assert "selected" in chosen
    assert "Campaign 2" in chosen
    clicks = roi_rows(panel(drawn), np.array([DAYS])).rows["clicks"]
    assert f'value="{clicks[2]:g}"' in page
    assert str(theirs.public_id) not in page
    refused = client.get(f"{path}?subject={theirs.public_id}").text
    assert f"There is no campaign “{theirs.public_id}” here." in refused
    assert "Values of a campaign" in client.get(path).text


def test_a_forecast_is_shown_by_day(worker, workspace, campaigns, approver, viewer, client_as, now):
    version = serving(workspace, forecast_trained(), now, approver)
    client, path = client_as(viewer), f"/models/{version.public_id}/try/"
    page = client.get(path).text
    fields = dict.fromkeys(version.features, "")
    for name in fields:
        tag = page[page.index(f'name="f-{name}"') :]
        fields[name] = tag[tag.index('value="') + 7 :].split('"')[0]

    answer = client.post(
        path,
        {"workspace": workspace.public_id, **{f"f-{name}": v for name, v in fields.items()}},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    text = " ".join(answer.text.split())
    assert text.count('<th scope="row">') == 7
    said = ModelPrediction.objects.get().output
    # Results of the first day, and the ROAS of the last.
    assert f'{said[1]:,.0f} <span class="cs-muted">{said[0]:,.0f}–{said[2]:,.0f}</span>' in text
    assert f'{said[61]:.2f} <span class="cs-muted">{said[60]:.2f}–{said[62]:.2f}</span>' in text
