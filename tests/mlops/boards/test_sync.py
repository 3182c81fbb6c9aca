"""A sync: what it stores, what it keeps when a step fails, and that there is one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import DailyPerformance
from mlops.models import (
    BudgetRecommendation,
    MLDashboard,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SyncRun,
    SyncState,
)
from mlops.selectors.boards import BOARDS, JOB, rows_of, standing_of
from mlops.services.boards import storing, syncing
from mlops.services.boards.syncing import request_sync
from tests.mlops.boards.steps import CHANNELS, some_days, synced
from tests.workspaces.gate_steps import InThread
from workspaces.models import JobRun, JobState, Workspace
from workspaces.services.jobs import JobRefusedError, perform

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
PNG = b"\x89PNG\r\n"


@pytest.fixture
def undrawn(monkeypatch):
    """Charts that cost nothing, where a test is not about them."""

    def draw(**_):
        return iter(())

    monkeypatch.setattr(syncing, "draw", draw)


@pytest.fixture
def days(workspace, now):
    return some_days(workspace, until=now.date() - DAY)


def tables(run: SyncRun) -> dict[str, int]:
    return {
        table.__name__: table._default_manager.filter(run=run).count()
        for table in storing.BATCH_TABLES
    }


def test_a_sync_stores_a_whole_batch_with_its_charts(workspace, days, now):
    run = synced(workspace, now)

    assert (run.state, run.step, run.is_current, run.error) == ("done", "store", True, "")
    assert tables(run) == {
        "ROIForecast": 3, "ROITimeseries": 270, "ReachCTRTimeseries": 270,
        "BudgetRecommendation": 3, "MLDashboard": 8,
    }  # fmt: skip
    assert (run.counts["channels"], run.counts["rows"]) == (3, 554)
    assert {"collect_ms", "predict_ms", "draw_ms"} <= set(run.counts)
    assert run.figures_until == now.date() - DAY
    for picture in MLDashboard.objects.filter(run=run):
        assert bytes(picture.data).startswith(PNG)
        assert "Google Ads" in picture.summary
    job = JobRun.objects.get(name=JOB)
    assert (job.state, job.public_id, job.counts["pictures"]) == ("completed", run.public_id, 8)


def test_figures_are_those_of_the_rows(workspace, days, now, undrawn):
    run = synced(workspace, now)

    forecasts = {row.channel: row for row in ROIForecast.objects.filter(run=run)}
    sums = DailyPerformance.objects.filter(
        campaign__channel="tiktok", day__gt=now.date() - 31 * DAY
    )
    spend = sum(row.spend for row in sums)
    assert forecasts["tiktok"].roi_forecast == pytest.approx(
        float(sum(row.revenue for row in sums) / spend) - 1
    )
    assert forecasts["tiktok"].low < forecasts["tiktok"].roi_forecast < forecasts["tiktok"].high
    newest = ROITimeseries.objects.get(run=run, channel="meta", date=now.date() - DAY)
    assert newest.roi_actual == pytest.approx(1.0)
    assert newest.conversion_actual == pytest.approx(5 / 200)
    assert newest.conversion_pred == pytest.approx(5 / 200)
    reach = ReachCTRTimeseries.objects.get(run=run, channel="meta", date=now.date() - DAY)
    assert (reach.reach_actual, reach.ctr_actual) == (8000, 0.02)
    before = ROITimeseries.objects.get(run=run, channel="meta", date=now.date() - 60 * DAY)
    assert (before.roi_actual, before.roi_pred) == (None, None)


def test_budget_is_what_was_spent_shared_out_to_the_cent(workspace, days, now, undrawn):
    run = synced(workspace, now)

    rows = BudgetRecommendation.objects.filter(run=run).order_by("recommended_budget")
    spent = sum(row.spend for row in DailyPerformance.objects.filter(day__gt=now.date() - 31 * DAY))
    assert [row.channel for row in rows] == ["google_ads", "meta", "tiktok"]
    assert {row.total_budget for row in rows} == {spent}
    assert sum(row.recommended_budget for row in rows) == spent
    assert rows[0].recommended_budget >= spent * Decimal("0.05")
    assert rows[2].currency == "USD"
    own = DailyPerformance.objects.filter(campaign__channel="tiktok", day__gt=now.date() - 31 * DAY)
    cost = sum(row.spend for row in own) / sum(row.conversions for row in own)
    assert rows[2].acquisition_cost == round(cost, 2)


def test_without_spend_the_usual_total_is_shared_equally_and_that_is_said(
    workspace, days, now, undrawn
):
    DailyPerformance.objects.update(spend=0, revenue=0)

    run = synced(workspace, now)

    rows = list(BudgetRecommendation.objects.filter(run=run).order_by("pk"))
    assert {row.total_budget for row in rows} == {Decimal(100_000)}
    assert [str(row.recommended_budget.quantize(Decimal("0.01"))) for row in rows] == [
        "33333.34", "33333.33", "33333.33",
    ]  # fmt: skip
    assert run.notes == [
        "No channel's return or conversions are known yet, so the shares are equal."
    ]
    assert not ROIForecast.objects.filter(run=run).exists()


def test_a_business_that_counts_leads_is_judged_by_its_pipeline(workspace, days, now, undrawn):
    Workspace.objects.filter(pk=workspace.pk).update(mode="pipeline")
    workspace.refresh_from_db()

    run = synced(workspace, now)

    assert {round(row.roi_forecast, 6) for row in ROIForecast.objects.filter(run=run)} == {4.0}


def test_money_without_a_rate_is_left_out_and_named(workspace, days, now, undrawn):
    some_days(
        workspace,
        until=now.date() - DAY,
        channels=("linkedin",),
        currency="XOF",
        platform="linkedin",
    )

    run = synced(workspace, now)

    assert set(ROIForecast.objects.filter(run=run).values_list("channel", flat=True)) == set(
        CHANNELS
    )
    assert run.notes == ["Amounts in XOF are left out: no exchange rate is known."]


def test_figures_may_end_earlier_than_yesterday(workspace, now, undrawn):
    some_days(workspace, until=now.date() - 50 * DAY)

    run = synced(workspace, now)

    assert run.figures_until == now.date() - 50 * DAY
    assert ROIForecast.objects.filter(run=run).count() == 3


def test_a_workspace_without_figures_has_an_empty_batch(workspace, now):
    run = synced(workspace, now)

    assert (run.state, run.is_current, run.figures_until) == ("done", True, None)
    assert set(tables(run).values()) == {0}


@pytest.mark.parametrize("step", ["collect", "predict", "draw", "store"])
def test_a_step_that_fails_leaves_the_last_good_batch(
    step, workspace, days, now, undrawn, monkeypatch
):
    good = synced(workspace, now)
    before = tables(good)

    def broken(*_, **__):
        raise OSError("no paper left")

    name = {"collect": "board_days"}.get(step, step)
    monkeypatch.setattr(syncing, name, broken)
    with pytest.raises(OSError, match="no paper left"):
        synced(workspace, now + HALF_HOUR)

    failed = SyncRun.objects.order_by("pk").last()
    assert (failed.state, failed.step, failed.error) == (
        "failed", step, "OSError: no paper left",
    )  # fmt: skip
    assert not failed.is_current
    assert set(tables(failed).values()) == {0}
    standing = standing_of(workspace, now + HALF_HOUR)
    assert (standing.current, standing.failed) == (good, failed)
    assert tables(good) == before


def test_what_fails_while_it_is_stored_is_not_stored_at_all(
    workspace, days, now, undrawn, monkeypatch
):
    good = synced(workspace, now)

    def broken(_run):
        raise OSError("the disk is full")

    monkeypatch.setattr(storing, "prune", broken)
    with pytest.raises(OSError, match="disk"):
        synced(workspace, now + HALF_HOUR)

    failed = SyncRun.objects.exclude(pk=good.pk).get()
    assert (failed.state, failed.step, set(tables(failed).values())) == ("failed", "store", {0})
    good.refresh_from_db()
    assert good.is_current


def test_the_new_batch_takes_the_place_of_the_old_one(workspace, days, now, undrawn):
    synced(workspace, now)
    new = synced(workspace, now + HALF_HOUR)

    assert SyncRun.objects.get(is_current=True) == new
    for board in BOARDS.values():
        assert {row.run_id for row in rows_of(workspace, board)} == {new.pk}


def test_old_batches_go_whole_and_the_current_one_never(
    workspace, other_workspace, days, now, undrawn, monkeypatch
):
    some_days(other_workspace, until=now.date() - DAY, days=10)
    theirs = synced(other_workspace, now)
    monkeypatch.setattr(storing, "KEPT_ROWS", 600)
    first, second, third = (synced(workspace, now + n * HALF_HOUR) for n in range(3))

    assert tables(third)["ROITimeseries"] == 270
    assert tables(second)["ROITimeseries"] == 270
    assert tables(first)["ROITimeseries"] == 0
    assert tables(first)["ROIForecast"] == 3

    monkeypatch.setattr(storing, "KEPT_ROWS", 2)
    fourth = synced(workspace, now + 3 * HALF_HOUR)

    assert tables(fourth)["ROITimeseries"] == 270
    assert ROITimeseries.objects.filter(workspace=workspace).count() == 270
    assert set(SyncRun.objects.filter(workspace=workspace)) == {third, fourth}
    assert tables(theirs)["ROITimeseries"] == 270


def test_a_run_whose_worker_is_gone_makes_way(workspace, days, now, undrawn):
    lost = SyncRun.objects.create(workspace=workspace, trigger="schedule", started_at=now - DAY)

    run = synced(workspace, now)

    lost.refresh_from_db()
    assert (lost.state, lost.error) == ("failed", "Its worker stopped without a word.")
    assert run.state == "done"


def test_a_run_that_was_given_up_stores_nothing(workspace, days, now, undrawn, monkeypatch):
    good = synced(workspace, now)
    store = syncing.store

    def late(*, run, **rest):
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncState.FAILED, error="given up", finished_at=now
        )
        store(run=run, **rest)

    monkeypatch.setattr(syncing, "store", late)
    with pytest.raises(storing.GivenUpError):
        synced(workspace, now + HALF_HOUR)

    good.refresh_from_db()
    assert good.is_current
    assert ROIForecast.objects.exclude(run=good).count() == 0


def test_who_subscribed_hears_of_it(workspace, days, now, undrawn):
    from workspaces.models import WebhookDelivery, WebhookEndpoint

    WebhookEndpoint.objects.create(
        workspace=workspace, url="https://example.com/h", event_types=["sync.finished"]
    )

    run = synced(workspace, now)

    delivery = WebhookDelivery.objects.get()
    assert str(run.public_id) in delivery.body
    assert '"kind":"ml-dashboards"' in delivery.body.replace(" ", "")


def test_the_database_holds_one_running_and_one_current(workspace, now):
    own = {"workspace": workspace, "trigger": "x", "started_at": now}
    SyncRun.objects.create(**own)
    with pytest.raises(IntegrityError, match="mlops_syncrun_one_running"), transaction.atomic():
        SyncRun.objects.create(**own)
    done = {**own, "state": "done", "is_current": True, "finished_at": now}
    SyncRun.objects.create(**done)
    with pytest.raises(IntegrityError, match="mlops_syncrun_one_current"), transaction.atomic():
        SyncRun.objects.create(**done)
    with pytest.raises(IntegrityError, match="says_why"), transaction.atomic():
        SyncRun.objects.create(**{**own, "state": "failed", "finished_at": now})


def test_rows_and_charts_belong_to_a_sync_of_their_workspace(workspace, other_workspace, now):
    theirs = SyncRun.objects.create(workspace=other_workspace, trigger="x", started_at=now)
    own = {"workspace": workspace, "run": theirs, "created_at": now}

    with pytest.raises(IntegrityError, match="mlops_roiforecast_run"), transaction.atomic():
        ROIForecast.objects.create(channel="meta", roi_forecast=1.0, **own)
    with pytest.raises(IntegrityError, match="mlops_mldashboard_sha256"), transaction.atomic():
        MLDashboard.objects.create(
            type="roi_forecast",
            theme="light",
            data=b"x",
            sha256="0" * 64,
            summary="",
            width_px=1,
            height_px=1,
            **own,
        )


def at_once(count: int, call: Callable[[], object]) -> list[object]:
    """Let so many threads make a call together."""
    ready = threading.Barrier(count)

    def wait_and_call():
        ready.wait(20)
        return call()

    return [thread.result() for thread in [InThread(wait_and_call) for _ in range(count)]]


@pytest.mark.django_db(transaction=True)
def test_ten_calls_at_once_make_one_run(workspace, now):
    runs = at_once(10, lambda: request_sync(workspace=workspace, trigger="api", now=now))

    assert len({run.pk for run in runs}) == 1
    assert JobRun.objects.filter(name=JOB).count() == 1

    JobRun.objects.update(state=JobState.RUNNING, started_at=now, attempt=1)
    again = at_once(10, lambda: request_sync(workspace=workspace, trigger="api", now=now))

    assert {run.pk for run in again} == {runs[0].pk}
    assert JobRun.objects.filter(name=JOB).count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_carry_one_run_out_once(workspace, now, monkeypatch):
    monkeypatch.setattr(syncing, "board_days", lambda *_: None)
    run = request_sync(workspace=workspace, trigger="api", now=now)

    def work():
        try:
            return perform(run_id=run.pk, clock=lambda: now)
        except JobRefusedError as refusal:
            return refusal

    at_once(10, work)

    assert SyncRun.objects.get().public_id == run.public_id
    assert JobRun.objects.get(name=JOB).attempt == 1


def test_a_job_that_is_switched_off_is_refused(workspace, now):
    from workspaces.models import JobConfig
    from workspaces.services.jobs import configure_jobs

    configure_jobs(workspace)
    JobConfig.objects.filter(workspace=workspace, name=JOB).update(is_enabled=False)

    with pytest.raises(JobRefusedError, match="switched off"):
        request_sync(workspace=workspace, trigger="page", now=now)
