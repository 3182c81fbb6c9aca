"""Trying a model out on its page, by the way that every prediction takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from attribution.models import UserInstall
from mlops.models import ModelPrediction
from mlops.services.registry.adding import add_version
from mlops.tasks import predict_task
from tests.mlops.serving.steps import churn_trained, ltv_trained, serving
from workspaces import asking

ROW = {"f-channel": "meta", "f-minutes": "12.5", "f-quality": ""}


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def version(workspace, approver, now):
    """A champion."""
    return serving(workspace, churn_trained(), now, approver)


@pytest.fixture
def post(viewer, client_as, workspace, version):
    """Send the form, as htmx does."""

    def send(**fields):
        return client_as(viewer).post(
            f"/models/{version.public_id}/try/",
            {"workspace": workspace.public_id, **ROW, **fields},
            headers={"HX-Request": "true"},
        )

    return send


def test_shows_the_prediction_with_its_reasons(post, worker, version):
    answer = post()

    row = ModelPrediction.objects.get()
    assert answer.status_code == 200
    assert f"{row.output[0] * 100:.2f} %" in answer.text
    assert str(row.batch) in answer.text
    assert answer.text.count("<rect") >= 1
    assert "<html" not in answer.text
    assert (row.door, row.features) == (
        "page", {"channel": "meta", "minutes": 12.5, "quality": None},
    )  # fmt: skip


def test_says_what_is_wrong_with_a_value(post, worker):
    answer = post(**{"f-minutes": "much"})

    assert answer.status_code == 400
    assert "Minutes: This is a number; null where it is not known." in answer.text
    assert not ModelPrediction.objects.exists()


def test_says_that_no_worker_answers(post, version, monkeypatch):
    monkeypatch.setattr(predict_task, "apply_async", lambda **_: None)
    monkeypatch.setattr(asking, "WAIT_S", 0.01)

    answer = post()

    assert answer.status_code == 409
    assert "No model answered" in answer.text


def test_without_scripts_the_whole_page_keeps_what_was_typed(
    worker, viewer, client_as, workspace, version
):
    form = {"workspace": workspace.public_id, **ROW, "f-minutes": "much"}
    page = client_as(viewer).post(f"/models/{version.public_id}/try/", form)

    assert page.status_code == 400
    assert 'value="much"' in page.text
    assert "All models" in page.text


def test_a_user_of_the_workspace_fills_the_form_in(
    viewer, client_as, workspace, other_workspace, approver, now, django_assert_max_num_queries
):
    installed = now.date() - timedelta(days=9)
    own = {"channel": "meta", "source": "paid", "installed_on": installed}
    UserInstall.objects.create(workspace=workspace, user_id="ada", **own)
    UserInstall.objects.create(workspace=other_workspace, user_id="eve", **own)
    version = serving(workspace, ltv_trained(), now, approver)
    client, path = client_as(viewer), f"/models/{version.public_id}/try/"

    with django_assert_max_num_queries(12):
        page = client.get(path).text
    assert 'value="ada"' in page
    assert 'name="f-channel"\n' in page
    assert 'value="meta"' in page
    assert "There is no user “eve” here." in client.get(f"{path}?subject=eve").text


def test_only_what_serves_can_be_asked(viewer, client_as, workspace, version, now):
    other = add_version(workspace=workspace, trained=churn_trained(seed=8), now=now)

    page = client_as(viewer).get(f"/models/{other.public_id}/try/").text

    assert "This version does not serve" in page
    assert f"/models/{version.public_id}/try/" in page
    assert "f-minutes" not in page
