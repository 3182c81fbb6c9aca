"""A synthetic world in a workspace's tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Sum

from attribution.models import UserInstall, UserSession
from attribution.services.installs.refreshing import refresh_users
from campaigns.models import (
    Ad,
    AdAccount,
    Alert,
    Campaign,
    Creative,
    DailyOrganicMetric,
    DailyPerformance,
    MarketingChannel,
    Prediction,
    ResponseFit,
    Signal,
)
from campaigns.services.alerts.rules import ensure_rules
from mlops.models import SyntheticWorld, WorldTruth
from mlops.services.world.making import WorldError, make_world, remove_world
from tests.attribution.installs.app_steps import install
from tests.campaigns.change_steps import policy_of, propose
from tests.campaigns.factories import CampaignFactory
from tests.mlops.world.conftest import NOW, OPTIONS
from tests.workspaces.factories import WorkspaceFactory

TODAY = NOW.date()
SMALL = replace(OPTIONS, users=300, sessions=2_400, days=20)
_DIGEST = """
SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) FROM (
  SELECT i.user_id, i.channel, i.installed_on, i.country, i.ltv_180_days, s.session_id,
         s.started_at, s.seconds, s.events, s.features, s.revenue, s.quality
    FROM attribution_userinstall i JOIN attribution_usersession s ON s.install_id = i.id
   WHERE i.workspace_id = %s) r
"""


def _make(workspace, **options):
    return make_world(
        workspace=workspace, options=SMALL, now=NOW, told=lambda text: None, **options
    )


def _digest(workspace):
    with connection.cursor() as cursor:
        cursor.execute(_DIGEST, [workspace.pk])
        return cursor.fetchone()[0]


def test_a_world_has_its_tables(place, db):
    own = {"workspace": place.workspace}

    assert Campaign.objects.filter(**own).count() == 60
    assert Creative.objects.filter(**own).count() == Ad.objects.filter(**own).count() == 180
    assert DailyPerformance.objects.filter(**own).count() == 16_200
    days = DailyPerformance.objects.filter(**own).values("campaign", "day").distinct()
    assert days.count() == 5_400
    assert DailyOrganicMetric.objects.filter(**own).count() == 90
    assert UserSession.objects.filter(**own).count() == 48_000
    assert WorldTruth.objects.filter(**own).count() == 6_000
    assert place.told[-1].endswith("done")


def test_campaigns_stand_as_they_live(place, db):
    campaigns = Campaign.objects.filter(workspace=place.workspace)

    states = set(campaigns.values_list("life_state", flat=True))
    runs = campaigns.filter(ads__status="active").distinct()

    assert {"learning", "active"} <= states <= {"learning", "active", "fatigued", "paused"}
    assert set(runs.values_list("status", flat=True)) == {"active"}
    tiktok = MarketingChannel.objects.get(workspace=place.workspace, slug="tiktok")
    assert (tiktok.base_cpi, tiktok.fatigue_days) == (Decimal("1.8"), 7)


def test_users_of_an_ad_bear_its_channel_campaign_and_creative(place, db):
    rows = UserInstall.objects.filter(workspace=place.workspace, source="paid")

    found = set(
        rows.values_list("channel", "campaign__channel", "ad__campaign__channel").distinct()
    )

    assert found == {(slug,) * 3 for slug in ("meta", "google_ads", "tiktok", "programmatic")}
    assert rows.exclude(creative__ads__pk__isnull=True).count() == rows.count() == 5_100


def test_sessions_lie_on_days_of_the_workspaces_clock_whichever_its_offset(place, db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT extract(timezone FROM started_at)) FROM"
            " attribution_usersession WHERE day <>"
            " (started_at AT TIME ZONE 'America/New_York')::date"
        )
        assert cursor.fetchone()[0] == 0
    assert UserSession.objects.filter(day="2026-11-01").exists()


def test_what_is_derived_in_arrays_is_what_the_database_derives(place, db):
    before = UserInstall.objects.aggregate(Sum("ltv_180_days"), Count("churned_on"))
    UserInstall.objects.update(
        total_minutes=0, is_payer=False, first_purchase_day=None, revenue_total=0,
        revenue_7_days=0, revenue_30_days=0, active_on_day_7=None, segment="casual",
        is_churned=False, churned_on=None, days_to_churn=None, churn_reason="",
    )  # fmt: skip

    done = refresh_users(workspace=place.workspace, now=NOW)
    again = refresh_users(workspace=place.workspace, now=NOW)

    assert done.users == 6_000
    assert (again.users, again.days) == (0, 0)
    after = UserInstall.objects.aggregate(Sum("ltv_180_days"), Count("churned_on"))
    assert after == before


def test_the_same_seed_makes_the_same_rows(db):
    one, two = WorkspaceFactory(), WorkspaceFactory()
    _make(one)
    _make(two)

    assert _digest(one) == _digest(two) is not None


def test_a_second_world_is_refused_unless_it_replaces(workspace):
    _make(workspace)
    own = UserInstall.objects.filter(workspace=workspace)
    first = set(own.values_list("pk", flat=True))

    with pytest.raises(WorldError, match="with --replace"):
        _make(workspace)
    _make(workspace, is_replaced=True)

    assert own.count() == 300
    assert first.isdisjoint(own.values_list("pk", flat=True))
    assert SyntheticWorld.objects.filter(workspace=workspace).count() == 1


def test_taking_a_world_away_leaves_what_is_anothers(workspace, other_workspace):
    _make(workspace)
    _make(other_workspace)

    remove_world(workspace=workspace)

    for model in (UserInstall, UserSession, AdAccount, DailyPerformance, DailyOrganicMetric,
                  WorldTruth, SyntheticWorld):  # fmt: skip
        assert not model.objects.filter(workspace=workspace).exists()
        assert model.objects.filter(workspace=other_workspace).exists()


def test_what_jobs_found_in_a_world_goes_with_it(workspace, other_workspace):
    _make(workspace)
    for place in (workspace, other_workspace):
        _found_in(place)

    remove_world(workspace=workspace)

    for model in (Alert, Signal, Prediction, ResponseFit):
        (left,) = model.objects.all()
        assert left.workspace == other_workspace


def test_what_people_were_asked_to_sign_keeps_a_world(workspace, now):
    policy_of(workspace)
    _make(workspace)
    _found_in(workspace)
    campaign = Campaign.objects.filter(workspace=workspace, status="active").earliest("pk")
    value = round(campaign.daily_budget * Decimal("1.1"), 2)
    propose(campaign, value, now, entity_type="campaign")

    with pytest.raises(WorldError, match=r"pending ad changes of .* make a new one in another"):
        remove_world(workspace=workspace)

    for model in (SyntheticWorld, Alert, Signal, Prediction, ResponseFit):
        assert model.objects.filter(workspace=workspace).exists()


def _found_in(workspace):
    """An alert and a prediction of a campaign, a signal of a channel, and curves."""
    campaign = Campaign.objects.filter(workspace=workspace).first() or CampaignFactory(
        account__workspace=workspace
    )
    own = {"workspace": workspace}
    rule = ensure_rules(workspace=workspace)["Cost spike"]
    seen = dict.fromkeys(("first_seen_at", "raised_at", "last_seen_at"), NOW)
    days = dict.fromkeys(("began_on", "detected_on", "seen_on"), TODAY)
    Alert.objects.create(**own, rule=rule, campaign=campaign, channel="meta", day=TODAY, **seen,
                         type=rule.type, severity=rule.severity, message="Dear",
                         metric_value=600, threshold_value=500)  # fmt: skip
    Signal.objects.create(
        **own,
        type="creative_fatigue",
        severity="info",
        title="Tired",
        description="It is.",
        channel="meta",
        **days,
        metrics={},
        confidence=1,
    )
    Prediction.objects.create(
        **own,
        campaign=campaign,
        day=TODAY,
        horizon_days=7,
        predicted_roas=1,
        low=0,
        high=2,
        risk_level="high",
        model_version="v1",
        created_at=NOW,
    )
    ResponseFit.objects.create(**own, fitted_at=NOW, since=TODAY, until=TODAY, engine_version="v1",
                               currency="USD", unit="installs", curves={}, quality={},
                               uses_priors=True)  # fmt: skip


def test_users_of_ones_own_are_not_mixed_with_a_world(workspace):
    install(workspace)

    with pytest.raises(WorldError, match="users or organic days of its own"):
        _make(workspace)

    assert UserInstall.objects.filter(workspace=workspace).count() == 1
    assert not Campaign.objects.filter(workspace=workspace).exists()


def test_the_command_makes_a_world_and_says_so(workspace, capsys):
    call_command(
        "generate_data", workspace=workspace.slug, scale=0.0006, days=20, until=SMALL.ends_on
    )

    told = capsys.readouterr().out
    assert "Seed 42: 300 users, 20 days from 2026-08-10 on, 3,000 sessions" in told
    assert "day 20,  5 days: budget_pacing_alert" in told
    assert UserSession.objects.filter(workspace=workspace).count() == 3_000


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"workspace": "nowhere"}, "There is no workspace 'nowhere'"),
        ({"users": 50}, "users must be at least 100"),
        ({"users": 1000, "sessions": 1000}, "at least as many sessions"),
    ],
)
def test_the_command_refuses_in_words(asked, message, workspace):
    with pytest.raises(CommandError, match=message):
        call_command("generate_data", **{"workspace": workspace.slug, "days": 20, **asked})

    assert not UserInstall.objects.filter(workspace=workspace).exists()
