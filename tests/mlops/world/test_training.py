"""Models from a workspace's own rows: their features, and what a training leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
import time_machine
from django.core.management import CommandError, call_command

from attribution.models import UserInstall
from mlops.models import ModelVersion
from mlops.selectors.app_users import app_users, features_of
from mlops.services import training_jobs
from mlops.services.job_names import training_job
from mlops.services.registry.adding import DataWindow, add_version
from mlops.services.training import (
    TRAINERS,
    Learnt,
    TooLittleError,
    TrainingError,
    train_model,
    training,
)
from mlops.services.training.sources import FromWorkspace
from mlops.services.watch.jobs import SCORE_JOB
from tests.mlops.registry.steps import trained
from tests.mlops.world.conftest import NOW, OPTIONS, Place
from workspaces.models import JobRun, Workspace
from workspaces.services.job_kinds import Progress
from workspaces.services.jobs import run_job

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 1)


def slowly(install: UserInstall) -> dict[str, object]:
    """Some features of a user, session by session."""
    ages = {row: (row.day - install.installed_on).days for row in install.sessions.all()}
    week = [row for row, age in ages.items() if age < 7]
    bought = [row for row in week if row.revenue > 0]
    days = {ages[row] for row in week}
    return {
        "channel": install.channel,
        "sessions": len(week),
        "sessions_late": sum(ages[row] >= 4 for row in week),
        "minutes": sum(row.seconds for row in week) / 60,
        "longest_minutes": max((row.seconds for row in week), default=0) / 60,
        "revenue": float(sum(row.revenue for row in week)),
        "purchases": len(bought),
        "first_purchase_day": min((ages[row] for row in bought), default=np.nan),
        "active_days": len(days),
        "active_on_day_3": 3 in days,
        "last_active_day": max(days, default=np.nan),
        "has_left": not any(7 <= age < 14 for age in ages.values()),
    }


def test_features_are_those_of_the_first_week_alone(place: Place) -> None:
    found = app_users(place.workspace, since=DAY, until=DAY)

    installs = UserInstall.objects.filter(workspace=place.workspace, installed_on=DAY)
    expected = [slowly(one) for one in installs.order_by("id").prefetch_related("sessions")]
    assert len(found) == len(expected) > 30
    columns = {**found.rows, "has_left": found.has_left}
    for name in expected[0]:
        wanted = np.array([one[name] for one in expected])
        if name == "channel":
            assert list(columns[name]) == list(wanted)
        else:
            np.testing.assert_allclose(columns[name], wanted.astype(float), err_msg=name)
    assert any(one["purchases"] for one in expected)
    assert 0 < found.has_left.mean() < 1


def test_users_asked_for_alone_have_the_very_same_features(place: Place) -> None:
    installs = list(
        UserInstall.objects.filter(workspace=place.workspace, installed_on=DAY).order_by("id")
    )
    together = app_users(place.workspace, since=DAY, until=DAY).rows

    alone = features_of(place.workspace, installs[::-3])

    assert list(alone) == list(together)
    for name, values in alone.items():
        expected = together[name][::-3]
        if values.dtype.kind == "f":
            assert values.tobytes() == expected.astype(np.float64).tobytes(), name
        else:
            assert list(values) == list(expected), name


def test_only_whole_days_that_are_asked_for_and_only_of_the_workspace(
    place: Place, other_workspace: Workspace
) -> None:
    found = app_users(place.workspace, since=DAY, until=DAY + timedelta(days=1))

    assert set(found.installed_on.astype(object)) == {DAY, DAY + timedelta(days=1)}
    assert len(app_users(other_workspace, since=DAY, until=DAY)) == 0


def test_a_training_leaves_a_challenger_that_was_judged_on_the_newest_users(place: Place) -> None:
    out = StringIO()

    with time_machine.travel(NOW, tick=False):
        call_command("train_all", workspace=place.workspace.slug, model=["churn"], stdout=out)

    version = ModelVersion.objects.get(workspace=place.workspace, name="churn")
    assert version.stage == "challenger"
    assert version.data_from == OPTIONS.starts_on
    # Two weeks before sessions end, not before today: who came later cannot have come back.
    assert version.data_until == OPTIONS.ends_on - timedelta(days=12)
    assert 0.15 < version.held_out / (version.rows + version.held_out) < 0.25
    assert version.metrics["auc"] > 0.6
    assert "logistic regression" in version.baselines
    assert version.verdict in out.getvalue()
    assert f"{version.metrics['auc']:.4f}" in out.getvalue()


def test_roi_learns_from_the_days_of_campaigns(place: Place) -> None:
    version = train_model(workspace=place.workspace, name="roi", now=NOW)

    assert (version.name, version.stage) == ("roi", "challenger")
    assert (version.data_from, version.data_until) == (
        OPTIONS.starts_on, OPTIONS.ends_on + timedelta(days=1),
    )  # fmt: skip
    assert set(version.baselines) == {"channel mean", "the week before"}


def test_the_job_tells_its_steps_and_learns_the_same_rows_once(place: Place) -> None:
    steps = []
    with time_machine.travel(NOW, tick=False), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "step", lambda self, text, **_: steps.append(text))
        first = run_job(workspace=place.workspace, name="train-churn", trigger="page", now=NOW)
        again = run_job(workspace=place.workspace, name="train-churn", trigger="page", now=NOW)

    version = ModelVersion.objects.get(workspace=place.workspace, name="churn")
    assert first.counts == again.counts
    assert first.counts == {"versions": 1, "rows": version.rows + version.held_out}
    assert steps[0].endswith("users read whose first two weeks are over")
    assert {"Learning: 20 %", "Learning: 100 %", version.verdict} <= set(steps)
    assert "Nothing new: the same rows gave version 1" in steps


def learnt(place: Place, seed: int = 42) -> Learnt:
    """A model of the rows that the world holds, without the work."""
    rows = FromWorkspace(place.workspace, NOW).users.sha256
    return Learnt(replace(trained(), kind="churn", seed=seed), DataWindow(sha256=rows))


@pytest.fixture
def begun(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that began to learn."""
    begun: list[str] = []

    def learn(name: str, source: FromWorkspace, **_: object) -> Learnt:
        begun.append(name)
        return learnt(place)

    monkeypatch.setattr(training, "learn", learn)
    return begun


@pytest.fixture
def newest(place: Place) -> ModelVersion:
    """A version of the rows that are there."""
    known = learnt(place)
    return add_version(workspace=place.workspace, trained=known.trained, data=known.data, now=NOW)


def test_the_night_leaves_rows_alone_that_the_newest_version_has_learnt(
    place: Place, newest: ModelVersion, begun: list[str]
) -> None:
    run = run_job(workspace=place.workspace, name="train-churn", trigger="schedule", now=NOW)

    assert (run.state, run.counts) == ("completed", {"skipped": 1})
    assert run.step == "Nothing new since version 1: it has learnt the same rows."
    assert begun == []
    assert not JobRun.objects.filter(name=SCORE_JOB).exists()


def test_who_asks_for_a_training_gets_one(
    place: Place, newest: ModelVersion, begun: list[str]
) -> None:
    for trigger in ("page", "api", "drift"):
        run = run_job(workspace=place.workspace, name="train-churn", trigger=trigger, now=NOW)
        assert run.counts == {"versions": 1, "rows": 10}

    assert begun == ["churn"] * 3
    assert ModelVersion.objects.filter(workspace=place.workspace).count() == 1


@pytest.mark.parametrize("change", ["rows", "code", "seed", "newest"])
def test_the_night_learns_again_where_anything_differs(
    place: Place, begun: list[str], change: str
) -> None:
    known = learnt(place, seed=7 if change == "seed" else 42)
    data = replace(known.data, sha256="0" * 64) if change == "rows" else known.data
    add_version(
        workspace=place.workspace, trained=known.trained, data=data, now=NOW,
        code_version="older" if change == "code" else "",
    )  # fmt: skip
    if change == "newest":
        add_version(workspace=place.workspace, trained=known.trained, now=NOW)

    run_job(workspace=place.workspace, name="train-churn", trigger="schedule", now=NOW)

    assert begun == ["churn"]


@pytest.mark.parametrize("name", sorted(TRAINERS))
def test_a_night_without_rows_is_told_as_before(workspace: Workspace, name: str) -> None:
    add_version(workspace=workspace, trained=replace(trained(), kind=name, seed=42), now=NOW)

    with time_machine.travel(NOW, tick=False):
        job = training_job(name)
        run = run_job(workspace=workspace, name=job, trigger="schedule", now=NOW)

    assert (run.state, run.counts) == ("completed", {"skipped": 1})
    assert "Nothing new" not in run.step


@pytest.mark.parametrize("is_better", [True, False])
def test_a_version_that_may_serve_is_compared_soon(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, is_better: bool
) -> None:
    version = ModelVersion(version=1, rows=8, held_out=2, is_better=is_better)
    monkeypatch.setattr(training_jobs, "train_model", lambda **_: version)
    sent: list[JobRun] = []
    monkeypatch.setattr(training_jobs, "send_soon", sent.append)

    run_job(workspace=workspace, name="train-churn", trigger="page", now=NOW)

    asked = JobRun.objects.filter(workspace=workspace, name=SCORE_JOB, state="queued")
    assert [run.trigger for run in asked] == ["training"] * is_better
    assert list(asked) == sent


def test_too_little_is_no_failure_of_a_schedule(workspace: Workspace) -> None:
    run = run_job(workspace=workspace, name="train-ltv", trigger="schedule", now=NOW)
    assert (run.state, run.counts) == ("completed", {"skipped": 1})
    assert run.step.startswith("0 users are known for two weeks; ltv learns from")

    with pytest.raises(TrainingError):
        run_job(workspace=workspace, name="train-ltv", trigger="page", now=NOW)
    failed = JobRun.objects.get(workspace=workspace, trigger="page")
    assert (failed.state, failed.attempt) == ("failed", 1)
    assert failed.error.startswith("0 users are known for two weeks")


def test_too_few_days_of_campaigns_are_no_failure_of_the_training(place: Place) -> None:
    early = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)

    with pytest.raises(TooLittleError, match="31 days are known; 81 are needed"):
        train_model(workspace=place.workspace, name="forecast", now=early)


def test_too_few_users_are_refused_in_words(place: Place, workspace: Workspace) -> None:
    with pytest.raises(TrainingError, match="0 users are known for two weeks; churn learns from"):
        train_model(workspace=workspace, name="churn", now=NOW)
    with pytest.raises(
        CommandError, match=r"Not trained: budget, churn, forecast, ltv, message_intent, roi"
    ):
        call_command("train_all", workspace=workspace.slug, stdout=StringIO())
    assert not ModelVersion.objects.filter(workspace=workspace).exists()
