"""Predictions while somebody waits: asked of a worker that has its models loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from mlops.engine.learning.shapes import Reasons
from mlops.models import ModelStage, PredictionDoor
from mlops.selectors.canary import versions_to_load
from mlops.services.predicting import Predicted, predict
from mlops.services.registry.serving import MOST_KEPT, shelf
from mlops.services.subjects import rows_of_subjects
from mlops.services.winners.searching import warm_up_winners
from workspaces.asking import QUEUE, answer, put
from workspaces.models import Workspace

_MOST_REASONS: Final = 10


@dataclass(frozen=True)
class Question:
    """What a model is asked: rows of features, users of the app, or campaigns.

    ``only`` asks one version alone, by its public id.
    """

    name: str
    rows: Sequence[Mapping[str, object]] = ()
    user_ids: Sequence[str] = ()
    campaign_ids: Sequence[str] = ()
    only: str = ""


@dataclass(frozen=True)
class Told:
    """What is said of one row: figures, the reasons that count most, and which version says it."""

    subject: str
    output: list[float]
    reasons: Reasons
    version: int = 0
    version_id: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Answer:
    """What was said, and how to have it said again; of two versions the champion is named here."""

    version: int
    version_id: str
    sha256: str
    code_version: str
    batch: str
    told: list[Told]


def ask(workspace: Workspace, question: Question, *, door: PredictionDoor) -> Answer:
    """Ask the champion in a worker, and wait.

    Raises
    ------
    BusyError : no worker answered within two seconds
    RefusedInWorkerError : it refused; ``field`` names what is wrong with the question
    """
    said = put(
        predict_task,
        workspace_id=workspace.pk,
        name=question.name,
        door=door.value,
        rows=list(question.rows),
        user_ids=list(question.user_ids),
        campaign_ids=list(question.campaign_ids),
        only=question.only,
    )
    told = [Told(**{**one, "reasons": [tuple(r) for r in one["reasons"]]}) for one in said["told"]]
    return Answer(**{**said, "told": told})


@shared_task(name="mlops.predict", soft_time_limit=20, time_limit=30, ignore_result=True)
def predict_task(*, workspace_id: int, name: str, key: str, **asked: Any) -> None:
    """Answer one question, or say in words why not."""
    answer(key, lambda: _answer(Workspace.objects.get(pk=workspace_id), name, **asked))


def _answer(
    workspace: Workspace,
    name: str,
    *,
    door: str,
    rows: Sequence[Mapping[str, object]] = (),
    user_ids: Sequence[str] = (),
    campaign_ids: Sequence[str] = (),
    only: str = "",
    **_: object,
) -> dict[str, Any]:
    now = timezone.now()
    subjects = user_ids or campaign_ids
    if subjects:
        field = "user_ids" if user_ids else "campaign_ids"
        rows = rows_of_subjects(workspace=workspace, name=name, field=field, ids=subjects, now=now)
    said = predict(
        workspace=workspace, name=name, rows=rows, subjects=subjects, now=now,
        door=PredictionDoor(door), is_ours=bool(subjects), only=UUID(only) if only else None,
    )  # fmt: skip
    return {
        "version": said.version.version,
        "version_id": str(said.version.public_id),
        "sha256": said.version.sha256,
        "code_version": said.code_version,
        "batch": str(said.batch),
        "told": _told(said),
    }


def _told(said: Predicted) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject,
            "output": output,
            "reasons": reasons[:_MOST_REASONS],
            "version": version.version,
            "version_id": str(version.public_id),
            "sha256": version.sha256,
        }
        for subject, output, reasons, version in zip(
            said.subjects, said.outputs.tolist(), said.reasons, said.versions, strict=True
        )
    ]


@shared_task(name="mlops.warm_up", time_limit=300, ignore_result=True)
def warm_up(**_: object) -> int:
    """Load what serves, what may serve soon, and winners, so that nobody waits; returns how many.

    Sent when a worker starts, when a promotion is proposed, a canary starts or a champion changes,
    and each minute for what was missed. What waits for a signature is loaded while the champion
    serves, so the first question after a promotion finds it there.
    """
    now = timezone.now()
    ready = [
        shelf.take(version, now=now, is_serving=version.stage == ModelStage.CHAMPION)
        for version in versions_to_load(MOST_KEPT)
    ]
    warm_up_winners(now=now)
    return sum(model is not None for model in ready)


@worker_ready.connect
def warm_up_at_start(sender: Any, **_: object) -> None:
    """Send the warming up as the first task: the process that starts does not compute."""
    if QUEUE in sender.app.amqp.queues.consume_from:
        warm_up.apply_async(queue=QUEUE, expires=60)
