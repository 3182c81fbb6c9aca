"""What is predicted is kept, and can be made again to the last bit."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from mlops.engine.learning.feature_rows import rows_of
from mlops.models import ModelPrediction, PredictionDoor, PredictionRole
from mlops.services import predicting
from mlops.services.predicting import MOST_ROWS, NoModelError, predict, record_scores, running_code
from mlops.services.prediction_upkeep import purge_predictions
from mlops.services.registry.serving import shelf
from mlops.services.reproducing import reproduce
from tests.mlops.registry.steps import spoil
from tests.mlops.serving.steps import churn_trained, ltv_trained, serving, users
from workspaces.gate import RequestError, StateError

TRAINED = {"churn": churn_trained, "ltv": ltv_trained}


@pytest.fixture(params=sorted(TRAINED))
def version(request, workspace, approver, now):
    """A champion of each kind."""
    return serving(workspace, TRAINED[request.param](), now, approver)


def ask(version, now, rows=None, **said):
    return predict(
        workspace=version.workspace, name=version.name, now=now, door=PredictionDoor.API,
        rows=rows_of(users(40, seed=9)) if rows is None else rows, **said,
    )  # fmt: skip


def test_what_is_served_comes_out_again_to_the_last_bit(version, now):
    odd = [
        {"channel": "meta", "minutes": number, "quality": None}
        for number in (0.1, 1 / 3, 1e-320, 1e30, 2.0**60, 12345.678901234567)
    ]
    told = ask(version, now, [*rows_of(users(40, seed=9)), *odd])

    # As another process would: nothing but what is stored.
    shelf.clear()
    found = reproduce(batch=told.batch, now=now)

    assert len(found) == 46
    assert all(one.is_same and one.is_of_this_code for one in found)
    stored = np.array([one.row.output for one in found])
    assert stored.tobytes() == told.outputs.tobytes()
    assert len(np.unique(stored)) >= 5


def test_keeps_from_what_by_which_version_for_whom_and_through_which_door(version, now):
    told = ask(version, now, rows_of(users(2)), subjects=["ada", "bob"])

    first, second = ModelPrediction.objects.order_by("position")
    assert (first.workspace, first.version, first.batch) == (
        version.workspace, version, told.batch,
    )  # fmt: skip
    assert [first.subject, second.subject] == ["ada", "bob"]
    assert first.features == rows_of(users(2))[0]
    assert (first.role, first.door, first.created_at) == ("champion", "api", now)
    assert first.code_version == running_code() == told.code_version
    assert [len(one) for one in told.reasons] == [3, 3]


def test_command_makes_it_again_and_fails_where_a_bit_differs(version, now):
    told, said = ask(version, now, rows_of(users(2)), subjects=["ada", "bob"]), StringIO()

    call_command("reproduce_prediction", str(told.batch), stdout=said)

    assert "row 0 of ada" in said.getvalue()
    assert "2 the same to the last bit." in said.getvalue()
    connection.check_constraints()  # else the table has work left
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mlops_modelprediction DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE mlops_modelprediction SET output = %s, code_version = 'old' WHERE position = 1",
            [[float(np.nextafter(told.outputs[1, 0], 1e9))]],
        )
    with pytest.raises(CommandError, match=r"1 of 2 differ. They were made by other code: old"):
        call_command("reproduce_prediction", str(told.batch), stdout=said)
    with pytest.raises(CommandError, match="No prediction"):
        call_command("reproduce_prediction", str(uuid4()))


def test_an_artefact_that_changed_reproduces_nothing(version, now):
    told = ask(version, now)
    shelf.clear()
    spoil(version)

    with pytest.raises(StateError, match="its artefact is not the one that predicted"):
        reproduce(batch=told.batch, now=now)


def test_refuses_without_a_model_and_rows_that_it_cannot_read(version, other_workspace, now):
    row = rows_of(users(1))[0]
    say = {"door": PredictionDoor.API, "now": now, "name": version.name}

    with pytest.raises(NoModelError, match=r"No version of .* serves here yet. Train one"):
        predict(workspace=other_workspace, rows=[row], **say)
    for rows, field in (
        ([], "rows"), ([row] * (MOST_ROWS + 1), "rows"), ([{**row, "age": 1}], "rows[0].age"),
    ):  # fmt: skip
        with pytest.raises(RequestError) as caught:
            predict(workspace=version.workspace, rows=rows, **say)
        assert caught.value.field == field
    assert not ModelPrediction.objects.exists()


def test_a_model_that_gives_no_number_is_refused(version, now, monkeypatch):
    model = shelf.take(version, now=now)
    monkeypatch.setattr(type(model), "predict", lambda self, rows: np.array([np.nan]))

    with pytest.raises(StateError, match="no number"):
        ask(version, now, rows_of(users(1)))
    assert not ModelPrediction.objects.exists()


def test_shadows_keep_what_they_say_under_the_same_batch(
    version, now, monkeypatch, django_capture_on_commit_callbacks
):
    def fails(batch):
        raise ValueError("somebody else's fault")

    told = []
    monkeypatch.setattr(predicting, "_listeners", [fails, told.append])
    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(version, now, rows_of(users(2)))
    assert told == [answer.batch]

    other = serving(version.workspace, TRAINED[version.name](seed=5), now)
    for _ in range(2):
        record_scores(
            version=other, batch=answer.batch, rows=rows_of(users(2)), subjects=["", ""],
            outputs=np.array([[1.0], [2.0]]), role=PredictionRole.SHADOW, door=PredictionDoor.API,
            now=now,
        )  # fmt: skip
    rows = ModelPrediction.objects.filter(batch=answer.batch).order_by("role", "position")
    assert [(row.role, row.version) for row in rows] == [
        ("champion", version), ("champion", version), ("shadow", other), ("shadow", other),
    ]  # fmt: skip


def test_the_ledger_never_changes_and_keeps_to_its_workspace(version, other_workspace, now):
    ask(version, now, rows_of(users(1)))
    rows = ModelPrediction.objects.all()

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        rows.update(subject="eve")
    row = rows.get()
    row.pk, row.position, row.workspace = None, 1, other_workspace
    with pytest.raises(DatabaseError, match="mlops_modelprediction_version"), transaction.atomic():
        row.save(force_insert=True)
    row.workspace, row.output = version.workspace, []
    with pytest.raises(DatabaseError, match="mlops_modelprediction_output"), transaction.atomic():
        row.save(force_insert=True)


def test_what_is_old_is_deleted_in_batches(version, now, settings):
    settings.MODEL_PREDICTION_KEEP_DAYS = 30
    for days in (31, 31, 29):
        ask(version, now - timedelta(days=days), rows_of(users(2)))

    assert purge_predictions(workspace=version.workspace, now=now, batch=3) == 4
    assert set(ModelPrediction.objects.values_list("created_at", flat=True)) == {
        now - timedelta(days=29)
    }
