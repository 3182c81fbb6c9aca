"""Canaries on pages, in the queue, over REST and in tasks."""

from __future__ import annotations

import pytest
from django.utils import timezone

from config.schedule import BEAT_SCHEDULE
from mlops.models import Canary, DriftReport, ModelVersion
from mlops.services.registry import replacing
from mlops.services.registry.canaries import look
from mlops.services.watch.retraining import _why_not
from mlops.tasks import watch_canaries
from tests.api.conftest import key_client
from tests.mlops.canary.steps import DAY, canary_of, trained_version
from tests.mlops.registry.steps import champion, proposed
from tests.mlops.serving.steps import users
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import run_due, sign
from workspaces.models import Proposal

NAME = "churn"


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def pair(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """What serves, and another version."""
    first, second = (trained_version(workspace, now - 9 * DAY, seed) for seed in (3, 5))
    champion(first, now - 9 * DAY, approver)
    return first, second


@pytest.fixture
def canary(pair, approver, now) -> Canary:
    """Of a tenth of the subjects, since yesterday."""
    return canary_of(pair[1], now - DAY, approver, share="0.1")


def form(workspace, **fields):
    return {"workspace": workspace.public_id, **fields}


def test_operator_says_on_the_page_how_a_version_begins(pair, workspace, operator, client_as):
    client, path = client_as(operator), f"/models/{pair[1].public_id}/"
    page = client.get(path).text
    assert 'name="canary_pct"' in page
    assert 'value="10"' in page

    bad = client.post(
        f"{path}propose/", form(workspace, reason="Better.", canary_pct="0", canary_days="3")
    )
    assert (bad.status_code, "at least 0.001 and at most 1" in bad.text) == (400, True)
    made = client.post(
        f"{path}propose/", form(workspace, reason="Better.", canary_pct="2.5", canary_days="3")
    )

    plan = Proposal.objects.get(status="pending").current_plan.content
    assert (plan["canary_share"], plan["canary_days"]) == ("0.025", 3)
    shown = client.get(made.url).text
    assert "It answers 2.5 % of the subjects for 3 days" in shown


def test_page_shows_the_canary_and_how_it_does(
    canary, pair, workspace, viewer, approver, client_as, django_assert_max_num_queries, now
):
    look(canary=canary, now=now)
    client, path = client_as(viewer), f"/models/{pair[1].public_id}/"
    with django_assert_max_num_queries(15):
        page = client.get(path).text

    assert "It answers 10 % of the subjects" in page
    assert "No harm: 0 of its subjects have a known outcome" in page
    assert "Stop the canary" not in page
    assert "Propose promotion" not in page
    assert "Stop the canary" in client_as(approver).get(path).text
    listed = client.get("/models/").text
    assert "answers 10 % of the subjects as a canary until" in listed
    queued = client.get(f"/approvals/{canary.proposal.public_id}/").text
    assert "Its canary" in queued
    assert "runs until" in queued


def test_approver_stops_it_on_the_page(canary, pair, workspace, approver, operator, client_as):
    path = f"/models/{pair[1].public_id}/canary/stop/"
    assert client_as(operator).post(path, form(workspace, reason="Odd.")).status_code == 403
    client = client_as(approver)
    assert client.get(path).status_code == 405
    assert client.post(path, form(workspace, reason="")).status_code == 400
    assert Canary.objects.get().is_open

    page = client.post(path, form(workspace, reason="Odd scores."), follow=True).text

    assert "The canary of version 2 is stopped." in page
    assert "Odd scores." in page
    again = client.post(path, form(workspace, reason="Odd."))
    assert (again.status_code, "No canary of Churn runs" in again.text) == (409, True)


def test_approver_lets_it_serve_everybody_on_the_page(canary, pair, workspace, approver, client_as):
    client, path = client_as(approver), f"/models/{pair[1].public_id}/canary/serve/"

    page = client.post(path, form(workspace), follow=True).text

    assert "Version 2 of Churn serves everyone." in page
    assert Canary.objects.get().outcome == "serves"
    assert client.post(path, form(workspace)).status_code == 409


def test_try_it_asks_the_version_of_the_page(canary, pair, viewer, client_as, workspace, worker):
    fields = {f"f-{name}": "1" for name in ("minutes", "quality")}
    client = client_as(viewer)

    for version in pair:
        path = f"/models/{version.public_id}/try/"
        page = client.post(path, form(workspace, **fields, **{"f-channel": "meta"})).text
        assert f"Version {version.version} says so" in page


def test_rest_begins_shows_stops_and_serves(
    pair, workspace, other_workspace, approver, operator, now
):
    scopes = ["ml:read", "changes:propose", "changes:sign"]
    client = key_client(workspace, scopes, acts_as=approver)
    path = f"/api/models/{pair[1].public_id}"
    body = {"reason": "Better.", "canary_share": "0.2", "canary_days": 4}
    for bad in ({"canary_share": "0"}, {"canary_share": "1.1"}, {"canary_days": 0}):
        refused = client.post(f"{path}/propose-promotion", {**body, **bad}, format="json")
        assert (refused.status_code, next(iter(bad)) in refused.text) == (400, True)
    assert client.get(path).json()["canary"] is None

    canary = canary_of(pair[1], now - DAY, share="0.2", days=4)

    one, rows = client.get(path).json(), client.get(f"/api/models/?name={NAME}").json()["results"]
    assert (one["canary"]["share"], one["canary"]["champion_version"]) == ("0.200", 1)
    assert one["canary"]["proposal_id"] == str(canary.proposal.public_id)
    assert [row["canary_share"] for row in rows] == ["0.200", None]
    assert client.post(f"{path}/canary/stop", {}, format="json").status_code == 400
    weak = key_client(workspace, ["ml:read"], acts_as=approver)
    assert weak.post(f"{path}/canary/stop", {"reason": "Odd."}, format="json").status_code == 403
    below = key_client(workspace, scopes, acts_as=operator)
    assert below.post(f"{path}/canary/serve", {}, format="json").status_code == 403
    theirs = MembershipFactory(workspace=other_workspace, role="approver").user
    stranger = key_client(other_workspace, scopes, acts_as=theirs)
    assert stranger.post(f"{path}/canary/serve", {}, format="json").status_code == 404
    assert Canary.objects.get().is_open

    stopped = client.post(f"{path}/canary/stop", {"reason": "Odd."}, format="json")
    assert (stopped.status_code, stopped.json()["stage"]) == (200, "archived")
    assert client.post(f"{path}/canary/serve", {}, format="json").status_code == 409
    canary_of(pair[1], now, share="0.2")
    served = client.post(f"{path}/canary/serve", {}, format="json")
    assert (served.status_code, served.json()["stage"]) == (200, "champion")


def test_rest_names_the_version_of_each_answer(canary, pair, workspace, approver, worker):
    client = key_client(workspace, ["ml:read"], acts_as=approver)
    given = users(60, seed=9)
    rows = [
        {"channel": str(channel), "minutes": float(minutes), "quality": 0.5}
        for channel, minutes in zip(given["channel"], given["minutes"], strict=True)
    ]

    said = client.post(f"/api/ml/predict/{NAME}", {"rows": rows}, format="json").json()

    named = {(row["version"], row["version_id"], row["sha256"]) for row in said["predictions"]}
    assert named == {(version.version, str(version.public_id), version.sha256) for version in pair}
    assert said["version"] == 1


def test_task_looks_at_every_open_canary_and_beat_starts_it(canary, now):
    assert "mlops.watch_canaries" in {entry["task"] for entry in BEAT_SCHEDULE.values()}
    assert watch_canaries() == 0
    canary.refresh_from_db()
    assert canary.standing.startswith("No harm:")

    Canary.objects.filter(pk=canary.pk).update(failures=20)
    assert watch_canaries() == 1
    assert watch_canaries() == 0


def test_drift_asks_for_no_training_while_a_canary_runs(canary, pair, workspace, now):
    report = DriftReport(
        workspace=workspace, version=pair[0], day=now.date(), rows=500, is_moved=True
    )

    assert _why_not(report) == "The canary of version 2 runs; that comes first."


def test_every_worker_is_told_to_load_what_may_serve(
    pair, approver, now, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(
        replacing.current_app, "send_task", lambda name, **told: sent.append((name, told["queue"]))
    )
    loads = ("mlops.warm_up", "infer-all")

    with django_capture_on_commit_callbacks(execute=True):
        proposal = proposed(pair[1], now, "0.1")
    assert loads in sent
    sent.clear()
    sign(proposal, approver, now)
    with django_capture_on_commit_callbacks(execute=True):
        run_due(now + DAY)
    assert loads in sent
    assert Canary.objects.get().is_open
