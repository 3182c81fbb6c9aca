"""``seed_ads``: drawn campaigns come in as a file would, and the jobs find something in them."""

from __future__ import annotations

import re
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Alert, Campaign, DailyPerformance, Prediction, Recommendation
from campaigns.services.alerts.rules import ensure_rules
from mlops.simulation.ads_export import CHANNELS, CLICK_RATE, IMPRESSIONS, draw_export
from workspaces.models import Workspace


def test_every_day_lies_in_its_channels_ranges() -> None:
    for campaign in draw_export(campaigns=60, days=30, seed=7):
        ranges = CHANNELS[campaign.channel]
        assert re.fullmatch(rf"{campaign.channel.upper()}_[0-9a-f]{{8}}", campaign.external_id)
        for values, (low, high), slack in (
            (campaign.impressions, IMPRESSIONS, 1),
            (campaign.spend, ranges.cost, 0.01),
            (campaign.clicks / campaign.impressions, CLICK_RATE, 0.001),
            (campaign.revenue / campaign.spend, ranges.roas, 0.001),
        ):
            assert np.all((values >= low - slack) & (values <= high + slack))
        assert np.all(campaign.conversions <= ranges.conversion_rate[1] * campaign.clicks + 1)


def test_the_same_seed_draws_the_same() -> None:
    one, same, other = (draw_export(campaigns=6, days=5, seed=seed) for seed in (1, 1, 2))
    assert [row.external_id for row in one] == [row.external_id for row in same]
    assert all(np.array_equal(a.revenue, b.revenue) for a, b in zip(one, same, strict=True))
    assert {row.external_id for row in one}.isdisjoint(row.external_id for row in other)


def test_a_workspace_is_filled_and_the_jobs_run_over_it(workspace: Workspace) -> None:
    ensure_rules(workspace=workspace)
    out = StringIO()

    call_command("seed_ads", workspace=workspace.slug, stdout=out)

    campaigns = Campaign.objects.filter(workspace=workspace)
    assert set(campaigns.values_list("channel", flat=True)) == set(CHANNELS)
    assert campaigns.count() == 50
    assert DailyPerformance.objects.filter(workspace=workspace).count() == 50 * 30
    assert Prediction.objects.filter(workspace=workspace).exclude(risk_level="").count() >= 20
    assert Alert.objects.filter(workspace=workspace).count() >= 5
    assert Recommendation.objects.filter(workspace=workspace).count() == 1
    assert "50 campaigns with 1,500 days." in out.getvalue()

    with pytest.raises(CommandError, match="drawn campaigns already"):
        call_command("seed_ads", workspace=workspace.slug, stdout=out)
    assert campaigns.count() == 50


def test_a_workspace_that_is_not_there_is_named(workspace: Workspace) -> None:
    with pytest.raises(CommandError, match="no workspace 'nowhere'"):
        call_command("seed_ads", workspace="nowhere")
