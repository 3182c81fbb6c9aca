"""How a campaign lives: derived from platform and performance, kept fresh, shown and filtered."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import AdAccount, Campaign, DailyPerformance
from campaigns.services.deriving import refresh_all, refresh_derived
from campaigns.services.importing import ImportOptions, import_performance
from campaigns.tasks import refresh_derived as refresh_task
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    AdSetFactory,
    CampaignFactory,
    DailyPerformanceFactory,
)


@pytest.fixture
def account(workspace):
    return AdAccountFactory(workspace=workspace, time_zone="UTC")


def _wear_out(campaign: Campaign, now: datetime, *, clicks: int = 10) -> None:
    """Four weeks at 2 % of 2 000 impressions a day, the last of them at ``clicks``."""
    ad = AdFactory(ad_set__campaign=campaign)
    DailyPerformance.objects.bulk_create(
        DailyPerformanceFactory.build(
            ad=ad,
            ad_set=ad.ad_set,
            campaign=campaign,
            account=campaign.account,
            workspace=campaign.workspace,
            day=now.date() - timedelta(days=back),
            impressions=2000,
            clicks=clicks if back <= 7 else 40,
            fetched_at=now,
        )
        for back in range(1, 29)
    )


def _refresh(campaign: Campaign, now: datetime) -> str:
    refresh_derived(accounts=[campaign.account], now=now)
    campaign.refresh_from_db()
    return campaign.life_state


def test_campaign_without_news_is_active(account, now):
    assert _refresh(CampaignFactory(account=account), now) == "active"


def test_running_ad_set_that_learns_makes_its_campaign_learn(account, now):
    campaign = CampaignFactory(account=account)
    ad_set = AdSetFactory(campaign=campaign, learning_status="learning")
    AdSetFactory(campaign=campaign)

    assert _refresh(campaign, now) == "learning"
    ad_set.status = "paused"
    ad_set.save()
    assert _refresh(campaign, now) == "active"


def test_campaign_that_reports_learning_itself_learns(account, now):
    assert _refresh(CampaignFactory(account=account, learning_status="learning"), now) == "learning"


def test_fall_of_the_click_through_rate_is_fatigue_until_it_recovers(account, now):
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, now)

    assert _refresh(campaign, now) == "fatigued"
    DailyPerformance.objects.filter(campaign=campaign).update(clicks=40)
    assert _refresh(campaign, now) == "active"


def test_steady_campaign_is_not_fatigued(account, now):
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, now, clicks=38)

    assert _refresh(campaign, now) == "active"


def test_fatigue_stands_before_learning_and_a_stop_before_both(account, now):
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, now)
    AdSetFactory(campaign=campaign, learning_status="learning")

    assert _refresh(campaign, now) == "fatigued"
    Campaign.objects.filter(pk=campaign.pk).update(status="archived")
    campaign.refresh_from_db()
    assert campaign.life_state == "paused"  # at once, without a refresh


def test_days_are_those_of_the_account(account, now):
    """On Saturday at 09:00 UTC it is Friday still in Honolulu, so its Friday is not over."""
    account.time_zone = "Pacific/Honolulu"
    account.save()
    early = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, early, clicks=40)
    last = DailyPerformance.objects.filter(campaign=campaign, day="2026-11-20")
    last.update(impressions=1_000_000, clicks=0)

    assert _refresh(campaign, early) == "active"
    assert _refresh(campaign, early + timedelta(hours=2)) == "fatigued"


def test_account_that_rests_is_judged_by_its_last_weeks(account, now):
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, now)

    assert _refresh(campaign, now + timedelta(days=200)) == "fatigued"


def test_only_the_summing_level_counts(account, now):
    campaign = CampaignFactory(account=account)
    _wear_out(campaign, now)
    AdAccount.objects.filter(pk=account.pk).update(summing_level="campaign")

    assert _refresh(campaign, now) == "active"


def test_refresh_costs_the_same_for_many_campaigns(account, now):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            refresh_derived(accounts=[account], now=now)
        return len(captured)

    _wear_out(CampaignFactory(account=account), now)
    few = queries()
    for _ in range(5):
        _wear_out(CampaignFactory(account=account), now)

    assert queries() == few
    assert Campaign.objects.filter(life_state="fatigued").count() == 6


def test_task_refreshes_every_workspace(account, other_workspace, now):
    theirs = AdAccountFactory(workspace=other_workspace, time_zone="UTC")
    for of in (account, theirs):
        _wear_out(CampaignFactory(account=of), now)

    refresh_task.run()

    states = Campaign.objects.order_by("pk").values_list("life_state", flat=True)
    assert list(states) == ["fatigued", "fatigued"]


def test_nothing_to_refresh_is_fine(workspace, now):
    refresh_all(now=now)

    assert not Campaign.objects.exists()


def test_import_derives_at_once(workspace, admin, now):
    lines = ["date,campaign,impressions,clicks,spend"]
    for back in range(1, 29):
        day = now.date() - timedelta(days=back)
        lines.append(f"{day},Spring,2000,{10 if back <= 7 else 40},50")
    file = io.BytesIO("\n".join(lines).encode())

    import_performance(
        workspace=workspace,
        file=file,
        file_name="spring.csv",
        options=ImportOptions(platform="meta"),
        by=admin,
        now=now,
    )

    assert Campaign.objects.get().life_state == "fatigued"


@pytest.fixture
def lives(account):
    """One campaign a state."""
    return {
        "active": CampaignFactory(account=account, name="Runs"),
        "learning": CampaignFactory(account=account, name="Learns", learning_status="learning"),
        "fatigued": CampaignFactory(account=account, name="Tires", is_fatigued=True),
        "paused": CampaignFactory(account=account, name="Rests", status="paused"),
    }


@pytest.mark.parametrize("state", ["active", "learning", "fatigued", "paused"])
def test_page_list_and_api_are_narrowed_to_a_state(lives, viewer, admin, client_as, state):
    client = client_as(viewer)
    page = client.get(f"/campaigns/?life_state={state}")
    rows = client.get(f"/api/campaigns/?life_state={state}").json()["results"]
    listed = client_as(admin).get(
        reverse("admin:campaigns_campaign_changelist"), {"life_state__exact": state}
    )

    name = lives[state].name
    assert [line.campaign.name for line in page.context["lines"]] == [name]
    assert [(row["name"], row["life_state"]) for row in rows] == [(name, state)]
    assert [row.name for row in listed.context["cl"].result_list] == [name]


def test_unknown_state_is_refused_by_the_api_and_ignored_by_the_page(lives, viewer, client_as):
    client = client_as(viewer)

    assert client.get("/api/campaigns/?life_state=tired").status_code == 400
    assert len(client.get("/campaigns/?life_state=tired").context["lines"]) == 4


def test_page_says_what_fatigue_means(lives, viewer, client_as):
    text = client_as(viewer).get(f"/campaigns/campaign/{lives['fatigued'].public_id}/").text

    assert "Fatigued" in text
    assert "lies significantly below the three weeks before" in text


def test_sync_derives_at_once(meta_account: AdAccount, now):
    learning = meta_account.ad_sets.filter(status="active", learning_status="learning")
    expected = set(learning.values_list("campaign", flat=True))

    flagged = meta_account.campaigns.filter(has_learning_ad_sets=True)

    assert set(flagged.values_list("pk", flat=True)) == expected
    assert expected
