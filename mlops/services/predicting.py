"""What a model says of rows: every door asks here, in a worker, and every answer is kept.

The champion answers, and a canary for its share. What each was given, which artefact it is and
which code ran are stored with what it said, so that it can be made again to the last bit
(``services/reproducing.py``).
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

from mlops.engine.learning.feature_rows import FeatureRow, RowError, read_rows
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import FloatArray, Reasons, Served
from mlops.models import ModelPrediction, ModelVersion, PredictionDoor, PredictionRole
from mlops.selectors.registry import label_of
from mlops.services.registry.adding import code_now
from mlops.services.registry.serving import ServedVersion, served
from mlops.services.splitting import (
    Beside,
    NoNumberError,
    Part,
    answered,
    beside,
    canary_part,
    figures,
)
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
    """What was said of the rows of one call, in their order.

    Attributes
    ----------
    version : the one that answered, or of two the champion
    versions : which answered each row
    outputs : (rows, figures of each)
    """

    version: ModelVersion
    batch: UUID
    subjects: tuple[str, ...]
    versions: tuple[ModelVersion, ...]
    outputs: FloatArray
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
    only: UUID | None = None,
) -> Predicted:
    """Ask what serves of a name, and keep what it said.

    While a canary runs, it answers for its share of the subjects; a subject is always answered by
    the same version.

    Parameters
    ----------
    rows : features by name, as JSON knows them; all that the version reads and nothing else
    subjects : whom each row is of; none where that is not known
    is_ours : the rows come from our own tables, which may know more than this version reads
    only : ask this version for all rows: the champion or the canary

    Raises
    ------
    NoModelError : no version of the name serves, or not the one that is asked for
    RequestError : no rows, too many, or one that the version cannot read; names the field
    StateError : it gave something that is no number
    """
    require_asked_here(name)
    found = served(workspace=workspace, name=name, now=now)
    if found is None:
        raise NoModelError(no_model_yet(name))
    answering, role, other = _who(found, only, now)
    version, model = answering
    given = [_read_by(version, row) for row in rows] if is_ours else rows
    read = checked_rows(version, given)
    told = tuple(subjects) or ("",) * len(read)
    parts = [part] if (part := _of_canary(other, rows, read, told, is_ours=is_ours)) else []
    rest = _others(len(read), parts)
    if rest:
        mine = [read[place] for place in rest]
        parts.append(answered(answering, role, mine, score(version, model, mine), rest))
    batch = uuid7()
    _keep(parts, batch, told, door, now)
    return _together(parts, version, batch, told)


def _who(
    found: ServedVersion, only: UUID | None, now: datetime
) -> tuple[ServedVersion, PredictionRole, Beside | None]:
    """Who answers, and which canary beside it; where one version is asked for, that one alone."""
    other = beside(found.version, now=now)
    if only is None:
        return found, PredictionRole.CHAMPION, other
    if only == found.version.public_id:
        return found, PredictionRole.CHAMPION, None
    if other is not None and only == other.version.public_id:
        return ServedVersion(other.version, other.model), PredictionRole.CANARY, None
    raise NoModelError(
        f"That version of {label_of(found.version.name)} does not serve; version"
        f" {found.version.version} does."
    )


def _read_by(version: ModelVersion, row: Mapping[str, object]) -> Mapping[str, object]:
    return {name: row[name] for name in version.features if name in row}


def _of_canary(
    other: Beside | None,
    rows: Sequence[Mapping[str, object]],
    read: Sequence[FeatureRow],
    subjects: Sequence[str],
    *,
    is_ours: bool,
) -> Part | None:
    places = other.places(subjects, read) if other else ()
    if other is None or not places:
        return None
    given = [_read_by(other.version, row) for row in rows] if is_ours else rows
    return canary_part(other, given, places)


def _others(count: int, parts: Sequence[Part]) -> tuple[int, ...]:
    taken = {place for part in parts for place in part.places}
    return tuple(place for place in range(count) if place not in taken)


def _keep(
    parts: Sequence[Part], batch: UUID, subjects: Sequence[str], door: PredictionDoor, now: datetime
) -> None:
    with transaction.atomic():
        for part in parts:
            record_scores(
                version=part.version, batch=batch, rows=part.rows, role=part.role, door=door,
                subjects=[subjects[place] for place in part.places], outputs=part.outputs, now=now,
                places=part.places,
            )  # fmt: skip
        for listener in _listeners:
            _tell_on_commit(listener, batch)


def _together(
    parts: Sequence[Part], version: ModelVersion, batch: UUID, subjects: tuple[str, ...]
) -> Predicted:
    """Put the parts in the order of the rows."""
    by_place = {place: (part, at) for part in parts for at, place in enumerate(part.places)}
    lines = [by_place[place] for place in sorted(by_place)]
    return Predicted(
        version=parts[0].version if len(parts) == 1 else version,
        batch=batch,
        subjects=subjects,
        versions=tuple(part.version for part, _ in lines),
        outputs=np.array([part.outputs[at] for part, at in lines]),
        reasons=[part.reasons[at] for part, at in lines],
        code_version=running_code(),
    )


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


def require_asked_here(name: str) -> None:
    """Refuse kinds that read people's words: predictions are kept with what they were asked.

    Raises
    ------
    StateError : the kind is asked elsewhere
    """
    if name in KINDS and (elsewhere := KINDS[name].asked_at):
        raise StateError(
            f"{label_of(name)} is asked by {elsewhere}: what people write is not kept with"
            " predictions."
        )


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
    try:
        return figures(model, rows, version.features)
    except NoNumberError as error:
        raise StateError(
            f"Version {version.version} of {label_of(version.name)} gave something that is no"
            " number. Roll it back, and look at what it was asked."
        ) from error


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
    places: Sequence[int] = (),
) -> None:
    """Keep what a version said of rows of a batch; a repeat adds nothing.

    ``places`` are theirs in the batch; without them these are all of it.
    """
    code = running_code()
    ModelPrediction.objects.bulk_create(
        [
            ModelPrediction(
                workspace_id=version.workspace_id, version=version, batch=batch, position=at,
                subject=subject, features=row, output=output, role=role, door=door,
                code_version=code, created_at=now,
            )
            for at, row, subject, output in zip(
                places or range(len(rows)), rows, subjects, outputs.tolist(), strict=True
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
