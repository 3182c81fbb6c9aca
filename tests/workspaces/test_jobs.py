"""Jobs: switched, limited, one at a time, every run on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from workspaces.models import JobConfig, JobRun, JobState
from workspaces.services import job_kinds, jobs
from workspaces.services.jobs import JobRefusedError, Progress


@pytest.fixture
def job() -> Iterator[Callable[..., None]]:
    """Register jobs for one test."""
    known = dict(job_kinds._jobs)

    def register(run=lambda progress: None, **options):
        jobs.register_job("count", "Counting", run, **options)

    yield register
    job_kinds._jobs.clear()
    job_kinds._jobs.update(known)


def _run(workspace, now, **options) -> JobRun:
    options = {"name": "count", "trigger": "manual", "now": now, "clock": lambda: now, **options}
    return jobs.run_job(workspace=workspace, **options)


def test_run_is_recorded_with_progress_and_counts(job, workspace, operator, now):
    def body(progress: Progress) -> None:
        progress.step("Reading", done=3, total=7)
        progress.count(rows=3)
        progress.count(rows=4)

    job(body)

    run = _run(workspace, now, by=operator)

    run.refresh_from_db()
    assert (run.state, run.step, run.done, run.total) == (JobState.DONE, "Reading", 3, 7)
    assert (run.counts, run.error) == ({"rows": 7}, "")
    assert (run.queued_at, run.started_at, run.finished_at) == (now, now, now)
    assert run.started_by == operator


def test_failure_is_recorded_and_raised(job, workspace, now):
    def body(progress: Progress) -> None:
        progress.step("Reading")
        raise ZeroDivisionError("nothing to divide by")

    job(body)

    with pytest.raises(ZeroDivisionError):
        _run(workspace, now)

    run = JobRun.objects.get()
    assert run.state == JobState.FAILED
    assert run.error == "ZeroDivisionError: nothing to divide by"
    assert run.finished_at == now


def test_switched_off_job_is_refused(job, workspace, now):
    job()
    JobConfig.objects.create(workspace=workspace, name="count", is_enabled=False)

    with pytest.raises(JobRefusedError, match="switched off in Acme"):
        _run(workspace, now)

    assert not JobRun.objects.exists()


def test_hourly_limit_says_when_it_allows_again(job, workspace, now):
    job(max_per_hour=2)
    _run(workspace, now)
    _run(workspace, now + timedelta(minutes=10))

    with pytest.raises(JobRefusedError, match=r"ran 2 times .* try again at 10:00"):
        _run(workspace, now + timedelta(minutes=59))

    assert JobRun.objects.count() == 2
    _run(workspace, now + timedelta(minutes=60))
    assert JobRun.objects.count() == 3


def test_limit_of_one_workspace_does_not_hold_another(job, workspace, other_workspace, now):
    job(max_per_hour=1)
    _run(workspace, now)

    assert _run(other_workspace, now).state == JobState.DONE


def test_zero_runs_an_hour_is_never(job, workspace, now):
    job(max_per_hour=0)

    with pytest.raises(JobRefusedError, match="limited to 0 runs"):
        _run(workspace, now)


def test_unknown_job_names_the_known_ones(job, workspace, now):
    job()

    with pytest.raises(JobRefusedError, match=r"There is no job 'dance'; known: .*count"):
        _run(workspace, now, name="dance")


def test_second_run_is_refused_while_one_runs(job, workspace, now):
    job()
    with (
        jobs.job_run(workspace=workspace, name="count", trigger="schedule", now=now),
        pytest.raises(JobRefusedError, match="Counting is running since"),
    ):
        _run(workspace, now)

    assert JobRun.objects.get().state == JobState.DONE


def test_database_refuses_a_second_running_row(workspace, other_workspace, now):
    row = {"name": "count", "state": JobState.RUNNING, "queued_at": now}
    JobRun.objects.create(workspace=workspace, **row)
    JobRun.objects.create(workspace=other_workspace, **row)

    with pytest.raises(IntegrityError, match="one_running"), transaction.atomic():
        JobRun.objects.create(workspace=workspace, **row)


def test_request_returns_the_run_that_waits(job, workspace, now):
    job()
    first = jobs.request_job(workspace=workspace, name="count", trigger="manual", now=now)

    again = jobs.request_job(workspace=workspace, name="count", trigger="manual", now=now)

    assert again == first
    assert JobRun.objects.count() == 1


def test_run_is_worked_off_once(job, workspace, now):
    seen: list[int] = []
    job(lambda progress: seen.append(progress.run.pk))
    run = jobs.request_job(workspace=workspace, name="count", trigger="manual", now=now)

    jobs.perform(run_id=run.pk, clock=lambda: now)
    jobs.perform(run_id=run.pk, clock=lambda: now)

    assert seen == [run.pk]


def test_run_of_a_dead_worker_is_given_up(job, workspace, now):
    job(limit_s=600, max_attempts=1)
    dead = JobRun.objects.create(
        workspace=workspace,
        name="count",
        state=JobState.RUNNING,
        attempt=1,
        queued_at=now - timedelta(minutes=11),
        started_at=now - timedelta(minutes=11),
    )

    assert _run(workspace, now).state == JobState.DONE

    dead.refresh_from_db()
    assert dead.state == JobState.FAILED
    assert dead.error == "Its worker was killed, or the memory of the machine ran out."


def test_job_run_records_a_body_that_is_not_registered(workspace, now):
    def body() -> None:
        with jobs.job_run(workspace=workspace, name="odd", trigger="import", now=now) as progress:
            progress.count(rows=2)
            raise LookupError("lost")

    with pytest.raises(LookupError):
        body()

    run = JobRun.objects.get(name="odd")
    assert (run.state, run.counts, run.error) == (
        JobState.FAILED,
        {"rows": 2},
        "LookupError: lost",
    )


def test_workspace_gets_a_config_per_job_once(job, workspace):
    job(max_per_hour=4)

    jobs.configure_jobs(workspace)
    JobConfig.objects.filter(name="count").update(max_per_hour=9)
    jobs.configure_jobs(workspace)

    assert JobConfig.objects.get(workspace=workspace, name="count").max_per_hour == 9


def test_schedule_starts_the_job_where_it_may_run(
    job, workspace, other_workspace, django_capture_on_commit_callbacks
):
    from workspaces.tasks.jobs import run_job, start_job

    job()
    JobConfig.objects.create(workspace=other_workspace, name="count", is_enabled=False)

    with django_capture_on_commit_callbacks() as sent:
        assert start_job(name="count") == 1

    assert len(sent) >= 1
    run = JobRun.objects.get()
    assert run_job(run_id=run.pk) == "completed"
    assert run.workspace == workspace


def test_a_run_that_a_service_asks_for_is_sent_at_once_and_without_a_broker_left_to_the_sweep(
    job, workspace, now, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    job(queue="train", priority=10)
    monkeypatch.setattr(
        jobs.current_app, "send_task", lambda name, **told: sent.append((name, told))
    )
    run = jobs.request_job(workspace=workspace, name="count", trigger="training", now=now)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.send_soon(run)
        assert sent == []

    ((name, told),) = sent
    assert (name, told["kwargs"]) == ("workspaces.run_job", {"run_id": run.pk})
    assert (told["queue"], told["priority"]) == ("train", 0)

    def away(name, **told):
        raise OperationalError("no broker")

    monkeypatch.setattr(jobs.current_app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.send_soon(run)
    assert jobs.due_runs(now=now + timedelta(minutes=1), queued_before=now + timedelta(minutes=1))
