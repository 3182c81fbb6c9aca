"""What is kept how long: at the edge, in batches, and nothing that others stand on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from campaigns.models import ImportRun
from tests.admin_rows import propose
from tests.workspaces.factories import ConnectionFactory
from workspaces.models import (
    ExecutionAttempt,
    IdempotencyRecord,
    InboundEvent,
    JobConfig,
    JobRun,
    JobState,
    Notification,
    Session,
)
from workspaces.services import clearing

SECOND = timedelta(seconds=1)


def test_expired_rows_go_in_batches_and_the_rest_stays(workspace, viewer, now):
    feed = ConnectionFactory(workspace=workspace)
    for number, age in enumerate([0, 23, 25, 26, 27]):
        at = now - timedelta(hours=age)
        IdempotencyRecord.objects.create(
            workspace=workspace, owner="o", key=str(number), request_hash="h", created_at=at
        )
    for number, (age, read) in enumerate([(100, 91), (100, None), (100, 89)]):
        Notification.objects.create(
            workspace=workspace,
            user=viewer,
            topic="t",
            title="t",
            dedup_key=str(number),
            created_at=now - timedelta(days=age),
            read_at=now - timedelta(days=read) if read else None,
        )
    for number, (age, is_processed) in enumerate(
        [(31, True), (31, False), (29, True), (29, False)]
    ):
        InboundEvent.objects.create(
            connection=feed,
            dedup_key=str(number),
            body="",
            received_at=now - timedelta(days=age),
            processed_at=now if is_processed else None,
            state="done" if is_processed else "received",
        )
    Session.objects.create(session_key="a" * 32, expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="b" * 32, expire_date=now + timedelta(days=1))

    cleared = clearing.clear_expired(now=now, batch=2)

    assert cleared == {
        "idempotency records": 3,
        "sessions": 1,
        "read notices": 1,
        "inbound events": 2,
        "job runs": 0,
        "answers of platforms": 0,
    }
    assert IdempotencyRecord.objects.count() == 2
    assert Notification.objects.count() == 2
    assert InboundEvent.objects.count() == 2
    assert Session.objects.get().session_key == "b" * 32


@pytest.mark.parametrize("state", ["received", "done", "failed"])
def test_inbound_events_are_kept_thirty_days_whatever_became_of_them(workspace, now, state):
    feed = ConnectionFactory(workspace=workspace)
    edge = now - timedelta(days=30)
    for key, at in {"older": edge - SECOND, "edge": edge}.items():
        InboundEvent.objects.create(
            connection=feed, dedup_key=key, body="{}", received_at=at, state=state,
            processed_at=None if state == "received" else at,
        )  # fmt: skip

    assert clearing.clear_expired(now=now)["inbound events"] == 1

    assert InboundEvent.objects.get().dedup_key == "edge"


def _attempt(plan, number: int, settled_at: datetime | None, response: dict) -> ExecutionAttempt:
    return ExecutionAttempt.objects.create(
        plan=plan, number=number, worker="w", started_at=settled_at or plan.created_at,
        settled_at=settled_at, outcome="executed" if settled_at else "", response=response,
        facts={"ms": 12},
    )  # fmt: skip


def test_answers_of_platforms_are_emptied_after_half_a_year_and_attempts_stay(workspace, now):
    plan = propose(workspace).current_plan
    edge = now - timedelta(days=180)
    rows = [
        _attempt(plan, number, at, response)
        for number, (at, response) in enumerate(
            [(edge - SECOND, {"id": 1}), (edge - SECOND, {"id": 2}), (edge - SECOND, {"id": 3}),
             (edge - SECOND, {}), (edge, {"id": 4}), (None, {"id": 5})],
            start=1,
        )
    ]  # fmt: skip

    assert clearing.clear_expired(now=now, batch=2)["answers of platforms"] == 3
    assert clearing.clear_expired(now=now, batch=2)["answers of platforms"] == 0

    for row in rows:
        row.refresh_from_db()
    assert [row.response for row in rows] == [{}, {}, {}, {}, {"id": 4}, {"id": 5}]
    assert {(row.worker, row.facts["ms"]) for row in rows} == {("w", 12)}


def _run(workspace, name: str, ended: datetime | None, **more) -> JobRun:
    state = JobState.DONE if ended else JobState.QUEUED
    return JobRun.objects.create(
        workspace=workspace, name=name, state=state, finished_at=ended,
        queued_at=datetime(2020, 1, 1, tzinfo=ended.tzinfo if ended else None)
        if ended else more.pop("queued_at"), **more,
    )  # fmt: skip


def test_runs_are_kept_for_the_history_of_their_job(workspace, other_workspace, now):
    JobConfig.objects.create(workspace=workspace, name="long", history_days=30)
    week, month = now - timedelta(days=7), now - timedelta(days=30)
    gone = [
        _run(workspace, "short", week - SECOND),
        _run(other_workspace, "long", week - SECOND),
        _run(workspace, "long", month - SECOND),
    ]
    kept = [
        _run(workspace, "short", week),
        _run(workspace, "long", month),
        _run(workspace, "waits", None, queued_at=month),
    ]

    assert clearing.clear_expired(now=now)["job runs"] == len(gone)

    assert list(JobRun.objects.order_by("pk")) == kept


def test_run_that_an_import_stands_on_stays(workspace, now):
    run = _run(workspace, "import", now - timedelta(days=99))
    ImportRun.objects.create(workspace=workspace, file_name="x.csv", job=run)

    assert clearing.clear_expired(now=now)["job runs"] == 0

    assert JobRun.objects.get() == run


def test_beat_clears_daily():
    from config.schedule import BEAT_SCHEDULE

    entries = [e for e in BEAT_SCHEDULE.values() if e["task"] == "workspaces.clear_expired"]

    assert [(len(e["schedule"].hour), len(e["schedule"].minute)) for e in entries] == [(1, 1)]
