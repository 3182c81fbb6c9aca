"""The ROI model's word on each channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mlops.engine.learning import roi
from mlops.engine.learning.campaign_days import panel
from mlops.engine.learning.roi_rows import roi_rows
from mlops.models import ModelPrediction, ROIForecast
from mlops.services.boards import syncing
from mlops.services.boards.wording import basis_of
from mlops.services.registry.adding import add_version
from tests.mlops.boards.steps import some_days, synced
from tests.mlops.campaign_rows import drawn_days
from tests.mlops.registry.steps import champion
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def trained():
    """A real model, as if it had been better."""
    rows = roi_rows(panel(drawn_days(campaigns=16)))
    return replace(roi.train(rows, roi.Settings(seed=3, rounds=10)), is_better=True)


@pytest.fixture
def version(workspace, trained, now, monkeypatch):
    monkeypatch.setattr(syncing, "draw", lambda **_: iter(()))
    some_days(workspace, until=now.date() - timedelta(days=1))
    made = add_version(workspace=workspace, trained=trained, now=now)
    champion(made, now)
    return made


def test_the_model_that_serves_forecasts_each_channel_and_its_word_is_kept(version, workspace, now):
    run = synced(workspace, now)

    assert run.model_version == version
    assert basis_of(run.model_version).startswith("ROI model, version 1, at what is typical")
    kept = ModelPrediction.objects.filter(version=version, door="job")
    said = {row.subject: row.output[0] for row in kept}
    assert {row.channel: row.roi_forecast for row in ROIForecast.objects.filter(run=run)} == said
    assert set(said) == {"google_ads", "meta", "tiktok"}
    for row in ROIForecast.objects.filter(run=run):
        assert row.low <= row.roi_forecast <= row.high


def test_where_leads_count_the_model_of_revenue_is_not_asked(version, workspace, now):
    Workspace.objects.filter(pk=workspace.pk).update(mode="pipeline")
    workspace.refresh_from_db()

    run = synced(workspace, now)

    assert run.model_version is None
    assert not ModelPrediction.objects.exists()
