"""What a model says of rows: every door asks here, in a worker, and every answer is kept.

The champion answers. What it was given, which artefact it is and which code ran are stored with
what it said, so that it can be made again to the last bit (``services/reproducing.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction

from mlops.engine.learning.feature_rows import FeatureRow, RowError, columns_of, read_rows
from mlops.engine.learning.shapes import FloatArray, Reasons, Served
from mlops.models import ModelPrediction, ModelVersion, PredictionDoor, PredictionRole
from mlops.selectors.registry import label_of
from mlops.services.registry.adding import code_now
from mlops.services.registry.serving import served
from workspaces.gate import RequestError, StateError
from workspaces.ids import uuid7
from workspaces.models import Workspace

MOST_ROWS: Final = 500
# What turns weights into figures, beside our own code.
_LIBRARIES: Final = (("numpy",), ("xgboost-cpu", "xgboost"))


class NoModelError(StateError):
    """No version serves; says what would help."""


@dataclass(frozen=True)
class Predicted:
    """What a version said of the rows of one call, in their order."""

    version: ModelVersion
    batch: UUID
    subjects: tuple[str, ...]
    outputs: FloatArray  # (rows, figures of each)
    reasons: list[Reasons]
    code_version: str


def predict(
    *,
    workspace: Workspace,
    name: str,
    rows: Sequence[Mapping[str, object]],
    door: PredictionDoor,
    now: datetime,
    subjects: Sequence[str] = (),
    is_ours: bool = False,
) -> Predicted:
    """Ask the champion of a name, and keep what it said.

    Parameters
    ----------
    rows : features by name, as JSON knows them; all that the version reads and nothing else
    subjects : whom each row is of; none where that is not known
    is_ours : the rows come from our own tables, which may know more than this version reads

    Raises
    ------
    NoModelError : no version of the name serves
    RequestError : no rows, too many, or one that the version cannot read; names the field
    StateError : it gave something that is no number
    """
    found = served(workspace=workspace, name=name, now=now)
    if found is None:
        raise NoModelError(no_model_yet(name))
    version, model = found
    if is_ours:
        rows = [{name: row[name] for name in version.features if name in row} for row in rows]
    read = checked_rows(version, rows)
    outputs = score(version, model, read)
    batch = uuid7()
    told = tuple(subjects) or ("",) * len(read)
    with transaction.atomic():
        record_scores(
            version=version, batch=batch, rows=read, subjects=told, outputs=outputs,
            role=PredictionRole.CHAMPION, door=door, now=now,
        )  # fmt: skip
        for listener in _listeners:
            _tell_on_commit(listener, batch)
    reasons = model.reasons(columns_of(read, version.features))
    return Predicted(version, batch, told, outputs, reasons, running_code())


Listener = Callable[[UUID], Any]
_listeners: list[Listener] = []


def _tell_on_commit(listener: Listener, batch: UUID) -> None:
    def tell() -> None:  # Django names what failed, and a partial has no name
        listener(batch)

    # What listens may fail; the answer stands.
    transaction.on_commit(tell, robust=True)


def on_predicted(listener: Listener) -> None:
    """Have a batch told once the champion has scored it; called in ``ready()``.

    It is called in the process that predicted while somebody waits for the answer, so it should
    only send a task. The batch's rows stand in ``ModelPrediction``; what other versions say of
    them is kept by ``record_scores`` under the same batch, with the role 'shadow'.
    """
    _listeners.append(listener)


def no_model_yet(name: str) -> str:
    """Say what would help where no version serves."""
    return (
        f"No version of {label_of(name)} serves here yet. Train one on the page Models, propose"
        " that it serves, and have that signed."
    )


def checked_rows(
    version: ModelVersion, rows: Sequence[Mapping[str, object]]
) -> Sequence[FeatureRow]:
    """Rows as a version reads them; loads no model.

    Raises
    ------
    RequestError : no rows, too many, or one that the version cannot read; names the field
    """
    if not rows:
        raise RequestError("rows", "Give at least one row.")
    if len(rows) > MOST_ROWS:
        raise RequestError("rows", f"Give at most {MOST_ROWS} rows in one call, not {len(rows)}.")
    try:
        return read_rows(rows, version.features, version.levels)
    except RowError as error:
        raise RequestError(error.field, str(error)) from error


def score(version: ModelVersion, model: Served, rows: Sequence[FeatureRow]) -> FloatArray:
    """(rows, figures of each) what a loaded version gives.

    Raises
    ------
    StateError : one is no finite number
    """
    outputs = np.asarray(model.predict(columns_of(rows, version.features)), dtype=np.float64)
    if not np.isfinite(outputs).all():
        raise StateError(
            f"Version {version.version} of {label_of(version.name)} gave something that is no"
            " number. Roll it back, and look at what it was asked."
        )
    return outputs.reshape(len(rows), -1)


def record_scores(
    *,
    version: ModelVersion,
    batch: UUID,
    rows: Sequence[FeatureRow],
    subjects: Sequence[str],
    outputs: FloatArray,
    role: PredictionRole,
    door: PredictionDoor,
    now: datetime,
) -> None:
    """Keep what a version said of the rows of a batch; a repeat adds nothing."""
    code = running_code()
    ModelPrediction.objects.bulk_create(
        [
            ModelPrediction(
                workspace_id=version.workspace_id, version=version, batch=batch, position=at,
                subject=subject, features=row, output=output, role=role, door=door,
                code_version=code, created_at=now,
            )
            for at, (row, subject, output) in enumerate(
                zip(rows, subjects, outputs.tolist(), strict=True)
            )
        ],
        batch_size=500,
        ignore_conflicts=True,
    )  # fmt: skip


@lru_cache(maxsize=1)
def running_code() -> str:
    """Checksum of the code that predicts, with the libraries that do the sums."""
    return "+".join([code_now(), *(_named(*names) for names in _LIBRARIES)])


def _named(*names: str) -> str:
    for name in names:
        try:
            return f"{name.removesuffix('-cpu')}{package_version(name)}"
        except PackageNotFoundError:
            continue
    return f"no {names[-1]}"
