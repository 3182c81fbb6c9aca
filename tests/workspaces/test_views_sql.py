"""The four job views, with exact figures."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from workspaces.models import (
    FailedJob,
    JobConfig,
    JobPerformanceByTenant,
    JobQueueHealth,
    JobRun,
    RateLimitStatus,
)


def _ended(
    workspace, at: datetime, ms: int, state: str = "completed", name: str = "sync"
) -> JobRun:
    return JobRun.objects.create(
        workspace=workspace,
        name=name,
        state=state,
        queued_at=at - timedelta(milliseconds=ms),
        started_at=at - timedelta(milliseconds=ms),
        finished_at=at,
        error="It broke." if state == "failed" else "",
        step="Reading" if state == "failed" else "",
    )


@pytest.fixture
def moment(db) -> datetime:
    """The database's own now, which the views measure from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


def test_queue_health_counts_the_last_hour_and_all_that_waits(workspace, other_workspace, moment):
    stuck_since = moment - timedelta(hours=30)
    JobRun.objects.create(workspace=workspace, name="sync", queued_at=stuck_since)
    JobRun.objects.create(
        workspace=workspace, name="sync", state="active", queued_at=moment, started_at=moment
    )
    _ended(workspace, moment - timedelta(minutes=10), 1000)
    _ended(workspace, moment - timedelta(minutes=20), 3000)
    _ended(workspace, moment - timedelta(minutes=59), 2000, "failed")
    _ended(workspace, moment - timedelta(minutes=61), 9000)
    _ended(other_workspace, moment, 50)

    row = JobQueueHealth.objects.get(tenant_id="acme")

    assert (row.row_key, row.job_name) == ("acme/sync", "sync")
    assert (row.queued, row.running, row.done, row.failed) == (1, 1, 2, 1)
    assert row.oldest_queued_at == stuck_since
    assert row.mean_duration_ms == pytest.approx(2000)
    assert JobQueueHealth.objects.get(tenant_id="rival").done == 1


def test_health_shows_what_waits_for_another_try_and_what_expired(workspace, moment):
    JobRun.objects.create(
        workspace=workspace, name="sync", state="retry", queued_at=moment - timedelta(days=2)
    )
    _ended(workspace, moment - timedelta(minutes=5), 10, "expired")

    row = JobQueueHealth.objects.get()

    assert (row.retry, row.expired, row.running, row.failed) == (1, 1, 0, 0)
    assert FailedJob.objects.get().state == "expired"
    assert JobPerformanceByTenant.objects.get().failed == 1


def test_failed_jobs_of_a_day(workspace, moment):
    kept = _ended(workspace, moment - timedelta(hours=23, minutes=59), 10, "failed")
    _ended(workspace, moment - timedelta(hours=24, minutes=1), 10, "failed")
    _ended(workspace, moment, 10)

    row = FailedJob.objects.get()

    assert (row.row_key, row.tenant_id, row.job_name) == (str(kept.pk), "acme", "sync")
    assert (row.step, row.error, row.trigger) == ("Reading", "It broke.", "schedule")
    assert row.finished_at == kept.finished_at


def test_performance_of_a_week(workspace, moment):
    for number in range(1, 22):
        _ended(workspace, moment - timedelta(hours=number), number * 100)
    _ended(workspace, moment - timedelta(hours=1), 2200, "failed")
    _ended(workspace, moment - timedelta(days=7, minutes=1), 99_999)

    row = JobPerformanceByTenant.objects.get()

    assert (row.tenant_id, row.runs, row.failed) == ("acme", 22, 1)
    assert row.mean_duration_ms == pytest.approx(1150)
    # 22 durations 100…2200: the 95th percentile lies at position 0.95 × 21 = 19.95 from 0
    assert row.p95_duration_ms == pytest.approx(2095)
    assert row.last_finished_at == moment - timedelta(hours=1)


@pytest.mark.parametrize(
    ("limit", "runs", "status"),
    [
        (None, 50, "NO_LIMIT"),
        (10, 0, "OK"),
        (10, 7, "OK"),
        (10, 8, "WARNING"),
        (10, 9, "WARNING"),
        (10, 10, "LIMIT_REACHED"),
        (10, 11, "LIMIT_REACHED"),
        (0, 0, "LIMIT_REACHED"),
        (1, 0, "OK"),
    ],
)
def test_rate_limit_status_at_its_edges(workspace, other_workspace, moment, limit, runs, status):
    JobConfig.objects.create(workspace=workspace, name="sync", max_per_hour=limit)
    new = moment - timedelta(minutes=59)
    old = moment - timedelta(minutes=60)
    JobRun.objects.bulk_create(
        [JobRun(workspace=workspace, name="sync", queued_at=new) for _ in range(runs)]
        + [JobRun(workspace=workspace, name="sync", queued_at=old)]
        + [JobRun(workspace=other_workspace, name="sync", queued_at=new)]
    )

    row = RateLimitStatus.objects.get()

    assert (row.row_key, row.tenant_id, row.job_name) == ("acme/sync", "acme", "sync")
    assert (row.runs_last_hour, row.max_per_hour, row.status) == (runs, limit, status)
