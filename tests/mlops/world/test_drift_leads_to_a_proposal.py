"""A world that changes leads to a proposal without a hand, and signing that switches serving."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from config.schedule import BEAT_SCHEDULE
from mlops.models import Canary, DriftReport, ModelPolicy, ModelVersion, ShadowReport, UserScore
from mlops.services.registry.canaries import watch_canary
from mlops.services.registry.serving import served
from mlops.services.training import train_model
from tests.mlops.registry.steps import SOON, champion
from tests.mlops.world.conftest import NOW, Place
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.models import JobRun, Notification, Proposal, Status
from workspaces.services.jobs import perform, run_job

pytestmark = pytest.mark.django_db
CHANGED_ON = date(2026, 9, 14)
BEFORE = datetime(2026, 9, 28, 9, 0, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
DAILY = ("score-users", "model-drift")


def change_the_world(place: Place) -> None:
    """From a day on sessions last four times as long, and others than before do not come back.

    Which depends on device and weekday together, so that it takes more than a straight line.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attribution_usersession s SET seconds = least(4 * s.seconds, 86400)"
            " FROM attribution_userinstall i WHERE i.id = s.install_id AND i.workspace_id = %s"
            " AND i.installed_on >= %s AND s.day < i.installed_on + 7",
            [place.workspace.pk, CHANGED_ON],
        )
        cursor.execute(
            "DELETE FROM attribution_usersession s USING attribution_userinstall i"
            " WHERE i.id = s.install_id AND i.workspace_id = %s AND i.installed_on >= %s"
            " AND s.day >= i.installed_on + 7"
            " AND (i.device_type = 'ios') = (extract(isodow FROM i.installed_on) IN (1, 2, 5, 6))",
            [place.workspace.pk, CHANGED_ON],
        )


def a_day(place: Place, now: datetime) -> None:
    """What beat starts in a day, and what these jobs ask for: a training, and then to compare."""
    for name in DAILY:
        run_job(workspace=place.workspace, name=name, trigger="beat", now=now)
    waiting = JobRun.objects.filter(workspace=place.workspace, state="queued").order_by("pk")
    while run := waiting.first():
        perform(run_id=run.pk, clock=lambda: now)


def test_drift_leads_by_itself_to_a_proposal_and_its_signature_to_serving(place: Place) -> None:
    workspace = place.workspace
    ModelPolicy.objects.create(workspace=workspace, least_rows=400)
    first = train_model(workspace=workspace, name="churn", now=BEFORE)
    champion(first, BEFORE)
    change_the_world(place)

    a_day(place, NOW)

    report = DriftReport.objects.get(version=first)
    assert (report.is_moved, report.has_asked) == (True, True), report.verdict
    assert report.worst_first[0][0] in ("longest_minutes", "minutes_per_session")
    assert report.moved_since == CHANGED_ON
    assert report.calibration_error > report.calibration_limit
    told = Notification.objects.filter(workspace=workspace, topic="model.drift").first()
    assert "What it reads has moved" in told.title
    second = ModelVersion.objects.get(workspace=workspace, name="churn", version=2)
    # It learnt from the changed users alone, and is judged on those whom it did not learn from.
    assert second.data_from == CHANGED_ON
    shadow = ShadowReport.objects.get(version=second)
    assert (second.stage, shadow.is_eligible) == ("shadow", True), shadow.verdict
    assert shadow.rows >= 400
    assert shadow.gain_low > 0.05
    proposal = Proposal.objects.get(kind="model_promotion", status=Status.PENDING)
    assert proposal.proposed_by is None
    assert proposal.reason == shadow.verdict
    plan = proposal.current_plan
    assert plan.predicted == shadow.effect
    assert plan.evidence["shadow"]["moved"] == shadow.moved
    assert {line["name"]: line["verdict"] for line in plan.verdict} == {
        "canary": "passed", "eligible": "passed", "shadow": "passed",
    }  # fmt: skip

    # The same days again: nothing is done twice, and nobody trains while a proposal waits.
    scores = UserScore.objects.filter(workspace=workspace).count()
    a_day(place, NOW + DAY)
    assert UserScore.objects.filter(workspace=workspace).count() == scores
    assert ModelVersion.objects.filter(workspace=workspace, name="churn").count() == 2
    assert Proposal.objects.filter(kind="model_promotion", status=Status.PENDING).count() == 1
    waiting = DriftReport.objects.filter(version=first).latest("day")
    assert (waiting.has_asked, "comes first" in waiting.answer) == (False, True)

    signer = MembershipFactory(workspace=workspace, role="approver").user
    sign(proposal, signer, NOW + DAY)
    run_due(NOW + DAY + SOON)

    # A tenth of the users first; then all, by itself.
    assert fresh(proposal).status == Status.EXECUTED
    assert served(workspace=workspace, name="churn").version == first
    watch_canary(canary=Canary.objects.get(), now=NOW + DAY + SOON + WEEK)
    assert served(workspace=workspace, name="churn").version == second
    a_day(place, NOW + 2 * DAY)
    assert not DriftReport.objects.get(version=second).is_moved


def test_beat_starts_what_watches_every_day() -> None:
    started = {entry["kwargs"]["name"] for entry in BEAT_SCHEDULE.values() if "kwargs" in entry}

    assert started.issuperset(DAILY)
