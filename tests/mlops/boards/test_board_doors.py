"""The ML dashboards on their page and over REST."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.cache import cache
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from PIL import Image

from mlops.models import MLDashboard, ROITimeseries, SyncRun
from mlops.selectors.boards import BOARDS, JOB, SCHEDULE, rows_of
from mlops.services.boards import syncing
from tests.api.conftest import key_client
from tests.campaigns.change_steps import ad_set_in, connected, policy_of, propose
from tests.mlops.boards.steps import some_days, synced
from tests.workspaces.gate_steps import walked_to
from workspaces.models import JobRun, JobState, Proposal, Status, Workspace
from workspaces.services.jobs import perform

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def blot(monkeypatch):
    """Charts of one pixel, where a test is not about how they look."""
    from mlops.models import BoardType, Theme
    from mlops.services.boards.drawing import Picture

    def png(shade):
        target = BytesIO()
        Image.new("L", (1, 1), shade).save(target, "png")
        return target.getvalue()

    def draw(**_):
        for number, board in enumerate(BoardType):
            for theme in Theme:
                shade = 20 * number + (10 if theme == Theme.DARK else 0)
                yield Picture(board, theme.value, png(shade), f"{board.label} of Acme")

    monkeypatch.setattr(syncing, "draw", draw)


@pytest.fixture
def batch(workspace, now, blot):
    some_days(workspace, until=now.astimezone(workspace.zone).date() - DAY)
    return synced(workspace, now)


@pytest.fixture
def api(workspace):
    return key_client(workspace, ["insight:read", "sync:run"])


DATA = {
    "roi-forecast": ("roi_forecast", {"channel", "roi_forecast", "low", "high"}, 3),
    "roi-timeseries": (
        "roi_timeseries",
        {"date", "channel", "roi_actual", "conversion_actual", "roi_pred", "conversion_pred"},
        270,
    ),
    "reach-ctr-timeseries": (
        "reach_ctr_timeseries",
        {"date", "channel", "reach_actual", "ctr_actual", "reach_pred", "ctr_pred"},
        270,
    ),
    "budget-recommendations": (
        "budget_recommendations",
        {"channel", "roi_pred", "conversion_pred", "acquisition_cost", "recommended_budget",
         "total_budget", "currency"},
        3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_data_have_the_fields_of_their_dashboard(name, batch, api, django_assert_max_num_queries):
    kind, fields, count = DATA[name]

    with django_assert_max_num_queries(8):
        answer = api.get(f"/api/ml-dashboard/{name}/data/")

    shown = answer.json()
    assert (shown["dashboard_type"], len(shown["results"])) == (kind, count)
    assert set(shown["results"][0]) == fields | {"created_at"}
    held = api.get(f"/api/ml-dashboard/{name}/data", headers={"If-None-Match": answer["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


def test_money_is_text_with_its_currency(batch, api):
    rows = api.get("/api/ml-dashboard/budget-recommendations/data").json()["results"]

    assert {row["currency"] for row in rows} == {"USD"}
    total = sum(int(row["recommended_budget"].replace(".", "")) for row in rows)
    assert total == int(rows[0]["total_budget"].replace(".", ""))


def test_chart_is_the_stored_picture_of_the_theme(batch, api, django_assert_max_num_queries):
    path = "/api/ml-dashboard/roi-forecast/chart"
    with django_assert_max_num_queries(8):
        light = api.get(path, headers={"Accept": "image/png"})
    dark = api.get(f"{path}/?theme=dark")

    stored = MLDashboard.objects.get(type="roi_forecast", theme="light")
    assert (light["Content-Type"], light.content) == ("image/png", bytes(stored.data))
    assert light["ETag"] == f'"{stored.sha256}"'
    assert light["Cache-Control"] == "private, no-cache"
    assert dark.content != light.content
    again = api.get(path, headers={"If-None-Match": light["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    fixed = api.get(f"{path}?v={stored.sha256}")
    assert fixed["Cache-Control"] == "private, max-age=86400, immutable"


def test_before_the_first_sync_there_is_no_chart_and_no_row(api, db):
    chart = api.get("/api/ml-dashboard/roi-forecast/chart", headers={"Accept": "image/png"})
    data = api.get("/api/ml-dashboard/roi-forecast/data").json()
    status = api.get("/api/ml-dashboard/status").json()

    assert chart.status_code == 404
    assert "drawn by the next sync" in chart.json()["detail"]
    assert (data["created_at"], data["results"]) == (None, [])
    assert {row["state"] for row in status["dashboards"]} == {"missing"}
    assert (status["sync"]["state"], status["sync"]["last_success_at"]) == ("idle", None)
    assert api.get("/api/ml-dashboard/other/data").status_code == 404
    assert api.get("/api/ml-dashboard/other/chart").status_code == 404


def test_status_tells_age_checksums_and_what_it_rests_on(batch, api):
    status = api.get("/api/ml-dashboard/status").json()

    assert [row["dashboard_type"] for row in status["dashboards"]] == [
        kind for kind, *_ in DATA.values()
    ]
    assert {row["state"] for row in status["dashboards"]} == {"fresh"}
    assert status["dashboards"][0]["sha256"] != status["dashboards"][0]["dark_sha256"]
    assert status["basis"].startswith("Plain mean of the last 30 days, no model yet")
    assert status["figures_until"] == batch.figures_until.isoformat()

    SyncRun.objects.update(finished_at=timezone.now() - DAY)
    status = api.get("/api/ml-dashboard/status").json()
    assert {row["state"] for row in status["dashboards"]} == {"stale"}


def test_sync_is_asked_for_once_and_followed(workspace, api, now, blot):
    every, _ = IntervalSchedule.objects.get_or_create(every=1800, period="seconds")
    PeriodicTask.objects.create(name=SCHEDULE, task="workspaces.start_job", interval=every)
    some_days(workspace, until=now.date() - 2 * DAY, days=10)

    started = api.post("/api/sync/run-now", {}, format="json")
    again = api.post("/api/ml-dashboard/generate-all", {}, format="json")
    waiting = api.get("/api/sync/status").json()

    assert (started.status_code, started.json()["state"]) == (202, "queued")
    assert again.json() == started.json()
    assert (waiting["run_id"], waiting["state"]) == (started.json()["run_id"], "queued")
    assert (waiting["interval_minutes"], waiting["last_success_at"]) == (30, None)
    assert waiting["next_run_at"] is not None

    perform(run_id=JobRun.objects.get(name=JOB).pk)
    done = api.get("/api/sync/status").json()

    assert (done["state"], done["step"], done["error"]) == ("completed", "Store", "")
    assert done["counts"]["pictures"] == 8
    assert done["duration_ms"] >= 0
    assert done["last_success_at"] is not None
    assert SyncRun.objects.get().public_id.hex == done["run_id"].replace("-", "")


def test_failed_sync_says_which_step_and_why(workspace, batch, api, monkeypatch, now):
    def broken(**_):
        raise OSError("no ink")

    monkeypatch.setattr(syncing, "draw", broken)
    with pytest.raises(OSError, match="no ink"):
        synced(workspace, now + DAY)

    status = api.get("/api/sync/status").json()

    assert (status["state"], status["step"], status["error"]) == (
        "failed", "Draw", "OSError: no ink",
    )  # fmt: skip
    assert len(api.get("/api/ml-dashboard/roi-forecast/data").json()["results"]) == 3


def test_other_workspaces_see_their_own(batch, other_workspace):
    theirs = key_client(other_workspace, ["insight:read", "sync:run"])

    assert theirs.get("/api/ml-dashboard/roi-forecast/data").json()["results"] == []
    assert theirs.get("/api/ml-dashboard/roi-forecast/chart").status_code == 404
    assert theirs.get("/api/sync/status").json()["state"] == "idle"


def test_page_shows_four_cards_with_figures(
    batch, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    client.get("/models/dashboards/")

    with django_assert_max_num_queries(12):
        page = client.get("/models/dashboards/").text

    assert page.count('class="cs-only-light"') == page.count('class="cs-only-dark"') == 4
    for board in BOARDS.values():
        assert f'<h2 id="{board.name}">' in page
    assert "no model yet" in page
    assert 'alt="ROI forecast of Acme"' in page
    assert "Sync now" not in page  # a viewer reads


def test_cards_say_the_figures_of_their_tables(batch, workspace, viewer, client_as):
    page = client_as(viewer).get("/models/dashboards/").text

    for board in BOARDS.values():
        rows = rows_of(workspace, board)
        rows = rows.filter(date=batch.figures_until) if board.has_days else rows
        assert rows.exists()
        for row, column in ((row, column) for row in rows for column in board.columns):
            text = column.text(row, workspace.currency)
            assert f'data-label="{column.label}">{text}<' in page, (board.name, row, column.name)


@pytest.mark.parametrize(("name", "figures"), [("roi-forecast", 3), ("roi-timeseries", 6)])
def test_narrow_screens_get_small_charts_of_the_same_rows(
    name, figures, batch, viewer, client_as, django_assert_max_num_queries
):
    client, path = client_as(viewer), f"/models/dashboards/{name}/small/"
    client.get(path)

    with django_assert_max_num_queries(7):
        part = client.get(path, headers={"HX-Request": "true"}).text

    assert part.count("<svg") == figures
    assert "Google Ads" in part
    assert "<html" not in part
    assert f'hx-get="{path}"' in client.get("/models/dashboards/").text


def test_small_charts_bear_the_changes_of_their_channel(
    batch, workspace, approver, viewer, client_as, now
):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace), campaign__channel="meta")
    walked_to(Status.EXECUTED, propose(ad_set, 110, now), approver)
    Proposal.objects.update(executed_at=now - 2 * DAY)

    part = client_as(viewer).get("/models/dashboards/roi-timeseries/small/").text

    assert part.count('class="cs-chart-change"') == 2  # Meta's two figures, and nobody else's
    assert "/ledger/?channel=meta&amp;from=" in part


def test_page_without_figures_says_what_to_do(workspace, operator, client_as, now):
    client = client_as(operator)
    assert "Nothing is drawn yet." in client.get("/models/dashboards/").text

    synced(workspace, now)

    page = client.get("/models/dashboards/").text
    assert "There are no days of ads to draw." in page
    assert 'href="/campaigns/accounts/"' in page


def test_page_says_that_it_is_old_or_why_it_failed(
    workspace, batch, operator, client_as, now, monkeypatch
):
    client = client_as(operator)
    SyncRun.objects.update(finished_at=now - DAY)
    assert "older than two rounds" in client.get("/models/dashboards/").text

    def broken(**_):
        raise OSError("no ink")

    monkeypatch.setattr(syncing, "draw", broken)
    with pytest.raises(OSError, match="no ink"):
        synced(workspace, now + DAY)
    page = client.get("/models/dashboards/").text
    assert "failed at “Draw”: OSError: no ink" in page
    assert "What you see is the last good one." in page
    assert page.count('class="cs-only-light"') == 4


def test_sync_now_is_followed_step_by_step_until_the_cards_change(
    workspace, batch, operator, client_as
):
    client = client_as(operator)
    htmx = {"HX-Request": "true"}
    form = {"workspace": str(workspace.public_id)}

    board = client.post("/models/dashboards/sync/", form, headers=htmx).text
    assert "waits for a worker" in board
    run = JobRun.objects.get(name=JOB, state=JobState.QUEUED)
    client.post("/models/dashboards/sync/", form)
    assert JobRun.objects.filter(name=JOB, state=JobState.QUEUED).count() == 1

    JobRun.objects.filter(pk=run.pk).update(state=JobState.RUNNING, step="Draw", attempt=1)
    step = client.get("/models/dashboards/run/", headers=htmx).text
    assert 'aria-current="step">' in " ".join(step.split())
    assert 'value="2"' in step

    JobRun.objects.filter(pk=run.pk).update(state=JobState.DONE)
    ended = client.get("/models/dashboards/run/?since=0x", headers=htmx)
    assert ended["HX-Retarget"] == "#board"
    assert ended.text.count('class="cs-only-light"') == 4


def test_polls_cost_nothing_while_nothing_moves(
    workspace, batch, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    cache.set(f"live:{workspace.pk}:jobs", 7, 60)
    path = "/models/dashboards/run/"

    with django_assert_max_num_queries(4):
        assert client.get(f"{path}?since=7").status_code == 204
    with django_assert_max_num_queries(12):
        client.get(f"{path}?since=6")
    seen = str(batch.public_id)
    assert client.get(f"{path}?since=6&seen={seen}").status_code == 204
    assert client.get(f"{path}?since=6&seen=other").status_code == 200


def test_viewer_may_not_start_a_sync(workspace, viewer, client_as):
    form = {"workspace": str(workspace.public_id)}

    assert client_as(viewer).post("/models/dashboards/sync/", form).status_code == 403
    assert not JobRun.objects.filter(name=JOB).exists()


def test_switched_off_job_is_said_on_the_page(workspace, batch, operator, client_as):
    from workspaces.models import JobConfig

    JobConfig.objects.update_or_create(
        workspace=workspace, name=JOB, defaults={"is_enabled": False}
    )
    form = {"workspace": str(workspace.public_id)}

    client = client_as(operator)
    page = client.post("/models/dashboards/sync/", form, follow=True).text
    part = client.post("/models/dashboards/sync/", form, headers={"HX-Request": "true"}).text

    assert "switched off" in page
    assert "switched off" in part


def test_one_dashboard_in_full_is_sorted_page_by_page(
    batch, viewer, client_as, django_assert_max_num_queries
):
    client = client_as(viewer)
    path = "/models/dashboards/roi-timeseries/"
    client.get(path)
    with django_assert_max_num_queries(12):
        page = client.get(path).text
    assert "1–45 of 270" in page
    assert 'aria-sort="descending"' in page

    def first_row(query):
        body = client.get(f"{path}?{query}").text.partition("<tbody")[2]
        return " ".join(body.partition("</tr>")[0].split())

    known = ROITimeseries.objects.exclude(roi_actual=None).order_by("roi_actual")
    worst, best = known.first(), known.last()
    assert f"{best.roi_actual * 100:.1f} %" in first_row("sort=roi_actual")
    assert f"{worst.roi_actual * 100:.1f} %" in first_row("sort=roi_actual-up")
    assert "Google Ads" in first_row("sort=key-up")
    assert "271" not in client.get(f"{path}?page=99&sort=nonsense").text.partition("of 270")[0][-9:]
    assert client.get("/models/dashboards/other/").status_code == 404


def test_files_have_all_rows_and_the_chart(batch, viewer, client_as):
    client = client_as(viewer)
    path = "/models/dashboards/roi-timeseries/export"

    rows = list(csv.reader(StringIO(client.get(f"{path}.csv").text)))
    assert rows[0] == ["Workspace", "Acme"]
    head = rows.index(
        ["Day", "Channel", "ROI (share)", "ROI predicted (share)", "Conversion rate (share)",
         "Conversion rate predicted (share)"]
    )  # fmt: skip
    assert len(rows) - head - 1 == 270
    assert client.get(f"{path}.xlsx").content.startswith(b"PK")
    png = client.get(f"{path}.png")
    assert png.content.startswith(b"\x89PNG")
    assert png["Content-Disposition"] == 'attachment; filename="roi-timeseries.png"'
    assert client.get(f"{path}.pdf").status_code == 404


def test_chart_of_the_page_is_that_of_the_workspace(batch, viewer, outsider, client_as):
    path = "/models/dashboards/roi-forecast/chart.png"

    assert client_as(viewer).get(path).content.startswith(b"\x89PNG")
    assert client_as(outsider).get(path).status_code == 404


def test_workers_that_start_sync_what_has_no_fresh_batch(workspace, other_workspace, batch):
    from mlops.tasks import sync_at_start

    assert sync_at_start() == 1
    assert sync_at_start() == 1  # the same run, sent again

    run = JobRun.objects.get(name=JOB, state=JobState.QUEUED)
    assert (run.workspace, run.trigger) == (other_workspace, "start")
    assert Workspace.objects.count() == 2
