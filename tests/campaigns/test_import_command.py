"""The shell's door: what it prints, what it refuses, what a dry run leaves."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import AdAccount, Campaign, DailyPerformance, ImportMapping, ImportRun

DEMO = Path(__file__).parents[2] / "campaigns" / "demo_data" / "microsoft_ads"
CAMPAIGN_FILE = DEMO / "microsoft_ads_campaign_performance_daily_report_data.csv"


def run_command(*args: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_performance", *map(str, args), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_demo_import_prints_mapping_counts_and_totals(workspace):
    names = [f"--names={path}" for path in sorted(DEMO.glob("*_history_data.csv"))]

    out, _ = run_command(
        CAMPAIGN_FILE,
        "--workspace=acme",
        "--shift-to-yesterday",
        "--conversions-unusable",
        "--data-source=Fivetran, Apache-2.0",
        *names,
    )

    assert "campaign_id      <- campaign_id" in out
    assert "Summed over: device_os, device_type, network" in out
    assert "2,630 rows read, 0 left out; 403 days written, 0 there already" in out
    assert "campaign in USD: days 403, clicks 592" in out.replace("impressions 7569, ", "")
    account = AdAccount.objects.get(workspace=workspace)
    assert (account.name, account.has_usable_conversions) == ("Fivetran", False)
    assert account.data_source == "Fivetran, Apache-2.0"


def test_dry_run_leaves_nothing(workspace):
    out, _ = run_command(CAMPAIGN_FILE, "--workspace=acme", "--dry-run")

    assert "403 days written" in out
    assert "Dry run: all of this was taken back." in out
    for model in (AdAccount, Campaign, DailyPerformance, ImportRun, ImportMapping):
        assert model.objects.count() == 0


def test_foreign_file_is_mapped_by_hand_and_the_mapping_is_remembered(workspace, tmp_path):
    file = tmp_path / "foreign.csv"
    file.write_text("Tag;Kampagne;Kosten;Aufrufe\n31.12.2024;Winter;1.234,50;7\n", "utf-8")
    answers = ["day=Tag", "campaign_name=Kampagne", "spend=Kosten", "impressions=Aufrufe"]
    settings = ["day_order=dmy", "decimal_sign=,"]
    by_hand = [f"--mapping={entry}" for entry in (*answers, *settings)]

    run_command(file, "--workspace=acme", "--currency=EUR", *by_hand)
    out, _ = run_command(file, "--workspace=acme")

    assert "0 days written, 1 there already" in out
    day = DailyPerformance.objects.get()
    assert (str(day.day), str(day.spend), day.impressions) == ("2024-12-31", "1234.500000", 7)
    assert day.account.currency == "EUR"


def test_mapping_file_is_read(workspace, tmp_path):
    file, mapping = tmp_path / "a.csv", tmp_path / "mapping.json"
    file.write_text("when,what,paid\n2024-12-31,Winter,5\n")
    columns = {"day": "when", "campaign_id": "what", "spend": "paid"}
    mapping.write_text(json.dumps({"platform": "meta", "columns": columns}))

    run_command(file, "--workspace=acme", f"--mapping={mapping}")

    assert Campaign.objects.get().account.platform == "meta"


@pytest.mark.parametrize(
    ("content", "extra", "message"),
    [
        (
            "day,campaign,spend\nsoon,A,1\n",
            [],
            "None of the 1 rows could be read. The first: line 2",
        ),
        ("", [], "The file is empty."),
        ("day,campaign,spend\n", [], "no rows below them"),
        ("a,b\n1,2\n", [], "No column is known to hold the day"),
        (
            "day,campaign,spend\n2024-01-01,A,1\n",
            ["--mapping=cost=x"],
            "'cost' is no field of ours",
        ),
        (
            "day,campaign,spend\n2024-01-01,A,1\n",
            ["--mapping=spend=Kosten"],
            "from the column 'Kosten', which the file does not have",
        ),
    ],
)
def test_unreadable_file_ends_with_an_error(workspace, tmp_path, content, extra, message):
    file = tmp_path / "bad.csv"
    file.write_text(content)

    with pytest.raises(CommandError, match=message):
        run_command(file, "--workspace=acme", *extra)

    assert DailyPerformance.objects.count() == 0
    assert AdAccount.objects.count() == 0


def test_unknown_workspace_and_missing_file_are_told(workspace, tmp_path):
    with pytest.raises(CommandError, match="There is no workspace 'nobody'"):
        run_command(CAMPAIGN_FILE, "--workspace=nobody")
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run_command(tmp_path / "none.csv", "--workspace=acme")
