"""Exports of four platforms, as their connector ships them, go in without help."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Max, Min, Sum

from campaigns.engine.importing.names import Names, read_names
from campaigns.engine.importing.tables import open_table
from campaigns.models import Ad, AdAccount, Campaign, DailyPerformance, ImportRun
from campaigns.services.importing import ImportOptions, ImportRefused, import_performance
from workspaces.models import Workspace

DEMO = Path(__file__).parents[2] / "campaigns" / "demo_data" / "microsoft_ads"
DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CAMPAIGN_FILE = DEMO / "microsoft_ads_campaign_performance_daily_report_data.csv"
AD_FILE = DEMO / "microsoft_ads_ad_performance_daily_report_data.csv"


def take(workspace: Workspace, path: Path, **options: object) -> ImportRun:
    with path.open("rb") as file:
        return import_performance(
            workspace=workspace,
            file=file,
            file_name=path.name,
            options=ImportOptions(**options),
            by=None,
            now=NOW,
        )


def names_of(*paths: Path) -> Names:
    files = [path.open("rb") for path in paths]
    try:
        return read_names([open_table(file, max_bytes=10**7) for file in files])
    finally:
        for file in files:
            file.close()


def test_device_rows_become_campaign_days(workspace):
    run = take(workspace, CAMPAIGN_FILE)

    assert (run.rows_read, run.rows_bad, run.days_written) == (2630, 0, 403)
    account = AdAccount.objects.get(workspace=workspace)
    assert (account.platform, account.external_id, account.currency) == (
        "microsoft",
        "150175881",
        "USD",
    )
    assert account.summing_level == "campaign"
    assert Campaign.objects.filter(account=account).count() == 3
    sums = DailyPerformance.objects.filter(account=account).aggregate(
        Sum("spend"), Sum("clicks"), Sum("impressions"), Min("day"), Max("day")
    )
    assert sums == {
        "spend__sum": Decimal("946.340000"),
        "clicks__sum": 592,
        "impressions__sum": 7569,
        "day__min": date(2018, 9, 17),
        "day__max": date(2019, 6, 27),
    }
    assert run.totals["by_currency"]["USD"]["campaign"]["spend"] == "946.34"


def test_second_import_of_the_same_file_writes_nothing(workspace):
    take(workspace, CAMPAIGN_FILE)

    again = take(workspace, CAMPAIGN_FILE)

    assert (again.days_written, again.days_unchanged) == (0, 403)
    assert DailyPerformance.objects.count() == 403


def test_ad_file_adds_detail_below_the_summing_level(workspace):
    take(workspace, CAMPAIGN_FILE)

    run = take(workspace, AD_FILE)

    assert (run.rows_read, run.days_written) == (401, 258)
    assert run.totals["by_currency"]["USD"]["ad"]["spend"] == "208.36"
    assert AdAccount.objects.get(workspace=workspace).summing_level == "campaign"
    assert Ad.objects.filter(ad_set=None).count() == 0


def test_names_come_from_the_newest_history_row(workspace):
    kinds = ("account", "campaign", "ad_group", "ad")
    names = names_of(*(DEMO / f"microsoft_ads_{kind}_history_data.csv" for kind in kinds))

    take(workspace, CAMPAIGN_FILE, names=names)

    campaign = Campaign.objects.get(external_id="359751135")
    assert (campaign.name, campaign.status) == ("PafijluKrvfPOb+f94eCDw==", "paused")
    account = AdAccount.objects.get(workspace=workspace)
    assert (account.name, account.time_zone) == ("Fivetran", "America/Los_Angeles")


def test_days_move_by_whole_weeks_and_by_the_same_number_for_every_file(workspace):
    run = take(workspace, CAMPAIGN_FILE, shift_to_yesterday=True)

    assert run.totals["shift_days"] % 7 == 0
    assert run.totals["last_day"] == "2026-11-19"  # a Thursday, as 2019-06-27 was
    ads = take(workspace, AD_FILE, shift_to_yesterday=True)
    assert ads.totals["shift_days"] == run.totals["shift_days"]
    assert take(workspace, CAMPAIGN_FILE, shift_to_yesterday=True).days_written == 0


# Days, spend, impressions, clicks and conversions were summed with pandas, apart from our code.
EXPORTS = [
    ("google_ads_account_stats", "google", "campaign", 15, "1632.333323", "1050214", "9742", "176"),
    ("google_ads_campaign_stats", "google", "campaign", 16, "231.33", "1854", "280", "0"),
    ("google_ads_ad_group_stats", "google", "ad_set", 15, "3156.84", "4483", "620", "14.483334"),
    ("google_ads_ad_stats", "google", "ad", 10, "0", "10", "0", "33"),
    ("google_ads_keyword_stats", "google", "ad_set", 15, "203.99", "751", "129", "1"),
    ("google_ads_search_term_keyword_stats", "google", "ad_set", 10, "1.22", "3900", "290", "21.5"),
    ("facebook_ads_basic_ad", "meta", "ad", 10, "643.63", "37275", "149", None),
    ("facebook_ads_demographics_country", "meta", "campaign", 10, "489.97", "15800", "1290", None),
    ("linkedin_ad_analytics_by_campaign", "linkedin", "campaign", 20, "530.62", "1359", "919", "0"),
    ("linkedin_ad_analytics_by_creative", "linkedin", "ad", 100, "0", "13265", "389", "0"),
    (
        "microsoft_ads_account_performance_daily_report",
        "microsoft",
        "campaign",
        9,
        "0",
        "5",
        "4",
        "2",
    ),
    (
        "microsoft_ads_ad_group_performance_daily_report",
        "microsoft",
        "ad_set",
        126,
        "102.23",
        "431",
        "15",
        "2",
    ),
    (
        "microsoft_ads_keyword_performance_daily_report",
        "microsoft",
        "ad",
        45,
        "38.3",
        "65",
        "8",
        "2",
    ),
    (
        "microsoft_ads_search_performance_daily_report",
        "microsoft",
        "ad",
        9,
        "66.11",
        "270",
        "25",
        "2",
    ),
]


@pytest.mark.parametrize(
    ("file", "platform", "level", "days", "spend", "impressions", "clicks", "conversions"),
    EXPORTS,
    ids=[row[0] for row in EXPORTS],
)
def test_export_maps_without_help(
    workspace, file, platform, level, days, spend, impressions, clicks, conversions
):
    run = take(workspace, DATA / f"{file}_data.csv")

    assert run.rows_bad == 0
    account = AdAccount.objects.get(workspace=workspace)
    assert (account.platform, account.summing_level) == (platform, level)
    sums = run.totals["by_currency"]["USD"][level]
    assert sums["days"] == days
    assert [sums.get(name) for name in ("spend", "impressions", "clicks", "conversions")] == [
        spend,
        impressions,
        clicks,
        conversions,
    ]


def test_ad_without_campaign_gets_its_own_once_a_history_names_it(workspace):
    ads = DATA / "facebook_ads_basic_ad_data.csv"
    take(workspace, ads)
    assert Campaign.objects.get().external_id == "(campaign not given)"
    rows = DailyPerformance.objects.count()

    names = names_of(
        DATA / "facebook_ads_ad_history_data.csv", DATA / "facebook_ads_campaign_history_data.csv"
    )
    run = take(workspace, ads, names=names)

    assert run.days_written == 0
    assert DailyPerformance.objects.count() == rows
    parents = dict(Ad.objects.values_list("external_id", "campaign__external_id"))
    assert parents == {
        "6215293456071": "6215293444271",
        "6215304566671": "6215304559271",
        "6215762744671": "6215762731271",
        "6229007992271": "6229007982271",
    }
    moved = DailyPerformance.objects.filter(ad__external_id="6215762744671").get()
    assert (moved.campaign.external_id, moved.ad_set.external_id) == (
        "6215762731271",
        "6215762732871",
    )


def test_rows_in_another_currency_than_their_account_are_left_out(workspace):
    run = take(workspace, DATA / "microsoft_ads_geographic_performance_daily_report_data.csv")

    assert (run.rows_read, run.rows_bad, run.days_written) == (10, 3, 7)
    first = run.bad_rows.order_by("line").first()
    assert first.column == "currency_code"
    assert first.reason.startswith("the account 150175881 is kept in USD, the row is in ")


def test_monthly_file_is_refused_in_words(workspace):
    with pytest.raises(ImportRefused, match="one row a month; export it by day"):
        take(workspace, DATA / "linkedin_monthly_ad_analytics_by_member_country_data.csv")

    assert DailyPerformance.objects.count() == 0
    assert ImportRun.objects.get().job.state == "failed"


def test_account_days_and_campaign_days_are_never_both_counted(workspace):
    take(workspace, DATA / "google_ads_account_stats_data.csv")

    take(workspace, DATA / "google_ads_campaign_stats_data.csv")
    with pytest.raises(ImportRefused, match="would count twice"):
        take(workspace, DATA / "google_ads_account_stats_data.csv")

    both = (
        DailyPerformance.objects.values("day")
        .annotate(whole=Max("campaign__external_id"), other=Min("campaign__external_id"))
        .filter(whole="(whole account)")
    )
    assert not [row for row in both if row["whole"] != row["other"]]
