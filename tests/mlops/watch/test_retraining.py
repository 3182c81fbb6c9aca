"""What drift asks for: one training, not a storm of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlops.models import DriftReport, ModelPolicy, ModelVersion
from mlops.selectors.watch import drifted_since
from mlops.services.watch.drifting import watch_drift
from mlops.services.watch.retraining import answer_drift
from tests.mlops.registry.steps import champion, proposed
from tests.mlops.watch.steps import DAY, version_of
from workspaces.services import job_kinds, jobs

WEEK = timedelta(days=7)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Runs of a training job that only takes note."""
    found: list[str] = []
    monkeypatch.setattr(job_kinds, "_jobs", dict(job_kinds._jobs))
    jobs.register_job("train-churn", "Training", lambda progress: found.append("run"))
    return found


@pytest.fixture
def serving(workspace, approver, now) -> ModelVersion:
    """A version that serves since a month ago."""
    version = version_of(workspace, now - 30 * DAY)
    champion(version, now - 30 * DAY, approver)
    return version


def _moved(version: ModelVersion, now) -> DriftReport:
    return DriftReport.objects.create(
        workspace=version.workspace, version=version, day=now.date(), rows=500, is_moved=True,
        moved_since=now.date() - WEEK, verdict="Moved.", made_at=now,
    )  # fmt: skip


def _answer(version: ModelVersion, now) -> DriftReport:
    report = _moved(version, now)
    answer_drift(report=report, now=now)
    return report


def test_drift_asks_for_one_training_and_then_waits(serving, asked, workspace, now):
    first = _answer(serving, now)
    second = _answer(serving, now + DAY)

    assert (first.has_asked, first.answer) == (True, "A training was asked for.")
    assert second.has_asked is False
    assert second.answer == (
        "The last training was on 21 Nov 2026; the next one that drift asks for is on"
        " 28 Nov 2026 at the earliest."
    )
    assert list(workspace.jobrun_set.values_list("name", "trigger")) == [("train-churn", "drift")]


def test_a_report_that_asked_does_not_ask_again(serving, asked, workspace, now):
    report = _answer(serving, now)
    answer_drift(report=report, now=now + DAY)

    assert workspace.jobrun_set.filter(name="train-churn").count() == 1


def test_a_training_of_the_last_days_is_enough(serving, asked, workspace, now):
    version_of(workspace, now - DAY, is_better=False)

    assert "The last training was on 20 Nov 2026" in _answer(serving, now).answer
    assert _answer(serving, now + WEEK).has_asked is True


def test_a_proposal_that_waits_comes_first(serving, asked, workspace, now):
    proposed(version_of(workspace, now - 20 * DAY), now)

    report = _answer(serving, now)

    assert (report.has_asked, report.answer) == (
        False,
        "“Let version 2 of Churn serve instead of version 1” waits for a decision; that comes"
        " first.",
    )


def test_policy_may_leave_training_to_people(serving, asked, workspace, now):
    ModelPolicy.objects.create(workspace=workspace, trains_by_itself=False)

    assert _answer(serving, now).answer == "The workspace's policy leaves training to people."


def test_why_it_is_not_trained_stands_on_the_report(serving, workspace, now, monkeypatch):
    monkeypatch.setattr(job_kinds, "_jobs", {})

    report = _answer(serving, now)

    assert report.has_asked
    assert report.answer.startswith("It is not trained now: There is no job 'train-churn'")


def test_nothing_is_reported_of_what_does_not_serve_or_keeps_no_reference(workspace, approver, now):
    assert watch_drift(workspace=workspace, name="churn", now=now) is None
    champion(version_of(workspace, now), now, approver)
    assert watch_drift(workspace=workspace, name="churn", now=now) is None
    assert not DriftReport.objects.exists()


def test_training_starts_where_what_serves_drifted(serving, workspace, now):
    assert drifted_since(workspace=workspace, name="churn") is None
    _moved(serving, now)
    assert drifted_since(workspace=workspace, name="churn") == now.date() - WEEK
    DriftReport.objects.create(
        workspace=workspace, version=serving, day=now.date() + DAY, rows=500, is_moved=False,
        verdict="Stable.", made_at=now,
    )  # fmt: skip
    assert drifted_since(workspace=workspace, name="churn") is None
