"""Asking a model over REST."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from attribution.models import UserInstall
from mlops.engine.learning import churn
from mlops.engine.learning.feature_rows import rows_of
from mlops.models import ModelPrediction
from mlops.selectors.app_users import app_users
from mlops.services.reproducing import reproduce
from mlops.tasks import predict_task, warm_up
from tests.api.conftest import key_client
from tests.mlops.registry.steps import champion, version_of
from tests.mlops.serving.steps import as_trained, churn_trained, ltv_trained, serving, users
from workspaces import asking
from workspaces.models import JobRun

ROW = rows_of(users(1))[0]
PATH = "/api/ml/predict/{}"


@pytest.fixture
def now():
    """Doors read the clock themselves."""
    return timezone.now()


@pytest.fixture
def client(workspace):
    return key_client(workspace, ["ml:read"])


def post(client, body, name="churn", **said):
    return client.post(PATH.format(name), body, format="json", **said)


def test_answers_with_reasons_and_what_makes_it_again(client, worker, workspace, approver, now):
    version = serving(workspace, churn_trained(), now, approver)

    answer = post(client, {"rows": [ROW, {**ROW, "minutes": 500}]})

    said = answer.json()
    assert answer.status_code == 200
    assert (said["model"], said["unit"], said["version"], said["sha256"]) == (
        "churn", "probability", 1, version.sha256,
    )  # fmt: skip
    assert len(said["predictions"]) == 2
    first = said["predictions"][0]
    assert first["figures"] == [first["prediction"]]
    assert {one["feature"] for one in first["reasons"]} == {"channel", "minutes", "quality"}
    again = reproduce(batch=said["prediction_id"], now=now)
    assert [one.output[0] for one in again] == [row["prediction"] for row in said["predictions"]]
    assert all(one.is_same and one.row.door == "api" for one in again)
    assert worker == [{"queue": "infer", "expires": 3, "ignore_result": True}]


def test_money_is_told_in_the_currency_of_the_workspace(client, worker, workspace, approver, now):
    serving(workspace, ltv_trained(), now, approver)

    assert post(client, {"rows": [ROW]}, "ltv").json()["unit"] == workspace.currency


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rows"),
        ({"rows": [ROW], "user_ids": ["u"]}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [ROW] * 501}, "rows"),
        ({"rows": ["x"]}, "rows.0"),
        ({"rows": [{**ROW, "age": 1}]}, "rows[0].age"),
        ({"rows": [ROW, {"channel": "meta"}]}, "rows[1].minutes"),
        ({"rows": [{**ROW, "minutes": "much"}]}, "rows[0].minutes"),
        ({"user_ids": ["nobody"]}, "user_ids[0]"),
        ({"row": [ROW]}, "row"),
    ],
)
def test_names_the_field_that_is_wrong(client, worker, workspace, approver, now, body, field):
    serving(workspace, churn_trained(), now, approver)

    answer = post(client, body)

    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not ModelPrediction.objects.exists()


def test_no_number_passes_that_is_none(client, worker, workspace, approver, now):
    serving(workspace, churn_trained(), now, approver)

    body = '{"rows": [{"channel": "meta", "quality": null, "minutes": NaN}]}'
    answer = client.post(PATH.format("churn"), body, content_type="application/json")

    assert (answer.status_code, worker) == (400, [])


def test_says_where_there_is_no_model(client, worker, other_workspace, approver, now):
    serving(other_workspace, churn_trained(), now)

    answer = post(client, {"rows": [ROW]})

    assert (answer.status_code, worker) == (409, [])
    assert "No version of Churn serves here yet." in answer.json()["detail"]
    assert post(client, {"rows": [ROW]}, "crystal_ball").status_code == 404


def test_users_are_read_from_the_database(client, worker, workspace, other_workspace, now):
    installed = now.date() - timedelta(days=30)
    own = {"channel": "meta", "source": "paid", "installed_on": installed}
    UserInstall.objects.create(workspace=workspace, user_id="ada", **own)
    UserInstall.objects.create(workspace=other_workspace, user_id="eve", **own)
    UserInstall.objects.create(
        workspace=workspace, user_id="new", **{**own, "installed_on": now.date()}
    )
    champion(version_of(workspace, now), now)
    mean = {"name": "roi_mean"}

    assert "is not about users" in post(client, {"user_ids": ["ada"]}, **mean).text
    serving(workspace, _of_users(workspace, installed), now)
    assert post(client, {"user_ids": ["ada"]}).json()["predictions"][0]["subject"] == "ada"
    row = ModelPrediction.objects.get(subject="ada")
    assert (row.features["sessions"], row.features["channel"]) == (0.0, "meta")
    for user, words in (("eve", "There is no user “eve” here"), ("new", "reads a user's first")):
        answer = post(client, {"user_ids": ["ada", user]})
        assert answer.json()["errors"][0]["field"] == "user_ids[1]"
        assert words in answer.json()["errors"][0]["message"]


def test_users_are_asked_of_a_version_that_reads_less(client, worker, workspace, approver, now):
    installed = now.date() - timedelta(days=30)
    UserInstall.objects.create(
        workspace=workspace, user_id="ada", channel="meta", source="paid", installed_on=installed
    )
    serving(workspace, churn_trained(), now, approver)

    answer = post(client, {"user_ids": ["ada"]})

    assert answer.status_code == 200
    assert set(ModelPrediction.objects.get().features) == {"channel", "minutes", "quality"}


def _of_users(workspace, installed):
    """A model over the features of app users."""
    one = app_users(workspace, since=installed, until=installed).rows
    rows = {name: np.repeat(values, 200) for name, values in one.items()}
    rows["minutes"] = np.arange(200.0)
    model, _, _ = churn.fit(rows, rows["minutes"] < 90, churn.Settings(rounds=2))
    return as_trained("churn", model, model.artefact(), rows, model.levels)


def test_nobody_waits_longer_than_two_seconds(
    client, workspace, approver, now, monkeypatch, settings
):
    serving(workspace, churn_trained(), now, approver)
    monkeypatch.setattr(predict_task, "apply_async", lambda **_: None)
    monkeypatch.setattr(asking, "WAIT_S", 0.01)

    answer = post(client, {"rows": [ROW]})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "No model answered" in answer.json()["detail"]

    def away(**_):
        raise OperationalError("refused")

    monkeypatch.setattr(predict_task, "apply_async", away)
    assert post(client, {"rows": [ROW]}).status_code == 503


def test_the_workers_own_refusal_arrives(client, worker, workspace, approver, now, monkeypatch):
    version = serving(workspace, churn_trained(), now, approver)
    monkeypatch.setattr("mlops.api.predicting.checked_rows", lambda *_: None)

    answer = post(client, {"rows": [{}]})

    assert answer.json()["errors"][0]["field"] == "rows[0].channel"
    assert version.predictions.count() == 0


def test_asking_needs_its_scope(workspace, worker):
    assert post(key_client(workspace, ["insight:read"]), {"rows": [ROW]}).status_code == 403


def test_warm_worker_has_the_champions_loaded(workspace, other_workspace, approver, now):
    champion(version_of(workspace, now), now, approver)
    champion(version_of(other_workspace, now), now)
    version_of(workspace, now)

    assert warm_up() == 2


# --- Training ------------------------------------------------------------------------------------


def test_training_is_queued_once(workspace, operator):
    client = key_client(workspace, ["sync:run"], acts_as=operator)

    first = client.post("/api/models/churn/train")
    again = client.post("/api/models/churn/train/")

    assert (first.status_code, first.json()["name"]) == (202, "train-churn")
    assert again.json()["id"] == first.json()["id"]
    run = JobRun.objects.get()
    assert (run.trigger, run.state) == ("api", "queued")
    assert client.post("/api/models/crystal_ball/train/").status_code == 404
    assert key_client(workspace, ["ml:read"]).post("/api/models/churn/train/").status_code == 403
