"""The page of schedules: what runs by itself, when, how long and how well."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from workspaces.history import SHOWN, histories_of, history_of
from workspaces.models import JobConfig, JobRun
from workspaces.schedules import schedule_of

NAME, LABEL = "prediction-purge", "Purge of old predictions"


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


def _ran(workspace, now, state="completed", seconds=10, **fields) -> JobRun:
    begun = now - timedelta(hours=1)
    return JobRun.objects.create(
        workspace=workspace, name=NAME, state=state, queued_at=begun, started_at=begun,
        finished_at=begun + timedelta(seconds=seconds), **fields,
    )  # fmt: skip


def _row(workspace, now):
    return next(row for row in schedule_of(workspace, now=now) if row.job.name == NAME)


def _planned(**schedule) -> PeriodicTask:
    return PeriodicTask.objects.create(
        name=f"purge {schedule}", task="workspaces.start_job", kwargs=json.dumps({"name": NAME}),
        **schedule,
    )  # fmt: skip


def test_tells_last_run_median_and_failures_of_the_week(workspace, other_workspace, now):
    for seconds in (10, 30, 20):
        _ran(workspace, now, seconds=seconds)
    _ran(workspace, now, state="failed", seconds=900, error="No.")
    _ran(workspace, now - timedelta(days=8), state="failed")
    _ran(other_workspace, now, state="failed")

    row = _row(workspace, now)

    assert (row.median, row.median_words, row.failures) == (timedelta(seconds=20), "20.0 s", 1)
    assert (row.run.state, row.run.error) == ("failed", "No.")


def test_tells_the_next_run_of_what_is_switched_on(workspace, now):
    assert _row(workspace, now).next_at is None
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    _planned(interval=hourly, last_run_at=now - timedelta(minutes=20))
    crontab = CrontabSchedule.objects.create(minute="0", hour="3", day_of_month="1")
    _planned(crontab=crontab, enabled=False)

    row = _row(workspace, now)
    assert abs(row.next_at - (now + timedelta(minutes=40))) < timedelta(seconds=5)
    assert [plan.words for plan in row.plans] == [
        "every hour", "At 03:00, on day 1 of the month UTC",
    ]  # fmt: skip
    JobConfig.objects.update_or_create(
        workspace=workspace, name=NAME, defaults={"is_enabled": False}
    )
    assert _row(workspace, now).next_at is None


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/New_York", "At 00:25, 06:25, 12:25 and 18:25 America/New_York"),
        ("UTC", "At 05:25, 11:25, 17:25 and 23:25 UTC"),
        # Half an hour apart: the minutes would differ by the hour.
        ("Asia/Kolkata", "At 05:25, 11:25, 17:25 and 23:25 UTC"),
    ],
)
def test_times_are_those_of_the_workspaces_clock(workspace, now, zone, words):
    workspace.time_zone = zone
    crontab = CrontabSchedule.objects.create(minute="25", hour="5,11,17,23", timezone="UTC")
    _planned(crontab=crontab)

    assert [plan.words for plan in _row(workspace, now).plans] == [words]


def test_what_runs_every_hour_names_no_zone_and_a_weekday_is_that_of_beat(workspace, now):
    _planned(crontab=CrontabSchedule.objects.create(minute="*/15", hour="*", timezone="UTC"))

    on_sundays = {"minute": "20", "hour": "5", "day_of_week": "sunday", "timezone": "UTC"}
    _planned(crontab=CrontabSchedule.objects.create(**on_sundays), enabled=False)

    assert [plan.words for plan in _row(workspace, now).plans] == [
        "Every 15 minutes", "At 05:20, only on Sunday UTC",
    ]  # fmt: skip


def test_what_is_overdue_runs_next(workspace, now):
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    _planned(interval=every, last_run_at=now - timedelta(hours=2))
    _planned(interval=IntervalSchedule.objects.create(every=300, period="seconds"), enabled=False)

    row = _row(workspace, now)
    assert row.next_at == now
    assert [plan.words for plan in row.plans] == ["every 5 minutes", "every 5 minutes"]


def test_page_shows_every_job_in_few_queries(
    workspace, viewer, client_as, now, django_assert_max_num_queries
):
    _ran(workspace, now, state="failed", error="The disk was full.")
    client = client_as(viewer)
    client.get("/schedules/")

    with django_assert_max_num_queries(13):
        page = client.get("/schedules/").text

    assert LABEL in page
    assert "Training: Churn" in page
    assert "The disk was full." in page
    assert "Run now" not in page
    assert "Switch off" not in page
    assert "hx-get" not in page.partition('id="schedules"')[2].partition(">")[0]


def test_operator_runs_a_job_now_and_the_table_follows_it(workspace, operator, client_as):
    client, form = client_as(operator), {"workspace": workspace.public_id}
    assert "Switch off" not in client.get("/schedules/").text

    answer = client.post(f"/schedules/{NAME}/run/", form, follow=True)

    run = JobRun.objects.get(workspace=workspace)
    assert (run.name, run.trigger, run.started_by, run.state) == (NAME, "page", operator, "queued")
    assert f"{LABEL} starts in a moment." in answer.text
    rows = client.get("/schedules/", headers={"HX-Request": "true"}).text
    assert rows.lstrip().startswith('<div id="schedules"')
    assert 'hx-trigger="every 3s"' in rows
    assert f"Run {LABEL} now" not in rows
    assert client.post("/schedules/no-such-job/run/", form).status_code == 404


def test_admin_switches_a_job_off_and_on_and_it_stands_in_its_history(workspace, admin, client_as):
    client, form = client_as(admin), {"workspace": workspace.public_id}

    off = client.post(f"/schedules/{NAME}/switch/", {**form, "on": "no"}, follow=True).text
    assert f"{LABEL} is switched off here." in off
    refused = client.post(f"/schedules/{NAME}/run/", form, follow=True).text
    assert "is switched off in Acme" in refused
    assert not JobRun.objects.exists()

    client.post(f"/schedules/{NAME}/switch/", {**form, "on": "yes"})
    config = JobConfig.objects.get(workspace=workspace, name=NAME)
    assert config.is_enabled
    assert len(list(history_of(config))) == 3


def test_a_row_that_changes_often_hides_no_other_ones_history(workspace):
    busy, calm = (
        JobConfig.objects.create(workspace=workspace, name=name) for name in (NAME, "other")
    )
    for number in range(2 * SHOWN + 5):
        busy.is_enabled = bool(number % 2)
        busy.save()

    found = histories_of([busy, calm])

    assert [len(found[one.pk]) for one in (busy, calm)] == [SHOWN, 1]
