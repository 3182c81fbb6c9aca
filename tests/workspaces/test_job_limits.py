"""What ``JobConfig`` says of a job is what happens: tries, back-off, limits, priority, expiry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction
from django.utils import timezone

from workspaces.history import history_of
from workspaces.models import JobConfig, JobRun, JobState
from workspaces.services import job_kinds, jobs
from workspaces.services.jobs import JobRefusedError
from workspaces.services.run_locks import holding, unheld
from workspaces.tasks.jobs import run_job, sweep_jobs

MINUTE = timedelta(minutes=1)


class Body:
    """A job that fails as it is told, with what counts its runs."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.runs = 0

    def __call__(self, progress):
        self.runs += 1
        if self.error:
            raise self.error


@pytest.fixture
def body() -> Iterator[Body]:
    known = dict(job_kinds._jobs)
    made = Body()
    jobs.register_job("count", "Counting", made, max_attempts=3, backoff_base_ms=60_000)
    yield made
    job_kinds._jobs.clear()
    job_kinds._jobs.update(known)


def _config(workspace, **values) -> JobConfig:
    jobs.configure_jobs(workspace)
    JobConfig.objects.filter(workspace=workspace, name="count").update(**values)
    return JobConfig.objects.get(workspace=workspace, name="count")


def _request(workspace, now, by=None) -> JobRun:
    return jobs.request_job(workspace=workspace, name="count", trigger="manual", now=now, by=by)


def _perform(run, at) -> JobRun:
    return jobs.perform(run_id=run.pk, clock=lambda: at)


def test_new_workspace_gets_what_the_job_was_registered_with(body, workspace):
    config = _config(workspace)

    assert (config.max_attempts, config.backoff_base_ms, config.give_up_after_min) == (
        3, 60_000, 1440,
    )  # fmt: skip
    assert (config.run_limit_s, config.priority, config.history_days) == (7200, 0, 7)


def test_transient_error_is_tried_again_with_a_doubling_wait(body, workspace, now):
    run = _request(workspace, now)
    body.error = TimeoutError("no answer")

    first = _perform(run, now)
    assert (first.state, first.attempt, first.finished_at) == (JobState.RETRY, 1, None)
    assert first.error == "TimeoutError: no answer"
    assert now + MINUTE / 2 <= first.next_attempt_at <= now + MINUTE
    assert _perform(run, first.next_attempt_at - MINUTE / 60).state == JobState.RETRY
    assert body.runs == 1

    second = _perform(run, first.next_attempt_at)
    wait = second.next_attempt_at - first.next_attempt_at
    assert (second.state, second.attempt) == (JobState.RETRY, 2)
    assert MINUTE <= wait <= 2 * MINUTE

    body.error = None
    done = _perform(run, second.next_attempt_at)
    done.refresh_from_db()
    assert (done.state, done.attempt, done.error) == (JobState.DONE, 3, "")
    assert (done.next_attempt_at, body.runs) == (None, 3)


def test_last_allowed_try_fails_for_good(body, workspace, now):
    _config(workspace, max_attempts=2, backoff_base_ms=1000)
    run = _request(workspace, now)
    body.error = ConnectionError("refused")

    _perform(run, now)
    with pytest.raises(ConnectionError):
        _perform(run, now + MINUTE)

    run.refresh_from_db()
    assert (run.state, run.attempt, run.finished_at) == (JobState.FAILED, 2, now + MINUTE)


@pytest.mark.parametrize("error", [ValueError("a bug"), JobRefusedError("Connect an account.")])
def test_error_that_a_repeat_would_only_repeat_is_not_tried_again(body, workspace, now, error):
    run = _request(workspace, now)
    body.error = error

    with pytest.raises(type(error)):
        _perform(run, now)

    run.refresh_from_db()
    assert (run.state, run.attempt) == (JobState.FAILED, 1)


def test_job_may_name_errors_of_its_own(body, workspace, now):
    jobs.register_job("count", "Counting", body, retry_on=(*jobs.TRANSIENT, LookupError))
    run = _request(workspace, now)
    body.error = KeyError("not there yet")

    assert _perform(run, now).state == JobState.RETRY


def test_wait_is_an_hour_at_most(body, workspace, now):
    _config(workspace, backoff_base_ms=2_000_000_000)
    run = _request(workspace, now)
    body.error = TimeoutError()

    assert _perform(run, now).next_attempt_at <= now + timedelta(hours=1)


def test_run_stopped_at_its_limit_says_so_and_is_tried_again(body, workspace, now):
    _config(workspace, run_limit_s=90)
    run = _request(workspace, now)
    body.error = SoftTimeLimitExceeded()

    stopped = _perform(run, now)

    assert stopped.state == JobState.RETRY
    assert stopped.error == "Stopped at its limit of 90 s; raise the limit if it needs more."


def test_run_expires_when_nobody_waits_for_it_any_more(body, workspace, now):
    _config(workspace, give_up_after_min=30)
    run = _request(workspace, now)

    late = _perform(run, now + 30 * MINUTE)

    late.refresh_from_db()
    assert (late.state, late.finished_at, body.runs) == (JobState.EXPIRED, now + 30 * MINUTE, 0)
    assert late.error == "Not done within 30 minutes; nobody waits for it any more."
    assert _request(workspace, now + 31 * MINUTE) != run


def test_try_that_would_come_too_late_is_not_planned(body, workspace, now):
    _config(workspace, give_up_after_min=1, backoff_base_ms=3_600_000)
    run = _request(workspace, now)
    body.error = TimeoutError()

    with pytest.raises(TimeoutError):
        _perform(run, now)

    run.refresh_from_db()
    assert run.state == JobState.FAILED


def test_person_who_asks_shortens_the_wait_and_the_schedule_does_not(
    body, workspace, operator, now
):
    run = _request(workspace, now)
    body.error = TimeoutError()
    planned = _perform(run, now).next_attempt_at

    assert _request(workspace, now).next_attempt_at == planned
    assert _request(workspace, now, by=operator).next_attempt_at == now
    body.error = None
    assert _perform(run, now).state == JobState.DONE


def test_switched_off_job_keeps_its_tries_until_it_is_on_again(body, workspace, now):
    run = _request(workspace, now)
    _config(workspace, is_enabled=False)

    assert _perform(run, now).state == JobState.QUEUED
    assert jobs.due_runs(now=now + MINUTE, queued_before=now + MINUTE) == []
    _config(workspace, is_enabled=True)
    assert _perform(run, now).state == JobState.DONE


def test_run_of_a_dead_worker_is_tried_again(body, workspace, now):
    _config(workspace, run_limit_s=600)
    run = _request(workspace, now)
    JobRun.objects.filter(pk=run.pk).update(state="active", started_at=now, attempt=1)
    allowed = timedelta(seconds=600 + jobs.STOP_S)

    with holding(run.pk):
        jobs.due_runs(now=now + allowed, queued_before=now)
        run.refresh_from_db()
        assert run.state == JobState.RUNNING

        late = now + allowed + MINUTE / 60
        jobs.due_runs(now=late, queued_before=now)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (JobState.RETRY, 1)
    assert [r.pk for r in jobs.due_runs(now=late + MINUTE, queued_before=now)] == [run.pk]


def test_run_that_no_process_holds_is_lost_after_a_minute(body, workspace, now):
    run = _request(workspace, now)
    JobRun.objects.filter(pk=run.pk).update(state="active", started_at=now, attempt=1)

    jobs.due_runs(now=now + MINUTE, queued_before=now)
    run.refresh_from_db()
    assert run.state == JobState.RUNNING

    jobs.due_runs(now=now + 1.1 * MINUTE, queued_before=now)
    run.refresh_from_db()
    assert (run.state, run.error) == (
        JobState.RETRY, "Its worker was killed, or the memory of the machine ran out.",
    )  # fmt: skip


def test_a_run_is_held_while_it_is_worked_on(body, workspace, now):
    saw: list[set[int]] = []
    jobs.register_job("count", "Counting", lambda progress: saw.append(unheld([progress.run.pk])))
    run = _request(workspace, now)

    _perform(run, now)

    assert saw == [set()]
    assert unheld([run.pk]) == {run.pk}


def test_a_job_goes_to_its_queue(body, workspace, now):
    jobs.register_job("count", "Counting", body, queue="train")

    assert jobs.message_options(run_id=_request(workspace, now).pk)["queue"] == "train"


def test_sweep_takes_the_urgent_first(body, workspace, other_workspace, now):
    _config(workspace, priority=-5)
    _config(other_workspace, priority=10)
    slow, urgent = _request(workspace, now), _request(other_workspace, now + MINUTE)

    due = jobs.due_runs(now=now + 5 * MINUTE, queued_before=now + 2 * MINUTE)

    assert due == [urgent, slow]


@pytest.mark.parametrize(("priority", "sent"), [(10, 0), (5, 2), (0, 4), (-5, 7), (-10, 9)])
def test_message_carries_priority_and_limits(body, workspace, now, priority, sent):
    _config(workspace, priority=priority, run_limit_s=300)
    run = _request(workspace, now)

    assert jobs.message_options(run_id=run.pk) == {
        "queue": "default", "priority": sent, "soft_time_limit": 300, "time_limit": 330,
    }  # fmt: skip
    assert jobs.message_options(run_id=0) == {}


def test_every_way_of_sending_a_run_carries_them(body, workspace, now):
    from config.celery import app

    _config(workspace, priority=10, run_limit_s=300)
    run = _request(workspace, now)
    with app.connection_for_write() as broker:
        queue = broker.SimpleQueue("test-priority")
        queue.clear()
        run_job.apply_async(
            kwargs={"run_id": run.pk}, connection=broker, queue="test-priority", ignore_result=True
        )
        message = queue.get(timeout=5)
        message.ack()
        queue.close()

    assert message.properties["priority"] == 0
    assert message.headers["timelimit"] == [330, 300]


def test_task_plans_its_own_next_message(body, workspace):
    run = _request(workspace, timezone.now())
    body.error = TimeoutError()

    assert run_job(run_id=run.pk) == "retry"
    assert sweep_jobs() == 0  # not due yet


IMPOSSIBLE = [
    {"max_attempts": 0}, {"max_attempts": 21}, {"run_limit_s": 0}, {"run_limit_s": 7201},
    {"give_up_after_min": 0}, {"history_days": 0}, {"priority": 11}, {"priority": -11},
]  # fmt: skip


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_database_refuses_limits_that_cannot_be(body, workspace, value):
    config = _config(workspace)

    with pytest.raises(IntegrityError, match="workspaces_jobconfig_"), transaction.atomic():
        JobConfig.objects.filter(pk=config.pk).update(**value)


def _form(config, **change) -> dict[str, object]:
    names = ("max_per_hour", "priority", "max_attempts", "backoff_base_ms", "give_up_after_min",
             "run_limit_s", "history_days")  # fmt: skip
    values = {name: getattr(config, name) for name in names}
    return {
        **{name: "" if value is None else value for name, value in values.items()},
        "is_enabled": "on", "settings": "{}", "workspace": str(config.workspace.public_id),
        **change,
    }  # fmt: skip


def test_admin_edits_are_honoured_and_audited(body, workspace, admin, client_as, now):
    config = _config(workspace)
    url = f"/admin/workspaces/jobconfig/{config.pk}/change/"

    answer = client_as(admin).post(url, _form(config, max_attempts=1, priority=9))

    assert answer.status_code == 302
    config.refresh_from_db()
    assert (config.max_attempts, config.priority) == (1, 9)
    newest = history_of(config)[0]
    assert newest.who == str(admin)
    assert {(e.field, e.before, e.after) for e in newest.edits} == {
        ("max attempts", "3", "1"), ("priority", "0", "9"),
    }  # fmt: skip
    run = _request(workspace, now)
    body.error = TimeoutError()
    with pytest.raises(TimeoutError):
        _perform(run, now)


def test_admin_says_what_a_value_may_be(body, workspace, admin, client_as):
    config = _config(workspace)
    url = f"/admin/workspaces/jobconfig/{config.pk}/change/"

    page = client_as(admin).post(url, _form(config, run_limit_s=9000))

    assert page.status_code == 200
    assert "Let a run take 1 to 7200 seconds." in page.text
    config.refresh_from_db()
    assert config.run_limit_s == 7200


def test_operator_reads_the_console_and_changes_nothing(body, workspace, operator, client_as, now):
    config = _config(workspace)
    _perform(_request(workspace, now), now)
    client = client_as(operator)

    page = client.get("/admin/workspaces/jobconfig/")
    answer = client.post(
        f"/admin/workspaces/jobconfig/{config.pk}/change/", _form(config, priority=9)
    )

    assert "Done" in page.text
    config.refresh_from_db()
    assert (answer.status_code, config.priority) == (403, 0)
