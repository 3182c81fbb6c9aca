"""A worker that is killed in mid-training leaves no half of a version, and its run goes on."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection

from mlops.models import ModelArtefact, ModelVersion
from mlops.services.registry.adding import DataWindow, add_version
from tests.crash.conftest import fork
from tests.mlops.registry.steps import trained
from workspaces.models import JobRun, JobState, Workspace
from workspaces.services import jobs

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

MINUTE = timedelta(minutes=1)


def _train(*, workspace: Workspace, now: datetime, **_: object) -> ModelVersion:
    return add_version(workspace=workspace, trained=trained(), data=DataWindow(), now=now)


def _die_before(statement: str, run: JobRun, now: datetime) -> None:
    """Work the run off, and end as ``kill -9`` does before a statement is sent."""

    def watched(execute, sql, params, many, context):
        if sql.startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watched):
        jobs.perform(run_id=run.pk, clock=lambda: now)


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "mlops_modelversion"',
        'INSERT INTO "mlops_modelartefact"',
    ],
)
def test_a_killed_training_is_tried_again_and_then_given_up(workspace, now, monkeypatch, statement):
    monkeypatch.setattr("mlops.services.training_jobs.train_model", _train)
    run = jobs.request_job(workspace=workspace, name="train-churn", trigger="page", now=now)

    at = now
    for attempt in (1, 2):
        os.waitpid(fork(partial(_die_before, statement, run, at)), 0)
        run.refresh_from_db()
        assert (run.state, run.attempt) == (JobState.RUNNING, attempt)
        assert not ModelVersion.objects.exists()
        assert not ModelArtefact.objects.exists()
        at += 5 * MINUTE
        jobs.due_runs(now=at, queued_before=at)
        at += 5 * MINUTE

    run.refresh_from_db()
    assert (run.state, run.attempt) == (JobState.FAILED, 2)
    assert run.error == "Its worker was killed, or the memory of the machine ran out."


def test_a_training_that_was_killed_once_ends_with_one_version(workspace, now, monkeypatch):
    monkeypatch.setattr("mlops.services.training_jobs.train_model", _train)
    run = jobs.request_job(workspace=workspace, name="train-churn", trigger="page", now=now)
    statement = 'INSERT INTO "mlops_modelartefact"'
    os.waitpid(fork(partial(_die_before, statement, run, now)), 0)
    later = now + 5 * MINUTE
    assert jobs.due_runs(now=later, queued_before=now) == []

    (again,) = jobs.due_runs(now=later + MINUTE, queued_before=now)
    done = jobs.perform(run_id=again.pk, clock=lambda: later + MINUTE)

    assert (done.state, done.attempt) == (JobState.DONE, 2)
    assert ModelVersion.objects.count() == ModelArtefact.objects.count() == 1
