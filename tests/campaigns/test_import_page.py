"""The browser's door: upload, mapping, run, report, and who is kept out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import AdAccount, DailyPerformance, ImportMapping, ImportRun
from campaigns.services.importing import queue_import, run_import, waiting_runs
from campaigns.tasks import run_import_task, run_waiting_imports
from workspaces.models import Workspace

DEMO = Path(__file__).parents[2] / "campaigns" / "demo_data" / "microsoft_ads"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SMALL = b"day,campaign,spend,clicks,hm\n2024-01-01,Winter,5.50,3,a\nsoon,=Winter,5,3,b\n"


@pytest.fixture
def client(client_as, operator) -> Client:
    return client_as(operator)


def upload(client: Client, workspace: Workspace, content: bytes, name: str = "a.csv") -> ImportRun:
    response = client.post(
        reverse("campaigns-imports"),
        {"workspace": workspace.public_id, "file": SimpleUploadedFile(name, content)},
    )
    assert response.status_code == 302, response.content.decode()
    return ImportRun.objects.latest("pk")


def answers(client: Client, run: ImportRun, /, **changes: str) -> dict[str, str]:
    form = client.get(address(run)).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    return data | {"workspace": str(run.workspace.public_id)} | changes


def address(run: ImportRun) -> str:
    return reverse("campaigns-import", args=[run.public_id])


def test_upload_shows_the_guess_and_parsed_rows(client, workspace):
    run = upload(client, workspace, SMALL)

    page = client.get(address(run)).content.decode()

    assert "Columns that are not known: hm." in page
    assert "Left out: day: &#x27;soon&#x27; is not a day" in page
    assert "5.50" in page
    assert "<script>" not in page.split("<body")[1].split("import")[0]
    assert DailyPerformance.objects.count() == 0


def test_import_runs_once_and_reports(client, workspace, django_capture_on_commit_callbacks):
    run = upload(client, workspace, SMALL)

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(address(run), answers(client, run, run="1"))
    again = client.post(address(run), {"workspace": str(workspace.public_id), "run": "1"})
    assert (response.status_code, again.status_code) == (302, 302)
    run.refresh_from_db()
    assert run.job.state == "queued"
    run_import_task(run_id=run.pk)
    run_import_task(run_id=run.pk)

    run.refresh_from_db()
    assert (run.job.state, run.days_written, run.rows_bad) == ("completed", 1, 1)
    assert run.file.name == ""
    page = client.get(address(run)).content.decode()
    assert "2 rows read, 1 left out; 1 days written" in " ".join(page.split())
    assert run.created_by.email == "operator@acme.example"
    assert ImportMapping.objects.get().created_by == run.created_by


def test_bad_rows_come_as_csv_that_no_spreadsheet_runs(client, workspace):
    content = b"campaign,day,spend\nA,2024-01-01,1\n=cmd(),soon,1\n"
    run = upload(client, workspace, content)
    queue_import(run=run, by=run.created_by, now=NOW)
    run_import(run_id=run.pk, now=NOW)

    response = client.get(reverse("campaigns-import-bad-rows", args=[run.public_id]))

    assert response["Content-Type"].startswith("text/csv")
    assert response.content.decode().splitlines() == [
        "line,column,reason,row",
        "3,day,'soon' is not a day; write it as 2024-12-31,\"'=cmd(), soon, 1\"",
    ]


def test_mapping_is_edited_and_previewed_again(client, workspace):
    run = upload(client, workspace, b"Tag,Was,Geld\n31.12.2024,Winter,7\n")
    assert b"No column is known to hold the day" in client.get(address(run)).content

    refused = client.post(address(run), answers(client, run, run="1"))
    data = answers(
        client, run, **{"column-0": "day", "column-1": "campaign_name", "column-2": "spend"}
    )
    kept = client.post(address(run), data | {"day_order": "dmy", "currency": "eur"})

    assert refused.status_code == 422
    assert kept.status_code == 200
    assert b"2024-12-31" in kept.content
    run.refresh_from_db()
    assert run.mapping["columns"] == {"day": "Tag", "campaign_name": "Was", "spend": "Geld"}
    assert run.options["currency"] == "EUR"
    assert run.job is None


def test_one_meaning_for_two_columns_is_refused(client, workspace):
    run = upload(client, workspace, SMALL)

    response = client.post(address(run), answers(client, run, run="1", **{"column-4": "spend"}))

    assert response.status_code == 422
    assert b"The column spend has this meaning already." in response.content


def test_zone_that_does_not_exist_is_refused(client, workspace):
    run = upload(client, workspace, SMALL)

    response = client.post(address(run), answers(client, run, run="1", time_zone="Mars"))

    assert response.status_code == 422
    assert b"Use a name such as Europe/Berlin." in response.content


def test_names_come_along_with_the_upload(client, workspace):
    report = DEMO / "microsoft_ads_campaign_performance_daily_report_data.csv"
    history = DEMO / "microsoft_ads_campaign_history_data.csv"
    client.post(
        reverse("campaigns-imports"),
        {
            "workspace": workspace.public_id,
            "file": SimpleUploadedFile(report.name, report.read_bytes()),
            "names": [SimpleUploadedFile(history.name, history.read_bytes())],
        },
    )
    run = ImportRun.objects.get()
    client.post(address(run), answers(client, run, run="1"))

    run_waiting_imports()

    assert AdAccount.objects.get().campaigns.get(external_id="349886462").name.startswith("bqIy")
    assert DailyPerformance.objects.count() == 403
    assert waiting_runs(now=NOW) == []


def test_progress_fragment_polls_until_the_end(client, workspace):
    run = upload(client, workspace, SMALL)
    queue_import(run=run, by=run.created_by, now=NOW)
    progress = reverse("campaigns-import-progress", args=[run.public_id])

    waiting = client.get(progress, headers={"HX-Request": "true"})
    assert b"Waiting for a worker." in waiting.content
    assert b"every 2s" in client.get(address(run)).content
    run_import(run_id=run.pk, now=NOW)
    done = client.get(progress, headers={"HX-Request": "true"})

    assert done["HX-Redirect"] == address(run)


def test_refused_run_keeps_its_file_for_another_try(client, workspace):
    run = upload(client, workspace, SMALL)
    client.post(address(run), answers(client, run, run="1", on_bad_rows="all_or_nothing"))
    run_import_task(run_id=run.pk)
    run.refresh_from_db()
    assert (run.job.state, DailyPerformance.objects.count()) == ("failed", 0)
    assert "1 of 2 rows are bad, so nothing was taken" in run.job.error

    assert b"Nothing was imported" in client.get(address(run)).content
    client.post(address(run), answers(client, run, run="1", on_bad_rows="leave_out"))
    run_import_task(run_id=run.pk)

    run.refresh_from_db()
    assert (run.job.state, run.days_written) == ("completed", 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b" ", "one column only|no rows"),
        ("a.xlsx", b"PK\x03\x04rest", "damaged"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest", "old kind"),
    ],
)
def test_upload_that_is_no_table_is_refused(client, workspace, name, content, message):
    response = client.post(
        reverse("campaigns-imports"),
        {"workspace": workspace.public_id, "file": SimpleUploadedFile(name, content)},
    )

    assert response.status_code == 422
    assert any(word in response.content.decode() for word in message.split("|"))
    assert ImportRun.objects.count() == 0


def test_viewer_and_outsider_are_kept_out(client, client_as, workspace, viewer, outsider):
    run = upload(client, workspace, SMALL)
    paths = [
        reverse("campaigns-imports"),
        address(run),
        reverse("campaigns-import-progress", args=[run.public_id]),
        reverse("campaigns-import-bad-rows", args=[run.public_id]),
    ]

    for path in paths:
        assert client_as(viewer).get(path).status_code == 403
    for path in paths[1:]:
        assert client_as(outsider).get(path).status_code == 404
    assert b"a.csv" not in client_as(outsider).get(paths[0]).content


def test_list_needs_few_queries(client, workspace, django_assert_max_num_queries):
    for _ in range(5):
        upload(client, workspace, SMALL)

    with django_assert_max_num_queries(12):
        response = client.get(reverse("campaigns-imports"))

    assert response.content.decode().count("a.csv") == 5
