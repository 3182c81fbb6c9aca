"""Campaigns whose economics change lead to a proposal without a hand; unchanged ones do not."""

from __future__ import annotations

from datetime import datetime

import pytest

from mlops.models import CampaignScore, DriftReport, ModelPolicy, ModelVersion, ShadowReport
from mlops.services.registry.serving import served, shelf
from mlops.services.training import train_model
from mlops.services.watch.drifting import watch_drift
from tests.mlops.registry.steps import SOON, champion
from tests.mlops.watch.campaign_steps import at_day, changed_days, keep_days, on_day
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.models import JobRun, Proposal, Status, Workspace
from workspaces.services.jobs import perform, run_job

CHANGED = 85


@pytest.fixture(autouse=True)
def fresh_process():
    """Nothing is loaded yet, and nothing stays."""
    shelf.clear()
    yield
    shelf.clear()


def _a_day(workspace: Workspace, now: datetime, *, but: str) -> None:
    """What beat starts in a day, and what these jobs ask for; ``but`` is not trained by hand."""
    for name in ("score-users", "model-drift"):
        run_job(workspace=workspace, name=name, trigger="beat", now=now)
    waiting = JobRun.objects.filter(workspace=workspace, state="queued").order_by("pk")
    while run := waiting.first():
        assert run.name in (but, "score-users")
        perform(run_id=run.pk, clock=lambda: now)


@pytest.mark.parametrize(
    ("name", "days", "moves", "metric"),
    [
        ("roi", 130, "acquisition_cost", "mean absolute error"),
        # It learns from what came since, which takes 81 days and trains two nets.
        pytest.param("forecast", 185, "cost_per_result", "MASE", marks=pytest.mark.slow),
    ],
)
def test_drift_leads_by_itself_to_a_proposal(workspace, name, days, moves, metric):
    keep_days(workspace, changed_days(since=CHANGED, days=days))
    ModelPolicy.objects.create(workspace=workspace, least_rows=100)
    now = at_day(days)
    first = train_model(workspace=workspace, name=name, now=at_day(CHANGED))
    champion(first, at_day(CHANGED))
    # Before the change nothing has moved.
    assert not watch_drift(workspace=workspace, name=name, now=at_day(CHANGED)).is_moved

    _a_day(workspace, now, but=f"train-{name}")

    report = DriftReport.objects.filter(version=first).latest("day")
    assert (report.is_moved, report.has_asked) == (True, True), report.verdict
    assert report.moved[moves] > max(0.25, report.chance[moves])
    assert not {"age", "duration", "weekday"} & set(report.moved)
    assert on_day(CHANGED) <= report.moved_since <= on_day(CHANGED + 14)
    second = ModelVersion.objects.get(workspace=workspace, name=name, version=2)
    assert second.data_from == report.moved_since
    shadow = ShadowReport.objects.get(version=second)
    assert (second.stage, shadow.is_eligible) == ("shadow", True), shadow.verdict
    assert (shadow.metric, shadow.campaigns) == (metric, 24)
    assert shadow.gain > shadow.gain_low > 0.05
    proposal = Proposal.objects.get(kind="model_promotion", status=Status.PENDING)
    assert (proposal.proposed_by, proposal.reason) == (None, shadow.verdict)
    assert proposal.current_plan.predicted["metric"].startswith("% less error of the")

    # The same again adds no score, no version and no proposal.
    scores = CampaignScore.objects.filter(workspace=workspace).count()
    _a_day(workspace, now, but="")
    assert CampaignScore.objects.filter(workspace=workspace).count() == scores
    assert Proposal.objects.filter(kind="model_promotion", status=Status.PENDING).count() == 1

    sign(proposal, MembershipFactory(workspace=workspace, role="approver").user, now)
    run_due(now + SOON)
    assert fresh(proposal).status == Status.EXECUTED
    assert served(workspace=workspace, name=name, now=now).version == second
    assert not watch_drift(workspace=workspace, name=name, now=now).is_moved
