"""Models on their pages and over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mlops.selectors.registry import champion_of
from tests.api.conftest import key_client
from tests.mlops.registry.steps import NAME, champion, spoil, version_of
from workspaces.models import JobRun, Proposal

HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def two(workspace, approver, now):
    """Two versions; the second serves, the first did before."""
    first, second = version_of(workspace, now), version_of(workspace, now, meta=2.0)
    champion(first, now - 2 * HOUR, approver)
    champion(second, now - HOUR, approver)
    return first, second


def test_page_without_models_says_what_to_do(viewer, client_as):
    page = client_as(viewer).get("/models/").text

    assert "No models yet" in page
    assert "manage.py import_model FILE --workspace acme" in page


def test_page_shows_versions_verdicts_and_what_is_wrong(
    two, workspace, now, approver, client_as, django_assert_max_num_queries
):
    version_of(workspace, now, meta=1.0, google=1.0)
    spoil(two[1])

    client = client_as(approver)
    with django_assert_max_num_queries(12):
        page = client.get("/models/").text

    assert "<strong>Version 2</strong> serves since" in page
    assert "<strong>Not eligible.</strong>" in page
    assert "artefact of version 2 no longer has its checksum" in page
    assert "Roll back at once" in page


def test_operator_proposes_on_the_page_of_a_version(workspace, operator, now, client_as):
    version, client = version_of(workspace, now), client_as(operator)
    path = f"/models/{version.public_id}/"
    page = client.get(path).text
    assert "one mean for all" in page
    assert version.sha256 in page

    form = {"workspace": workspace.public_id, "reason": "It is better."}
    answer = client.post(f"{path}propose/", form)

    proposal = Proposal.objects.get(kind="model_promotion")
    assert answer.url == f"/approvals/{proposal.public_id}/"
    shown = client.get(answer.url).text
    assert "one mean for all" in shown
    assert client.post(f"{path}propose/", {**form, "reason": ""}).status_code == 400


def test_approver_goes_back_on_the_page(two, workspace, approver, client_as):
    client = client_as(approver)
    form = {"workspace": workspace.public_id, "reason": "Odd.", "version": two[1].public_id}

    shown = client.post(f"/models/{NAME}/rollback/", form, follow=True).text
    assert "Version 1 of ROI by channel mean serves again." in shown
    again = client.post(f"/models/{NAME}/rollback/", form)
    assert (again.status_code, "Version 1 serves now" in again.text) == (409, True)
    assert client.post(f"/models/{NAME}/rollback/", {**form, "version": ""}).status_code == 400


def test_rest_lists_reads_proposes_and_goes_back(two, workspace, approver, operator, now):
    client = key_client(workspace, ["ml:read", "changes:propose", "changes:sign"], acts_as=approver)
    third = version_of(workspace, now, meta=2.5)
    worse = version_of(workspace, now, meta=1.0, google=1.0)

    rows = client.get(f"/api/models/?name={NAME}&stage=challenger").json()["results"]
    assert [row["version"] for row in rows] == [4, 3]
    one = client.get(f"/api/models/{third.public_id}").json()
    assert (one["metrics"], one["features"], one["sha256"]) == (
        third.metrics, ["channel"], third.sha256,
    )  # fmt: skip
    assert "data" not in one

    path = "/api/models/{}/propose-promotion"
    made = client.post(path.format(third.public_id), {"reason": "Better."}, format="json")
    assert (made.status_code, made.json()["status"]) == (202, "pending")
    refused = client.post(path.format(worse.public_id), {"reason": "Try."}, format="json")
    assert (refused.status_code, "not eligible" in refused.text) == (409, True)

    body = {"reason": "Odd.", "from_id": str(two[1].public_id)}
    back = client.post(f"/api/models/{NAME}/rollback", body, format="json")
    assert (back.status_code, back.json()["version"]) == (200, 1)
    assert champion_of(workspace=workspace, name=NAME).version == 1
    again = client.post(f"/api/models/{NAME}/rollback", body, format="json")
    assert again.status_code == 409


# --- Training ------------------------------------------------------------------------------------


def test_operator_trains_on_the_page_and_sees_how_far_it_is(workspace, operator, client_as, now):
    client, form = client_as(operator), {"workspace": workspace.public_id}
    assert "Train Churn now" in client.get("/models/").text

    assert client.post("/models/churn/train/", form).url == "/models/"

    run = JobRun.objects.get(workspace=workspace, name="train-churn", trigger="page")
    page = client.get("/models/").text
    assert "Training waits for its worker" in page
    assert "Train Churn now" not in page
    JobRun.objects.filter(pk=run.pk).update(state="active", started_at=now, step="Learning: 20 %")
    fragment = client.get("/models/churn/training/", headers={"HX-Request": "true"})
    assert "Learning: 20 %" in fragment.text
    JobRun.objects.filter(pk=run.pk).update(
        state="failed", finished_at=now, error="Training was stopped: a leak."
    )
    ended = client.get("/models/churn/training/", headers={"HX-Request": "true"})
    assert ended["HX-Refresh"] == "true"
    assert "ended without a version. Training was stopped: a leak." in client.get("/models/").text
    assert client.post("/models/crystal_ball/train/", form).status_code == 404
