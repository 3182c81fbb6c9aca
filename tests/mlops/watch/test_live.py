"""What is asked of the champion is scored by its shadow, too, and never used."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from mlops.engine.learning.feature_rows import columns_of
from mlops.models import ModelPrediction, PredictionDoor
from mlops.services.predicting import predict
from mlops.services.registry.adding import add_version
from mlops.services.registry.promoting import to_shadow
from mlops.services.registry.serving import shelf
from mlops.tasks import score_in_shadow
from tests.mlops.serving.steps import ltv_trained, serving

ASKED = [
    {"channel": "meta", "minutes": 12.5, "quality": None},
    {"channel": "google", "minutes": 3.0, "quality": 0.5},
]


@pytest.fixture
def sent(monkeypatch) -> list[dict]:
    """Batches that were sent to the shadow, worked off at once."""
    found: list[dict] = []

    def send(*, kwargs, **options) -> None:
        found.append(options)
        score_in_shadow(**kwargs)

    monkeypatch.setattr(score_in_shadow, "apply_async", send)
    return found


def _ask(workspace, now, capture) -> list[ModelPrediction]:
    with capture(execute=True):
        predict(
            workspace=workspace, name="ltv", rows=ASKED, door=PredictionDoor.API, now=now,
            subjects=["a", "b"],
        )  # fmt: skip
    return list(ModelPrediction.objects.filter(role="shadow").order_by("position"))


def test_the_shadow_says_its_word_beside_and_the_answer_is_the_champions(
    workspace, approver, now, sent, django_capture_on_commit_callbacks
):
    shelf.clear()
    first = serving(workspace, ltv_trained(seed=3), now - timedelta(hours=1), approver)
    second = add_version(workspace=workspace, trained=ltv_trained(seed=4), now=now)
    to_shadow(version=second, by=None, now=now)

    said = _ask(workspace, now, django_capture_on_commit_callbacks)

    model = shelf.take(second, now=now)
    expected = model.predict(columns_of([row.features for row in said], second.features))
    assert [row.output for row in said] == [[value] for value in np.asarray(expected).tolist()]
    assert [(row.version, row.subject, row.door) for row in said] == [
        (second, "a", "api"), (second, "b", "api"),
    ]  # fmt: skip
    champions = ModelPrediction.objects.filter(role="champion")
    assert {row.version_id for row in champions} == {first.pk}
    assert [options["queue"] for options in sent] == ["train"]

    score_in_shadow(batch=str(said[0].batch))
    assert ModelPrediction.objects.filter(role="shadow").count() == 2


def test_without_a_shadow_nothing_is_sent(
    workspace, other_workspace, approver, now, sent, django_capture_on_commit_callbacks
):
    shelf.clear()
    serving(workspace, ltv_trained(seed=3), now - timedelta(hours=1), approver)
    elsewhere = add_version(workspace=other_workspace, trained=ltv_trained(seed=4), now=now)
    to_shadow(version=elsewhere, by=None, now=now)

    assert _ask(workspace, now, django_capture_on_commit_callbacks) == []
    assert sent == []
