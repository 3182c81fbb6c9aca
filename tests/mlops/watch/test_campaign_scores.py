"""Campaigns are scored once by each version, and what came of it is filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from campaigns.models import DailyPerformance
from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS
from mlops.engine.learning.forecast.model import ForecastModel
from mlops.engine.learning.forecast.smoothing import Parameters
from mlops.engine.learning.shapes import Artefact, Trained
from mlops.models import JUDGED_FROM, CampaignScore, ModelPolicy, ModelVersion
from mlops.services.registry.adding import add_version
from mlops.services.registry.serving import shelf
from mlops.services.watch.campaigns import campaign_panel, score_campaigns
from mlops.services.watch.comparing import advance, compare, propose_ready
from mlops.services.watch.drifting import watch_drift
from mlops.services.watch.scoring import forget_scores
from tests.mlops.campaign_rows import drawn_days
from tests.mlops.registry.steps import champion
from tests.mlops.watch.campaign_steps import at_day, keep_days, on_day
from tests.mlops.watch.steps import version_of

DAYS = 60
NOW = at_day(DAYS)
SLOW, FAST = Parameters(0.02, 0.02, 0.9, 1e12), Parameters(0.3, 0.05, 0.9, 2.0)


@pytest.fixture(autouse=True)
def fresh_process():
    """Nothing is loaded yet, and nothing stays."""
    shelf.clear()
    yield
    shelf.clear()


def forecaster(workspace, parameters, now) -> ModelVersion:
    """A forecaster that is not trained, judged from the fortieth day on."""
    model = ForecastModel("smoothing", (parameters,) * 3, np.ones((3, 7, 2)))
    version = version_of(workspace, now, name="forecast")
    trained = replace(
        _as_trained(version), artefact=model.artefact(), features=model.features,
        levels=model.levels,
    )  # fmt: skip
    return add_version(workspace=workspace, trained=trained, now=now)


def _as_trained(version):
    return Trained(
        kind=version.name, artefact=Artefact("json", b"0"), features=(), metrics={"mase": 0.8},
        baselines={"plain": {"mase": 1.0}}, is_better=True, verdict="Errs less.",
        card={JUDGED_FROM: on_day(40).isoformat()}, rows=1_000, held_out=200,
    )  # fmt: skip


@pytest.fixture
def serving(workspace, approver):
    """What serves; its campaigns have sixty days."""
    version = forecaster(workspace, SLOW, NOW - timedelta(days=1))
    champion(version, NOW - timedelta(days=1), approver)
    return version


def _score(workspace, now=NOW):
    return score_campaigns(workspace=workspace, name="forecast", now=now)


def test_each_day_of_a_campaign_is_scored_once_by_one_reading(
    workspace, serving, django_assert_max_num_queries
):
    keep_days(workspace, drawn_days(campaigns=4, days=DAYS))

    with django_assert_max_num_queries(16):
        counts = _score(workspace)

    # Days 40 to 60, the last of which nobody knows; of 54 to 60 not all of the week is over.
    assert counts == {"scores": 4 * 21, "outcomes": 4 * 14}
    assert _score(workspace) == {"scores": 0, "outcomes": 0}
    assert set(serving.campaignscores.values_list("began_on", flat=True)) == {
        on_day(number) for number in range(40, 61)
    }
    row = serving.campaignscores.order_by("began_on", "campaign_id").first()
    assert (len(row.figures), len(row.outcomes), len(row.scales)) == (63, 21, 3)


def test_what_is_kept_is_what_the_model_says_and_what_came(workspace, serving):
    keep_days(workspace, drawn_days(campaigns=4, days=DAYS))
    _score(workspace)

    found = campaign_panel(workspace, NOW)
    rows = CAMPAIGN_KINDS["forecast"].rows(found, np.array([45]))
    said = shelf.take(serving, now=NOW).predict(rows.rows)
    kept = list(serving.campaignscores.filter(began_on=on_day(45)).order_by("campaign_id"))
    assert [row.figures for row in kept] == said.tolist()
    np.testing.assert_allclose([row.outcomes for row in kept], rows.came)
    np.testing.assert_allclose([row.scales for row in kept], rows.scale)
    installs = DailyPerformance.objects.filter(campaign=kept[0].campaign, day__gte=on_day(45))
    assert kept[0].outcomes[:7] == list(
        installs.order_by("day").values_list("installs", flat=True)[:7]
    )


def test_the_next_day_adds_its_own_and_late_figures_change_no_outcome(workspace, serving):
    keep_days(workspace, drawn_days(campaigns=4, days=DAYS + 1))
    _score(workspace)
    before = dict(serving.campaignscores.exclude(outcomes=None).values_list("pk", "outcomes"))
    DailyPerformance.objects.filter(workspace=workspace).update(installs=F("installs") * 2)

    assert _score(workspace, at_day(DAYS + 1)) == {"scores": 4, "outcomes": 4}

    assert (
        dict(serving.campaignscores.filter(pk__in=before).values_list("pk", "outcomes")) == before
    )


def test_only_the_own_workspace_is_scored(workspace, other_workspace, serving):
    keep_days(other_workspace, drawn_days(campaigns=3, days=DAYS))

    assert _score(workspace) == {"scores": 0, "outcomes": 0}
    assert _score(other_workspace) == {"scores": 0, "outcomes": 0}


def test_database_keeps_scores_in_their_workspace_and_with_their_campaign(
    workspace, other_workspace, serving
):
    (own,) = keep_days(workspace, drawn_days(campaigns=1, days=1))
    (theirs,) = keep_days(other_workspace, drawn_days(campaigns=1, days=1))
    row = {"version": serving, "began_on": on_day(1), "scored_on": on_day(1), "figures": [1.0]}
    for bad, name in (
        ({"workspace": workspace, "campaign": theirs}, "campaignscore_campaign"),
        ({"workspace": other_workspace, "campaign": theirs}, "campaignscore_version"),
        ({"workspace": workspace, "campaign": own, "outcomes": [1.0]}, "campaignscore_known"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CampaignScore.objects.create(**row, **bad)
    CampaignScore.objects.create(workspace=workspace, campaign=own, **row)
    with pytest.raises(IntegrityError, match="campaignscore_once"), transaction.atomic():
        CampaignScore.objects.create(workspace=workspace, campaign=own, **row)

    DailyPerformance.objects.filter(campaign=own).delete()
    own.delete()

    assert not serving.campaignscores.exists()


def test_scores_of_what_was_put_away_long_ago_are_forgotten(workspace, serving):
    keep_days(workspace, drawn_days(campaigns=2, days=DAYS))
    _score(workspace)
    rows = ModelVersion.objects.filter(pk=serving.pk)
    rows.update(stage="archived", archived_at=NOW)

    assert forget_scores(workspace=workspace, now=NOW + timedelta(days=89)) == 0
    assert forget_scores(workspace=workspace, now=NOW + timedelta(days=91)) == 2 * 21


def _beside(workspace, campaigns: int):
    keep_days(workspace, drawn_days(campaigns=campaigns, days=DAYS))
    second = forecaster(workspace, FAST, NOW)
    assert advance(workspace=workspace, name="forecast", now=NOW) == second
    _score(workspace)
    return compare(workspace=workspace, name="forecast", now=NOW)


def test_few_campaigns_tell_nothing_however_many_days_they_have(workspace, serving):
    ModelPolicy.objects.create(workspace=workspace, least_rows=100)

    report = _beside(workspace, campaigns=10)

    assert (report.rows, report.campaigns, report.is_eligible) == (140, 10, False)
    assert report.verdict == (
        "140 days that neither learnt from have a known outcome, but of 10 campaigns only: how"
        " sure a gain is, is told by at least 20, as the days of one campaign are alike."
    )
    assert propose_ready(workspace=workspace, name="forecast", now=NOW) is None
    assert watch_drift(workspace=workspace, name="forecast", now=NOW) is None


def test_gain_is_of_mase_and_names_where_the_two_differ_most(workspace, serving):
    ModelPolicy.objects.create(workspace=workspace, least_rows=100)

    report = _beside(workspace, campaigns=20)

    assert (report.rows, report.campaigns, report.metric) == (280, 20, "MASE")
    assert report.gain == pytest.approx(1 - report.challenger_figure / report.champion_figure)
    assert report.gain_low > 0.05
    assert report.is_eligible, report.verdict
    assert report.same_decisions is None
    gaps = [abs(row["champion"] - row["challenger"]) for row in report.differing]
    # Each campaign once, by its largest gap.
    assert len({row["campaign"] for row in report.differing}) == len(gaps) == 20
    assert gaps == sorted(gaps, reverse=True)
    assert report.effect["metric"] == "% less error of the forecast of a campaign's week"
    assert float(report.effect["delta"]) == pytest.approx(100 * report.gain, abs=0.05)


def test_where_nothing_is_known_there_is_no_panel(workspace, now):
    assert campaign_panel(workspace, now) is None
