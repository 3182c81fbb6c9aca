"""What an import writes, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import (
    Ad,
    AdAccount,
    Campaign,
    DailyPerformance,
    ImportMapping,
    ImportRow,
    ImportRun,
)
from campaigns.services.importing import ImportOptions, ImportRefused, import_performance
from tests.campaigns.factories import AdAccountFactory, CampaignFactory
from tests.examples import examples
from tests.workspaces.factories import ConnectionFactory, WorkspaceFactory
from workspaces.models import Workspace

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HEAD = "day,account_id,currency,campaign_id,ad_set_id,ad_id,impressions,reach,clicks,spend\n"


def take(workspace: Workspace, content: str | bytes, **options: object) -> ImportRun:
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return import_performance(
        workspace=workspace,
        file=BytesIO(data),
        file_name="file.csv",
        options=ImportOptions(**{"platform": "meta", **options}),
        by=None,
        now=NOW,
    )


def stages() -> list[str]:
    return [name for name in connection.introspection.table_names() if name.startswith("import_")]


def test_hours_are_summed_and_people_are_not(workspace):
    take(
        workspace,
        "date,hour,account_id,campaign_id,impressions,reach,spend\n"
        "2024-01-01 00:00,0,1,5,100,80,1.25\n"
        "2024-01-01 23:00,23,1,5,50,40,0.75\n"
        "2024-01-02 00:00,0,1,5,7,6,2\n",
    )

    rows = DailyPerformance.objects.order_by("day").values_list("impressions", "reach", "spend")
    assert list(rows) == [(150, None, Decimal(2)), (7, 6, Decimal(2))]


def test_changed_day_is_written_and_others_are_not(workspace):
    first = HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n2024-01-02,1,USD,5,,,10,,1,2\n"
    take(workspace, first)

    run = take(workspace, first.replace("2024-01-02,1,USD,5,,,10", "2024-01-02,1,USD,5,,,11"))

    assert (run.days_written, run.days_unchanged) == (1, 1)
    assert DailyPerformance.objects.get(day="2024-01-02").impressions == 11


def test_columns_that_a_file_lacks_keep_their_values(workspace):
    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,9,1,2\n")

    take(workspace, "day,account_id,campaign_id,installs\n2024-01-01,1,5,4\n")

    day = DailyPerformance.objects.get()
    assert (day.impressions, day.reach, day.spend, day.installs) == (10, 9, Decimal(2), 4)


def test_bad_rows_are_left_out_and_all_of_them_counted(workspace):
    bad = "".join(f"2024-01-01,1,USD,5,,,-{i},,1,2\n" for i in range(1, 1502))

    run = take(workspace, HEAD + bad + "2024-01-01,1,USD,5,,,10,,1,2\n")

    assert (run.rows_read, run.rows_bad, run.days_written) == (1502, 1501, 1)
    assert run.bad_rows.count() == 1000
    first = run.bad_rows.order_by("pk").first()
    assert (first.line, first.column, first.reason) == (2, "impressions", "'-1' is negative")
    assert first.text == "2024-01-01, 1, USD, 5, , , -1, , 1, 2"


def test_one_bad_row_stops_everything_where_asked(workspace):
    good = "2024-01-01,1,USD,5,,,10,,1,2\n"

    with pytest.raises(
        ImportRefused, match=r"1 of 2 rows are bad, so nothing was taken\. The first: line 3"
    ):
        take(workspace, HEAD + good + "soon,1,USD,5,,,1,,1,2\n", on_bad_rows="all_or_nothing")

    assert [model.objects.count() for model in (AdAccount, Campaign, DailyPerformance)] == [0] * 3
    assert ImportMapping.objects.count() == 0
    assert ImportRow.objects.count() == 1
    assert stages() == []


def test_refusal_while_writing_takes_everything_back(workspace):
    content = HEAD + "2024-01-01,1,USD,5,7,9,10,,1,2\n2024-01-01,1,USD,6,8,9,10,,1,2\n"

    with pytest.raises(ImportRefused, match="Line 3: ad 9 stands in campaign 6, ad set 8 here"):
        take(workspace, content)

    assert [model.objects.count() for model in (AdAccount, Campaign, Ad, DailyPerformance)] == [
        0
    ] * 4
    assert ImportRun.objects.get().job.error.endswith("unique in the account.")
    workspace.refresh_from_db()
    assert workspace.data_since is None
    assert stages() == []


def test_mirrors_of_a_connected_account_are_left_alone(workspace):
    account = AdAccountFactory(
        workspace=workspace, external_id="1", connection=ConnectionFactory(workspace=workspace)
    )
    campaign = CampaignFactory(account=account, external_id="5", name="Mirror", daily_budget=100)
    content = "day,account_id,campaign_id,campaign_name,status,daily_budget,spend\n"

    run = take(workspace, content + "2024-01-01,1,5,Other,paused,900,3\n")

    campaign.refresh_from_db()
    assert run.days_written == 1
    assert (campaign.name, campaign.status, campaign.daily_budget) == ("Mirror", "active", 100)


def test_names_states_and_budgets_of_the_last_day_hold_without_a_connection(workspace):
    content = "day,account_id,campaign_id,campaign_name,status,daily_budget,spend\n"

    take(
        workspace,
        content + "2024-01-02,1,5,New,paused,900,3\n2024-01-01,1,5,Old,active,100,3\n",
    )

    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.status, campaign.daily_budget) == ("New", "paused", 900)


def test_first_file_decides_the_summing_level_until_asked(workspace):
    ads = HEAD + "2024-01-01,1,USD,5,7,9,10,,1,2\n"
    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n")

    take(workspace, ads)
    before = AdAccount.objects.get().summing_level
    take(workspace, ads, summing_level="ad")

    assert (before, AdAccount.objects.get().summing_level) == ("campaign", "ad")


def test_same_ids_in_another_workspace_stay_apart(workspace, other_workspace):
    content = HEAD + "2024-01-01,1,USD,5,7,9,10,,1,2\n"
    take(workspace, content)

    run = take(other_workspace, content)

    assert run.days_written == 1
    for model in (AdAccount, Campaign, Ad, DailyPerformance, ImportMapping):
        owners = model.objects.values_list("workspace__slug", flat=True)
        assert sorted(owners) == ["acme", "rival"]


def test_file_in_another_currency_than_the_account_is_refused(workspace):
    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n")

    with pytest.raises(ImportRefused, match="the account 1 is kept in USD, the row is in EUR"):
        take(workspace, HEAD + "2024-01-02,1,EUR,5,,,10,,1,2\n")

    assert DailyPerformance.objects.count() == 1


def test_first_import_starts_the_data_of_a_workspace(workspace):
    content = HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n"
    run = take(workspace, content, data_source="Ours", conversions_usable=False)
    workspace.refresh_from_db()

    take(workspace, content)

    account = AdAccount.objects.get()
    assert workspace.data_since == NOW
    assert (account.data_source, account.has_usable_conversions) == ("Ours", False)
    run.job.refresh_from_db()
    assert (run.job.state, run.job.done, run.account) == ("completed", 1, account)


def test_unknown_zone_and_platform_are_refused_in_words(workspace):
    content = HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n"

    with pytest.raises(ImportRefused, match="'Mars' is no time zone"):
        take(workspace, content, time_zone="Mars")
    with pytest.raises(ImportRefused, match="'myspace' is no platform"):
        take(workspace, content, platform="myspace")

    assert AdAccount.objects.count() == 0


def test_earlier_move_that_would_reach_the_future_is_refused(workspace):
    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n", shift_to_yesterday=True)

    with pytest.raises(ImportRefused, match="would then end on 2026-11-30, in the future"):
        take(workspace, HEAD + "2024-01-15,1,USD,5,,,10,,1,2\n", shift_to_yesterday=True)

    assert DailyPerformance.objects.count() == 1


def test_days_may_be_moved_after_an_import_that_did_not_move_them(workspace):
    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n")

    run = take(workspace, HEAD + "2024-01-08,1,USD,5,,,10,,1,2\n", shift_to_yesterday=True)

    assert (run.totals["last_day"], run.totals["shift_days"]) == ("2026-11-16", 1043)


def test_sum_beyond_the_column_takes_everything_back(workspace):
    rows = "2024-01-01,1,USD,5,,,1,,1,9999999999999\n" * 11

    with pytest.raises(ImportRefused, match="The database refused the figures, nothing was taken"):
        take(workspace, HEAD + rows)

    assert ImportRun.objects.get().job.state == "failed"
    assert DailyPerformance.objects.count() == 0
    assert stages() == []


def test_row_of_sums_at_the_top_is_skipped_once(workspace):
    content = "day,campaign,spend\n2024-01-01,,9\n2024-01-01,A,4\n2024-01-01,,5\n"

    run = take(workspace, content)

    assert (run.rows_read, run.rows_bad, run.totals["totals_skipped"]) == (2, 1, 1)
    assert DailyPerformance.objects.get().spend == 4


def test_left_tables_of_dead_workers_are_dropped(workspace):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE import_stage_999999999 (line bigint)")

    take(workspace, HEAD + "2024-01-01,1,USD,5,,,10,,1,2\n")

    assert stages() == []


_CELL = st.text(st.characters(exclude_characters="\r\n") | st.sampled_from(',"\0\\\t.'), max_size=8)


@given(cells=st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=1, max_size=4))
@settings(
    derandomize=True,
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_is_stored_or_refused(db, cells):
    workspace = WorkspaceFactory()
    rows = "".join(f"2024-01-01,1,{a},{b},{c},1\n" for a, b, c in cells)
    content = "day,account_id,campaign_name,ad_name,clicks,spend\n2024-01-01,1,A,B,1,1\n" + rows

    run = take(workspace, content.encode("utf-8", "surrogatepass"))

    stored = DailyPerformance.objects.filter(workspace=workspace)
    assert stored.count() == run.days_written >= 1
    assert run.bad_rows.count() == run.rows_bad
